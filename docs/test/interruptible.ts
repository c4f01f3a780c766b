import process from "node:process";

/*
 * Loaded before a page's program: an interruption that comes before the program waits for one is kept until it does. What it
 * prints may be seen before its last line is reached.
 */
let isEarly = false;
process.on("SIGINT", () => {
  isEarly ||= process.listenerCount("SIGINT") === 1;
});
process.on("newListener", (event) => {
  if (event === "SIGINT" && isEarly) setImmediate(() => process.emit("SIGINT"));
});
