import type { Topic } from '@ipsmgw/events'
import type { AboutMessage } from '@ipsmgw/telemetry'

/** One record as a handler sees it. Values are shared between handlers: nobody may change them. */
export interface BusRecord<T> {
  readonly topic: string
  readonly value: T
  readonly key: string
  readonly partition: number
  /** Position in the partition. */
  readonly offset: number
  readonly timestampMs: number
  /** W3C trace context of whoever sent it. */
  readonly traceparent?: string
}

/** What a handler may ask while it works on a record. */
export interface RecordContext {
  /** Whether the record's partition is still ours in the same epoch. Ask right before an effect. */
  owned(): boolean
}

/** Records of one topic and what is done with each; a record is done when the promise settles. */
export interface Subscription<T> {
  readonly topic: Topic<T>
  handle(record: BusRecord<T>, context: RecordContext): Promise<void> | void
}

/** A subscription whose record type is settled, so that several fit into one list. */
export type AnySubscription = Subscription<unknown>

/** Keeps topic and handler of one record type together. */
export function on<T>(topic: Topic<T>, handle: Subscription<T>['handle']): AnySubscription {
  return { topic, handle } as Subscription<unknown>
}

/** Old records of one topic that rebuild a handler's state before anything live is handed over. */
export interface ReplaySource<T> {
  readonly topic: Topic<T>
  /** Must have no effect but on memory. */
  apply(record: BusRecord<T>): void
}

export type AnyReplaySource = ReplaySource<unknown>

export function from<T>(topic: Topic<T>, apply: ReplaySource<T>['apply']): AnyReplaySource {
  return { topic, apply } as ReplaySource<unknown>
}

export interface ReplayOptions {
  readonly windowMs: number
  /** Of consumed topics only what was committed before; of others everything in the window. */
  readonly sources: readonly AnyReplaySource[]
}

export interface ConsumeOptions {
  /** Consumers of one group share the partitions. Topics of one consumer are co-partitioned. */
  readonly group: string
  readonly subscriptions: readonly AnySubscription[]
  /**
   * `at-least-once`: committed when done, a crash hands it over again. `claim`: committed first, so it is handed
   * over once and to nobody else ever.
   */
  readonly mode: 'at-least-once' | 'claim'
  /** Records handed over and not done, all partitions together; more wait in the topic. */
  readonly maximumInFlight: number
  /** The same bound in octets of their wire form; the default is `DEFAULT_IN_FLIGHT_OCTETS`. */
  readonly maximumInFlightOctets?: number
  readonly replay?: ReplayOptions
  onAssigned?(partitions: readonly number[]): void
  /** All old records of this partition have been applied; live ones follow. */
  onReplayed?(partition: number): void
  onRevoked?(partitions: readonly number[]): void
}

export interface Consumer {
  /** Hands over nothing new, waits for what is under way, commits, leaves the group. */
  close(): Promise<void>
}

export interface PublishOptions {
  /** This partition instead of the key's. */
  readonly partition?: number
}

export interface BusHealth {
  readonly ready: boolean
  /** What is missing, or `ok`. */
  readonly detail: string
}

/**
 * What the services meet on. Two adapters, one contract (contract.ts): in memory for one process, kafkajs for many.
 * Records of equal key are handled one after another, different keys at the same time. A handler's failure is reported
 * and ends nothing; one that the bus caused (a retryable `BusError`, at least once) is tried again first.
 */
export interface Bus {
  /** Resolves when the record is durable. Rejects with `BusError`. */
  publish<T>(topic: Topic<T>, value: T, options?: PublishOptions): Promise<void>
  consume(options: ConsumeOptions): Promise<Consumer>
  /** The one partition that answers to this process, from now on; resolves once a round trip has shown it works. */
  replies<T>(topic: Topic<T>, partition: number, handle: (value: T) => void): Promise<Consumer>
  health(): BusHealth
  close(): Promise<void>
}

/** Which record something is about, without anything it holds. */
export interface RecordId {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly lengthOctets: number
  /** The message that it is of, when it could be read. */
  readonly about?: AboutMessage
}

/** What the bus tells its owner; counters, log lines and dead letters are made there. */
export interface BusEvents {
  published(topic: string, durationMs: number): void
  consumed(topic: string, lagMs: number): void
  /** A handler gave up on a record. It counts as done when the owner has written the dead letter. */
  handlerFailed(record: RecordId, error: unknown): Promise<void> | void
  /** A record that cannot be read. It counts as done when the owner has written the dead letter. */
  unreadable(record: RecordId, error: Error): Promise<void> | void
  rebalanced(group: string, partitions: number): void
  /** The adapter cannot go on; only a restart helps. */
  fatal(error: Error): void
}

/** Large enough for any healthy pace, small enough for a pod. */
export const DEFAULT_IN_FLIGHT_OCTETS = 64 << 20

/** Why something could not be put on, or taken from, the bus. */
export class BusError extends Error {
  override readonly name = 'BusError'
  /** `full`, `closed` and `oversized` prove that the record is not on the bus; `failed` proves nothing. */
  readonly code: 'full' | 'closed' | 'failed' | 'oversized' | 'unreadable' | 'topics'
  readonly retryable: boolean

  constructor(code: BusError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.retryable = code === 'full' || code === 'failed'
  }
}
