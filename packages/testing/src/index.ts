export { seededRandom } from "@waybill/core";
export { virtualClock, type VirtualClock } from "./virtual-clock.ts";
