export { Absences } from "./absences.ts";
export { addressOf, inboxAt, type InboxName, nameOf } from "./address.ts";
export { Alarm } from "./alarm.ts";
export { jitteredBackoff } from "./backoff.ts";
export type { Batch, BatchHandler, BatchOptions } from "./batch.ts";
export { Bus, type BusContext } from "./bus.ts";
export { call, type Call, type CallOptions } from "./call.ts";
export { carrierUrl } from "./carrier-url.ts";
export { type Cancel, type Clock, systemClock } from "./clock.ts";
export { bytes, type Codec, json } from "./codec.ts";
export { type BusReport, connect, type ConnectOptions, type ConnectSettings, permissionsOf } from "./connect.ts";
export { type CloseOptions, Consumer, type ConsumerHealth, type HealthOptions } from "./consumer.ts";
export { type DeadLetter, DeadLetters, type Selection } from "./dead-letters.ts";
export type { Decoder, Foreign, RawMessage } from "./decoder.ts";
export type {
  AnyDefinition,
  Definition,
  DefinitionOptions,
  FormatOptions,
  Layout,
  Publishable,
  VersionedOptions,
} from "./definition.ts";
export { type Duration, milliseconds } from "./duration.ts";
export type { Envelope } from "./envelope.ts";
export { Fifo } from "./fifo.ts";
export { fits } from "./fits.ts";
export { jsonIn } from "./json-in.ts";
export { Given, type GivenOptions } from "./given.ts";
export { type ErrorCode, toWaybillError, WaybillError } from "./errors.ts";
export { Expiry } from "./expiry.ts";
export { Hand, type Room } from "./hand.ts";
export type { Handling, Sent } from "./handling.ts";
export type { Claim, IdempotencyStore } from "./idempotency-store.ts";
export type { Health, PublishingHealth } from "./health.ts";
export type { InboxHandle } from "./inbox-handle.ts";
export { checkName } from "./names.ts";
export { nearest } from "./nearest.ts";
export { KeyedGate } from "./keyed-gate.ts";
export { checkLayout, layoutThere } from "./layout.ts";
export { Budget } from "./budget.ts";
export { Lane, type LaneOptions } from "./lane.ts";
export { type MemoryStore, memoryStore, type MemoryStoreOptions } from "./memory-store.ts";
export type { Effect, Handler, Message } from "./message.ts";
export type { Handle, Middleware, Outgoing, Publish } from "./middleware.ts";
export { correlation } from "./middlewares/correlation.ts";
export { idempotency, type Idempotency, type IdempotencyOptions } from "./middlewares/idempotency.ts";
export { type Logger, logging, type LoggingOptions, type LogLevel, type Outcome } from "./middlewares/logging.ts";
export { timeout } from "./middlewares/timeout.ts";
export { type DeadReason, type Death, type FailureInfo, noteBytes } from "./note.ts";
export { pattern, type Pattern, type PatternOptions } from "./pattern.ts";
export { Postpone } from "./postpone.ts";
export type { Position } from "./position.ts";
export type { Producer, PublishResult } from "./producer.ts";
export type { ManyOptions, PublishOptions } from "./publish-options.ts";
export { queue, type Queue } from "./queue.ts";
export { RemoteError } from "./remote-error.ts";
export type { RequestOptions } from "./requester.ts";
export type { ReplyHandler } from "./responder.ts";
export { type Delay, exponential, fixed, ladder, PermanentError, type RetryOptions } from "./retry.ts";
export type { Schedule, ScheduleInfo, ScheduleOptions } from "./schedule.ts";
export { type Placed, Roster } from "./roster.ts";
export type * from "./seam.ts";
export { Secret } from "./secret.ts";
export { seededRandom } from "./seeded-random.ts";
export type { Batched, Single, SubscribeOptions, WorkOptions } from "./subscribe-options.ts";
export { Supervisor, type SupervisorOptions, type SupervisorState } from "./supervisor.ts";
export { topic, type Topic } from "./topic.ts";
export { untrustedCertificates } from "./untrusted.ts";
export type { NewerPolicy } from "./verdict.ts";
export type { NewestOf, OlderVersion, VersionedSchemas, Versions } from "./versions.ts";
