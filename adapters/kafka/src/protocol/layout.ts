/*
 * A batch of records as it lies in the log and in requests, of the version that Kafka has written since 0.11: int64 the offset of the
 * first, int32 the length behind it, int32 the leader's epoch, int8 the version, uint32 the CRC-32C of all that follows, int16 what it is
 * (below), int32 by how much the last offset is larger, int64 the time of the first, int64 the latest time, int64 the producer, int16
 * its epoch, int32 the number of the first, int32 how many, the records.
 *
 * A record: its length, int8 0, by how much its time and its offset are larger, the key, the value, the headers; numbers as varints.
 */

export const version = 2;
export const lengthAt = 8;
/** So much stands before what the length is of. */
export const headLength = 12;
export const versionAt = 16;
export const crcAt = 17;
export const attributesAt = 21;
export const recordsAt = 61;

/* What a batch is, bit by bit. */
export const isCompressed = 0b111;
export const hasAppendTime = 0b1000;
export const isTransactional = 0b1_0000;
export const isControl = 0b10_0000;
