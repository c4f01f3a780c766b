export { rabbitmq, rabbitmq as adapter } from "./rabbitmq.ts";
