/* Comes before the module of a worker: blocks its event loop when it is told to, and keeps no process alive. */
import { Socket } from "node:net";
import { createInterface } from "node:readline";

const requests = new Socket({ fd: 4 });
const nobody = new Int32Array(new SharedArrayBuffer(4));

createInterface(requests).on("line", (ms) => {
  Atomics.wait(nobody, 0, 0, Number(ms));
  requests.write("over\n");
});
requests.on("error", () => undefined).unref();
