export { type DebianServer, debianRoot, debianServer } from "./debian-server.ts";
