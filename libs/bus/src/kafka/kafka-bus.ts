import { MAXIMUM_RECORD_OCTETS, type Topic } from '@ipsmgw/events'
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
import { type BusIdentity, endSend, startSend } from '../tracing.ts'
import { BATCHER_DEFAULTS, Batcher } from './batcher.ts'
import type { PayloadCipher } from './cipher.ts'
import { createKafka, type KafkaLog, type KafkaSettings, loadCipher, PRODUCER_RETRY } from './config.ts'
import { type ConsumerLoad, GroupConsumer } from './group-consumer.ts'
import { RecordReader } from './reader.ts'
import { refusalOf } from './refusal.ts'
import { Replies } from './replies.ts'
import { checkTopics, type TopicPlan, topicsError } from './topics.ts'

export interface KafkaBusDependencies {
  readonly events: BusEvents
  readonly log: KafkaLog
  now(): number
  /** Name of this replica in the brokers' logs and in its groups: unique, and the same after a restart. */
  readonly clientId: string
}

const COMMIT_INTERVAL_MS = 500
const PROBE_KEY = 'probe'

interface Member extends Consumer {
  readonly alive: boolean
  start(): Promise<void>
  abandon(): Promise<void>
  /** Of a consumer whose records have handlers. */
  readonly load?: ConsumerLoad
}

/** The bus on Apache Kafka, by kafkajs. */
export class KafkaBus implements Bus {
  readonly #settings: KafkaSettings
  readonly #dependencies: KafkaBusDependencies
  readonly #admin: Admin
  readonly #producer: Producer
  readonly #batcher: Batcher
  readonly #cipher: PayloadCipher | undefined
  readonly #reader: RecordReader
  readonly #identity: BusIdentity
  readonly #members = new Set<Member>()
  #connected = false

  /** Reads key files. Throws BusError when one cannot be used. */
  constructor(settings: KafkaSettings, dependencies: KafkaBusDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
    this.#cipher = loadCipher(settings)
    this.#reader = new RecordReader(this.#cipher, dependencies.events)
    this.#identity = { system: 'kafka', prefix: settings.prefix, clientId: dependencies.clientId }
    const kafka = this.#client('producer')
    this.#admin = kafka.admin()
    this.#producer = kafka.producer({
      idempotent: false,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      metadataMaxAge: 60_000,
      retry: PRODUCER_RETRY,
    })
    this.#batcher = new Batcher(
      { ...BATCHER_DEFAULTS, maximumRecordOctets: MAXIMUM_RECORD_OCTETS },
      { producer: this.#producer, now: dependencies.now },
    )
  }

  /** Connects, makes or checks the topics. Throws BusError with what is wrong. */
  async connect(topics: TopicPlan['topics']): Promise<void> {
    const { createTopics } = this.#settings
    try {
      await this.#admin.connect()
      await this.#producer.connect()
      const states = await checkTopics(this.#admin, { ...this.#settings, topics, create: createTopics })
      const wrong = topicsError(states)
      if (wrong !== undefined) throw wrong
    } catch (cause) {
      await this.#disconnect()
      if (cause instanceof BusError) throw cause
      throw new BusError('failed', refusalOf(cause, this.#settings), { cause })
    }
    this.#connected = true
  }

  async publish<T>(topic: Topic<T>, value: T, options: PublishOptions = {}): Promise<void> {
    const { now, events } = this.#dependencies
    const startedAtMs = now()
    const payload = topic.encode(value)
    const span = startSend(topic.name, value, this.#identity)
    const { traceparent } = span
    const sent = this.#batcher.send({
      topic: this.#settings.prefix + topic.name,
      key: topic.key(value),
      value: this.#cipher?.seal(topic.name, payload) ?? payload,
      ...(options.partition !== undefined && { partition: options.partition }),
      // A header, not the value: tools see it without reading (or deciphering), and the value stays the same each time.
      ...(traceparent !== undefined && { headers: { traceparent } }),
    })
    await endSend(span, sent)
    events.published(topic.name, now() - startedAtMs)
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    const { sessionTimeoutMs } = this.#settings
    const { events, now, clientId } = this.#dependencies
    const consumer = new GroupConsumer(
      options,
      {
        identity: this.#identity,
        memberName: clientId,
        sessionTimeoutMs,
        commitIntervalMs: COMMIT_INTERVAL_MS,
      },
      { kafka: () => this.#client(options.group), admin: this.#admin, reader: this.#reader, events, now },
    )
    return this.#enlist(consumer)
  }

  async replies<T>(topic: Topic<T>, partition: number, handle: (value: T) => void): Promise<Consumer> {
    const { prefix, sessionTimeoutMs } = this.#settings
    const { events, now } = this.#dependencies
    const name = prefix + topic.name
    const replies = new Replies(
      topic,
      handle,
      { name, partition, sessionTimeoutMs, identity: this.#identity },
      {
        kafka: () => this.#client(`replies-${partition}`),
        reader: this.#reader,
        events,
        now,
        publishProbe: (headers) =>
          this.#batcher.send({ topic: name, key: PROBE_KEY, value: Buffer.alloc(0), partition, headers }),
      },
    )
    return this.#enlist(replies)
  }

  health(): BusHealth {
    if (!this.#connected) return { ready: false, detail: 'not connected to Kafka' }
    const silent = [...this.#members].filter((member) => !member.alive).length
    return silent === 0
      ? { ready: true, detail: 'ok' }
      : { ready: false, detail: `${silent} consumers without a sign of life from the broker` }
  }

  /** How full all consumers are together. */
  load(): ConsumerLoad {
    const loads = [...this.#members].flatMap(({ load }) => load ?? [])
    const sum = (of: (load: ConsumerLoad) => number) => loads.reduce((total, load) => total + of(load), 0)
    return { inFlight: sum((load) => load.inFlight), window: sum((load) => load.window) }
  }

  async close(): Promise<void> {
    this.#connected = false
    await Promise.all([...this.#members].map((member) => member.close()))
    this.#members.clear()
    await this.#batcher.close()
    await this.#disconnect()
  }

  /** Ends without a goodbye, as a killed process does: nothing is drained, nothing more is committed. */
  async abandon(): Promise<void> {
    this.#connected = false
    for (const member of this.#members) await member.abandon()
    this.#members.clear()
    await this.#disconnect()
  }

  async #disconnect(): Promise<void> {
    await Promise.all([this.#producer.disconnect(), this.#admin.disconnect()])
  }

  async #enlist(member: Member): Promise<Consumer> {
    this.#members.add(member)
    try {
      await member.start()
    } catch (error) {
      this.#members.delete(member)
      await member.close()
      throw error
    }
    return {
      close: async () => {
        this.#members.delete(member)
        await member.close()
      },
    }
  }

  #client(role: string): Kafka {
    return createKafka(this.#settings, `${this.#dependencies.clientId}.${role}`, this.#dependencies.log)
  }
}
