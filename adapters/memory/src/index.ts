export { memory, memory as adapter, MemoryTransport } from "./memory.ts";
