/** The same orders by another library: confirmed, to a durable quorum queue or a topic, at its best setting. */
export interface Peer extends AsyncDisposable {
  publish(count: number, inFlight: number): Promise<void>;
  /** How long it takes to handle and settle what there is, `count` messages, ms. */
  drained(count: number): Promise<number>;
}
