import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Topic } from '@ipsmgw/events'
import { type Admin, type Kafka, Partitioners, type Producer } from 'kafkajs'
import {
  type Bus,
  BusError,
  type BusEvents,
  type BusHealth,
  type ConsumeOptions,
  type Consumer,
  type PublishOptions,
} from '../bus.ts'
import { onlyPartition } from './assigners.ts'
import { Batcher } from './batcher.ts'
import { createKafka, type KafkaLog, type KafkaSettings } from './config.ts'
import { GroupConsumer } from './group-consumer.ts'
import { ensureTopics } from './topics.ts'

export interface KafkaBusDependencies {
  readonly events: BusEvents
  readonly log: KafkaLog
  now(): number
  /** Name of this process in the brokers' logs. */
  readonly clientId: string
}

const PROBE_HEADER = 'probe'
const PROBE_EVERY_MS = 50
const PROBE_LIMIT_MS = 20_000
const COMMIT_INTERVAL_MS = 500

/** The bus on Apache Kafka, by kafkajs. */
export class KafkaBus implements Bus {
  readonly #settings: KafkaSettings
  readonly #dependencies: KafkaBusDependencies
  readonly #admin: Admin
  readonly #producer: Producer
  readonly #batcher: Batcher
  readonly #consumers = new Set<GroupConsumer>()
  #connected = false

  constructor(settings: KafkaSettings, dependencies: KafkaBusDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
    const kafka = this.#client('producer')
    this.#admin = kafka.admin()
    this.#producer = kafka.producer({
      idempotent: false,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      metadataMaxAge: 60_000,
    })
    this.#batcher = new Batcher({ maximumBatch: 500, maximumQueued: 20_000 }, this.#producer)
  }

  /** Connects, makes or checks the topics. Throws BusError with what is wrong. */
  async connect(
    topics: readonly Pick<Topic<unknown>, 'name' | 'partitioning' | 'retentionMs'>[],
  ): Promise<void> {
    const { brokers, prefix, partitions, createTopics, replicationFactor } = this.#settings
    try {
      await this.#admin.connect()
      await this.#producer.connect()
    } catch (cause) {
      throw new BusError('failed', `no Kafka broker answers at ${brokers.join(', ')}`, { cause })
    }
    await ensureTopics(this.#admin, topics, { prefix, partitions, create: createTopics, replicationFactor })
    this.#connected = true
  }

  async publish<T>(topic: Topic<T>, value: T, options: PublishOptions = {}): Promise<void> {
    const { now, events } = this.#dependencies
    const startedAtMs = now()
    await this.#batcher.send(
      this.#settings.prefix + topic.name,
      topic.key(value),
      topic.encode(value),
      options.partition,
    )
    events.published(topic.name, now() - startedAtMs)
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    const { prefix, sessionTimeoutMs } = this.#settings
    const consumer = new GroupConsumer(
      options,
      { prefix, sessionTimeoutMs, commitIntervalMs: COMMIT_INTERVAL_MS },
      {
        kafka: this.#client(options.group),
        admin: this.#admin,
        events: this.#dependencies.events,
        now: this.#dependencies.now,
      },
    )
    await consumer.start()
    this.#consumers.add(consumer)
    return {
      close: async () => {
        this.#consumers.delete(consumer)
        await consumer.close()
      },
    }
  }

  /** A group of one whose assigner gives exactly this partition; a fresh group per process, so that no ghost delays it. */
  async replies<T>(topic: Topic<T>, partition: number, handle: (value: T) => void): Promise<Consumer> {
    const name = this.#settings.prefix + topic.name
    const probe = randomUUID()
    const { promise: proven, resolve } = Promise.withResolvers<void>()
    const consumer = this.#client(`replies-${partition}`).consumer({
      groupId: `${name}.${partition}.${probe}`,
      minBytes: 1,
      maxWaitTimeInMs: 250,
      sessionTimeout: this.#settings.sessionTimeoutMs,
      heartbeatInterval: 1_000,
      readUncommitted: true,
      allowAutoTopicCreation: false,
      partitionAssigners: [onlyPartition(partition)],
    })
    const { events } = this.#dependencies
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) events.fatal(payload.error)
    })
    await consumer.connect()
    await consumer.subscribe({ topics: [name], fromBeginning: false })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        for (const message of batch.messages) {
          const sign = message.headers?.[PROBE_HEADER]
          if (sign !== undefined) {
            if (sign.toString() === probe) resolve()
            continue
          }
          const octets = message.value ?? Buffer.alloc(0)
          try {
            handle(topic.decode(octets))
          } catch (error) {
            events.unreadable(
              { topic: topic.name, partition, offset: Number(message.offset), lengthOctets: octets.length },
              error as Error,
            )
          }
        }
      },
    })
    await this.#probe(name, partition, probe, proven)
    return { close: () => consumer.disconnect() }
  }

  health(): BusHealth {
    if (!this.#connected) return { ready: false, detail: 'not connected to Kafka' }
    const silent = [...this.#consumers].filter((consumer) => !consumer.alive()).length
    return silent === 0
      ? { ready: true, detail: 'ok' }
      : { ready: false, detail: `${silent} consumers without a sign of life from the broker` }
  }

  async close(): Promise<void> {
    this.#connected = false
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()))
    await this.#batcher.close()
    await this.#producer.disconnect()
    await this.#admin.disconnect()
  }

  /** Ends without a goodbye, as a killed process does: nothing is drained, nothing more is committed. */
  async abandon(): Promise<void> {
    this.#connected = false
    for (const consumer of this.#consumers) await consumer.abandon()
    this.#consumers.clear()
  }

  /** Puts a mark into the own partition until it comes back: only then is the way back proven. */
  async #probe(topic: string, partition: number, probe: string, proven: Promise<void>): Promise<void> {
    const until = this.#dependencies.now() + PROBE_LIMIT_MS
    let done = false
    void proven.then(() => {
      done = true
    })
    while (!done) {
      if (this.#dependencies.now() > until)
        throw new BusError('failed', `${topic}: nothing sent to partition ${partition} comes back`)
      await this.#batcher.send(topic, 'probe', Buffer.alloc(0), partition, { [PROBE_HEADER]: probe })
      await Promise.race([proven, delay(PROBE_EVERY_MS)])
    }
  }

  #client(role: string): Kafka {
    return createKafka(this.#settings, `${this.#dependencies.clientId}.${role}`, this.#dependencies.log)
  }
}
