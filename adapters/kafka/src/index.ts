export { kafka, kafka as adapter } from "./kafka.ts";
