/** Compiles only where both types are the same, not merely assignable. */
export function same<A, B>(..._proof: [Same<A, B>] extends [true] ? [] : [never]): void {}
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
