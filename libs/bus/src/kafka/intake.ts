import type { EachBatchPayload, KafkaMessage } from 'kafkajs'
import {
  type AnyReplaySource,
  type AnySubscription,
  type BusEvents,
  type ConsumeOptions,
  DEFAULT_IN_FLIGHT_OCTETS,
  type RecordContext,
} from '../bus.ts'
import { Lanes } from '../lanes.ts'
import { AGAIN, perform } from '../perform.ts'
import { type BusIdentity, processed, recordIdOf } from '../tracing.ts'
import type { Cursor, OwnedPartition } from './partition.ts'
import { octetsOf, type RecordReader } from './reader.ts'
import { Window } from './window.ts'

export interface IntakeDependencies {
  /** By the broker's topic name. */
  readonly subscriptions: ReadonlyMap<string, AnySubscription>
  readonly sources: ReadonlyMap<string, AnyReplaySource>
  readonly reader: RecordReader
  readonly events: BusEvents
  readonly identity: BusIdentity
  now(): number
}

/** What the intake asks of the consumer around it. */
export interface Flow {
  /** The partition is still ours, in this very assignment. */
  owns(partition: OwnedPartition): boolean
  /** Commits the offset first; false when the partition has gone meanwhile. */
  claim(partition: OwnedPartition, topic: string, offset: number): Promise<boolean>
  /** The window is full: fetch nothing more until it is roomy. */
  full(): void
  roomy(): void
  /** This topic has come to its live records before others of the partition have been replayed. */
  hold(partition: OwnedPartition, topic: string): void
  replayed(partition: OwnedPartition): void
}

/** Takes what is fetched: old records into state, live ones (claimed first, if so agreed) to their lanes. */
export class Intake {
  readonly #options: ConsumeOptions
  readonly #dependencies: IntakeDependencies
  readonly #flow: Flow
  readonly #window: Window
  readonly #lanes = new Lanes((left) => left === 0 && this.#idle?.())
  #closing = false
  #idle: (() => void) | undefined

  constructor(options: ConsumeOptions, dependencies: IntakeDependencies, flow: Flow) {
    this.#options = options
    this.#dependencies = dependencies
    this.#flow = flow
    this.#window = new Window({
      maximumRecords: options.maximumInFlight,
      maximumOctets: options.maximumInFlightOctets ?? DEFAULT_IN_FLIGHT_OCTETS,
    })
  }

  /** Records handed over and not done. */
  get inFlight(): number {
    return this.#window.records
  }

  /** Takes nothing more; resolves when what is under way is done. */
  close(): Promise<void> {
    this.#closing = true
    if (this.#lanes.count === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle = resolve
    })
  }

  /** Rejects, with nothing handed over, when a claim is refused. What is not resolved is fetched again. */
  async take(partition: OwnedPartition, cursor: Cursor, payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, isRunning, isStale } = payload
    const { messages } = batch
    let taken = 0
    try {
      while (taken < messages.length && isRunning() && !isStale() && !this.#closing) {
        const message = messages[taken] as KafkaMessage
        const offset = Number(message.offset)
        if (offset < cursor.position) taken++
        else if (offset < cursor.liveFrom) {
          this.#replay(partition, cursor, message)
          taken++
        } else {
          const live = await this.#takeLive(partition, cursor, messages.slice(taken))
          if (live === 0) break
          taken += live
        }
      }
    } finally {
      const last = messages[taken - 1]
      if (last !== undefined) resolveOffset(last.offset)
    }
  }

  /** How many of these live records could be taken now. */
  async #takeLive(
    partition: OwnedPartition,
    cursor: Cursor,
    messages: readonly KafkaMessage[],
  ): Promise<number> {
    if (!partition.replayed) {
      this.#flow.hold(partition, cursor.topic)
      return 0
    }
    const chunk = this.#enter(messages)
    const last = chunk.at(-1)
    if (last === undefined) {
      this.#flow.full()
      return 0
    }
    if (this.#options.mode === 'claim' && !(await this.#claim(partition, cursor, chunk, last))) return 0
    for (const message of chunk) this.#handOver(partition, cursor, message)
    return chunk.length
  }

  async #claim(
    partition: OwnedPartition,
    cursor: Cursor,
    chunk: readonly KafkaMessage[],
    last: KafkaMessage,
  ): Promise<boolean> {
    const next = Number(last.offset) + 1
    let claimed = false
    try {
      claimed = await this.#flow.claim(partition, cursor.topic, next)
      if (claimed) cursor.committed = next
    } finally {
      if (!claimed) for (const message of chunk) this.#window.leave(octetsOf(message))
    }
    return claimed
  }

  #enter(messages: readonly KafkaMessage[]): readonly KafkaMessage[] {
    let count = 0
    for (const message of messages) {
      if (this.#window.full) break
      this.#window.enter(octetsOf(message))
      count++
    }
    return messages.slice(0, count)
  }

  #replay(partition: OwnedPartition, cursor: Cursor, message: KafkaMessage): void {
    const { sources, reader, events } = this.#dependencies
    cursor.position = Number(message.offset) + 1
    const source = sources.get(cursor.topic)
    const record = source && reader.read(source.topic, partition.number, message)
    if (source !== undefined && record !== undefined && !(record instanceof Promise)) {
      try {
        source.apply(record)
      } catch (error) {
        void events.handlerFailed(recordIdOf(record, octetsOf(message)), error)
      }
    }
    if (cursor.position >= cursor.replayUntil && partition.completeReplay()) this.#flow.replayed(partition)
  }

  #handOver(partition: OwnedPartition, cursor: Cursor, message: KafkaMessage): void {
    const offset = Number(message.offset)
    cursor.position = offset + 1
    cursor.watermark.take(offset)
    const lengthOctets = octetsOf(message)
    const leave = (done: boolean) => {
      if (done) cursor.watermark.done(offset)
      this.#window.leave(lengthOctets)
      if (this.#window.roomy) this.#flow.roomy()
    }
    const subscription = this.#dependencies.subscriptions.get(cursor.topic) as AnySubscription
    const record = this.#dependencies.reader.read(subscription.topic, partition.number, message)
    if (record instanceof Promise) {
      void record.finally(() => leave(true))
      return
    }
    const { events, now, identity } = this.#dependencies
    events.consumed(record.topic, now() - record.timestampMs)
    const context: RecordContext = { owned: () => this.#flow.owns(partition) }
    const handle = () => subscription.handle(record, context)
    this.#lanes.run(record.key, () => {
      const performed = perform({
        run: () => processed(record, this.#options.group, identity, handle),
        ...(this.#options.mode === 'at-least-once' && { again: AGAIN }),
        owned: context.owned,
        failed: (error) => events.handlerFailed(recordIdOf(record, lengthOctets), error),
        ended: leave,
        now,
      })
      return typeof performed === 'boolean' ? undefined : performed
    })
  }
}
