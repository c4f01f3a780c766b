export { seededRandom } from "./seeded-random.ts";
export { virtualClock, type VirtualClock } from "./virtual-clock.ts";
