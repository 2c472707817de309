/**
 * One topic of the bus: its name, how its records are keyed and kept, and the schema of its values. `libs/bus`
 * carries records of any topic; nothing but this package names one.
 */
export interface Topic<T> {
  /** Name without the installation's prefix, e.g. `im.received`. */
  readonly name: string
  /** Retention that the broker is asked for and checked against, milliseconds. */
  readonly retentionMs: number
  /** `pipeline` topics share one partition count, so that equal keys meet; `reply` is addressed by ordinal. */
  readonly partitioning: 'pipeline' | 'reply' | 'single'
  /** The record's key: keyed hashes only, never a number (design: identity, keys, order). */
  key(value: T): string
  /** Wire form of a value, UTF-8 JSON with its schema version inside. */
  encode(value: T): Buffer
  /** Reads what `encode` of this, the previous or the next version wrote. Throws `EventError`. */
  decode(octets: Uint8Array): T
}
