import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Topic } from '@ipsmgw/events'
import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs'
import { BusError, type BusEvents, type Consumer } from '../bus.ts'
import { type BusIdentity, processed, recordIdOf } from '../tracing.ts'
import { onlyPartition } from './assigners.ts'
import { GroupMember } from './member.ts'
import type { RecordReader } from './reader.ts'

export interface RepliesOptions {
  /** The broker's name of the topic. */
  readonly name: string
  readonly partition: number
  readonly sessionTimeoutMs: number
  readonly identity: BusIdentity
}

export interface RepliesDependencies {
  kafka(): Kafka
  readonly reader: RecordReader
  readonly events: BusEvents
  /** Puts a probe with these headers into the own partition. */
  publishProbe(headers: Record<string, string>): Promise<void>
  now(): number
}

const PROBE_HEADER = 'probe'
const PROBE_EVERY_MS = 50
const PROBE_LIMIT_MS = 20_000

/**
 * The one partition that answers to this process: a group of one, whose assigner gives exactly this partition, and
 * whose name is fresh, so that a dead predecessor delays nothing. Nothing is committed: what came before this process
 * is none of its business, and what comes while it rejoins is found again by its own position.
 */
export class Replies<T> implements Consumer {
  readonly #topic: Topic<T>
  readonly #options: RepliesOptions
  readonly #dependencies: RepliesDependencies
  readonly #handle: (value: T) => void
  readonly #member: GroupMember
  readonly #probe = randomUUID()
  readonly #proven = Promise.withResolvers<void>()
  #isProven = false
  #position: number | undefined

  constructor(
    topic: Topic<T>,
    handle: (value: T) => void,
    options: RepliesOptions,
    dependencies: RepliesDependencies,
  ) {
    this.#topic = topic
    this.#handle = handle
    this.#options = options
    this.#dependencies = dependencies
    const { name, partition, sessionTimeoutMs } = options
    const { kafka, events, now } = dependencies
    this.#member = new GroupMember(
      {
        groupId: `${name}.${partition}.${this.#probe}`,
        topics: [name],
        begin: 'latest',
        sessionTimeoutMs,
        assigner: (onJoin) => onlyPartition(partition, onJoin),
      },
      { kafka, now, fatal: (error) => events.fatal(error) },
      {
        joining: () => {},
        // Without a committed offset the library would begin at the end again, and skip what came meanwhile.
        joined: () => {
          if (this.#position !== undefined)
            this.#member.seek({ topic: name, partition, offset: this.#position })
        },
        batch: async (payload) => this.#batch(payload),
      },
    )
  }

  get alive(): boolean {
    return this.#member.alive
  }

  /** Resolves when a probe of its own has come back: only then is the way back proven. */
  async start(): Promise<void> {
    await this.#member.start()
    const { now, publishProbe } = this.#dependencies
    const giveUpAtMs = now() + PROBE_LIMIT_MS
    while (!this.#isProven) {
      if (now() > giveUpAtMs) {
        const { name, partition } = this.#options
        throw new BusError('failed', `${name}: nothing sent to partition ${partition} comes back`)
      }
      await publishProbe({ [PROBE_HEADER]: this.#probe })
      await Promise.race([this.#proven.promise, delay(PROBE_EVERY_MS)])
    }
  }

  close(): Promise<void> {
    return this.#member.close()
  }

  abandon(): Promise<void> {
    return this.close()
  }

  #batch({ batch, resolveOffset, isStale }: EachBatchPayload): void {
    for (const message of batch.messages) {
      if (isStale()) return
      const offset = Number(message.offset)
      if (offset >= (this.#position ?? 0)) this.#take(message)
      this.#position = offset + 1
      resolveOffset(message.offset)
    }
  }

  #take(message: KafkaMessage): void {
    const sign = message.headers?.[PROBE_HEADER]
    if (sign !== undefined) {
      if (sign.toString() !== this.#probe) return
      this.#isProven = true
      this.#proven.resolve()
      return
    }
    const { reader, events } = this.#dependencies
    const record = reader.read(this.#topic, this.#options.partition, message)
    if (record instanceof Promise) return
    try {
      void processed(record, undefined, this.#options.identity, () => this.#handle(record.value))
    } catch (error) {
      void events.handlerFailed(recordIdOf(record, message.value?.length ?? 0), error)
    }
  }
}
