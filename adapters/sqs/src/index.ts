export { sqs, sqs as adapter } from "./sqs.ts";
