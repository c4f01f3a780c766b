export { sqlite, sqlite as adapter } from "./sqlite.ts";
