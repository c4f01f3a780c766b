import type {
  Adapter,
  AdapterContext,
  Delivery,
  Flow,
  Inbox,
  Receiver,
  Settlement,
  SettleResult,
  Sink,
  Transport,
  WaybillError,
} from "@waybill/core";

/** What stands between core and one receiver. What is left out passes unchanged. */
export interface ReceiverHooks {
  /** What it may hold, when it begins and whenever that changes. */
  readonly flow?: ((flow: Flow) => Flow) | undefined;
  /** Called once the receiver is there. */
  readonly deliver?: ((batch: readonly Delivery[], sink: Sink) => void) | undefined;
  readonly lost?: ((batch: readonly Delivery[], cause: WaybillError, sink: Sink) => void) | undefined;
  readonly settle?:
    | ((batch: readonly Settlement[], receiver: Receiver) => Promise<readonly SettleResult[]>)
    | undefined;
  readonly resize?: ((flow: Flow, receiver: Receiver) => void) | undefined;
  readonly stop?: ((receiver: Receiver) => Promise<void>) | undefined;
  readonly close?: ((receiver: Receiver) => Promise<void>) | undefined;
}

/** What stands between core and an adapter. What is left out passes unchanged. */
export interface Hooks extends Partial<Transport> {
  /** Called for each receiver; `receiver()` is the one below, once it is there. */
  readonly receiver?: ((from: Inbox, flow: Flow, receiver: () => Receiver) => ReceiverHooks) | undefined;
}

/** The adapter with hooks around each of its transports; works with any adapter, for it sees only the seam. */
export function wrap(adapter: Adapter, hooksOf: (transport: Transport, context: AdapterContext) => Hooks): Adapter {
  return {
    name: adapter.name,
    schemes: adapter.schemes,
    async connect(url, context) {
      const transport = await adapter.connect(url, context);
      return wrapTransport(transport, hooksOf(transport, context));
    },
  };
}

function wrapTransport(transport: Transport, hooks: Hooks): Transport {
  const { receiver: receiverHooks, ...overrides } = hooks;
  return {
    outbound: transport.outbound,
    supports: (shape) => transport.supports(shape),
    declare: (places) => transport.declare(places),
    remove: (place) => transport.remove(place),
    send: (to, messages, options) => transport.send(to, messages, options),
    receive: (from, flow, sink) =>
      receiverHooks === undefined
        ? transport.receive(from, flow, sink)
        : receive(transport, { from, flow, sink }, receiverHooks),
    depth: (inbox) => transport.depth(inbox),
    walk: (inbox, visit, signal) => transport.walk(inbox, visit, signal),
    close: () => transport.close(),
    ...overrides,
  };
}

async function receive(
  transport: Transport,
  { from, flow, sink }: { readonly from: Inbox; readonly flow: Flow; readonly sink: Sink },
  hooksOf: NonNullable<Hooks["receiver"]>,
): Promise<Receiver> {
  let inner: Receiver | undefined;
  const receiver = (): Receiver => {
    if (inner === undefined) throw new Error("the receiver is not there yet");
    return inner;
  };
  const hooks = hooksOf(from, flow, receiver);
  const there = Promise.withResolvers<void>();
  inner = await transport.receive(from, hooks.flow?.(flow) ?? flow, {
    deliver: (batch) => {
      if (hooks.deliver === undefined) sink.deliver(batch);
      else if (inner === undefined) void there.promise.then(() => hooks.deliver?.(batch, sink));
      else hooks.deliver(batch, sink);
    },
    lost: (batch, cause) => (hooks.lost === undefined ? sink.lost(batch, cause) : hooks.lost(batch, cause, sink)),
  });
  there.resolve();
  return wrapReceiver(inner, hooks);
}

function wrapReceiver(receiver: Receiver, hooks: ReceiverHooks): Receiver {
  return {
    address: receiver.address,
    ended: receiver.ended,
    settle: (batch) => (hooks.settle === undefined ? receiver.settle(batch) : hooks.settle(batch, receiver)),
    resize(given) {
      const flow = hooks.flow?.(given) ?? given;
      return hooks.resize === undefined ? receiver.resize(flow) : hooks.resize(flow, receiver);
    },
    pulse: () => receiver.pulse(),
    stop: () => (hooks.stop === undefined ? receiver.stop() : hooks.stop(receiver)),
    close: () => (hooks.close === undefined ? receiver.close() : hooks.close(receiver)),
  };
}
