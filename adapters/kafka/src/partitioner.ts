import { Buffer } from "node:buffer";

const m = 0x5bd1e995;
const seed = 0x9747b28c;

/**
 * The partition of a key, the one that Kafka's own clients choose: their murmur2 of the key's bytes, its sign cut off, modulo the number
 * of partitions. So the messages of other languages lie in the same partition.
 */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** As `org.apache.kafka.common.utils.Utils.murmur2`, a signed 32-bit number. */
export function murmur2(bytes: Uint8Array): number {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const { length } = data;
  let hash = seed ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let word = Math.imul(data.readInt32LE(at), m);
    word = Math.imul(word ^ (word >>> 24), m);
    hash = Math.imul(hash, m) ^ word;
  }
  if (at < length) {
    for (let rest = length - at - 1; rest >= 0; rest -= 1) hash ^= (data[at + rest] ?? 0) << (8 * rest);
    hash = Math.imul(hash, m);
  }
  hash = Math.imul(hash ^ (hash >>> 13), m);
  return hash ^ (hash >>> 15);
}
