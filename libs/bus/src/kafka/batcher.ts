import { setTimeout as delay } from 'node:timers/promises'
import type { IHeaders, Producer } from 'kafkajs'
import { BusError } from '../bus.ts'

/** A record on its way to the broker. */
export interface Outgoing {
  /** The broker's name of the topic. */
  readonly topic: string
  readonly key: string
  readonly value: Buffer
  /** Absent: the key's. */
  readonly partition?: number
  readonly headers?: IHeaders
}

interface Entry {
  readonly record: Outgoing
  readonly sinceMs: number
  resolve(): void
  reject(error: Error): void
}

export interface BatcherOptions {
  /** Records and octets of one request. */
  readonly maximumBatch: number
  readonly maximumBatchOctets: number
  /** Records and octets waiting for a request; above either `send` rejects with `full`. */
  readonly maximumQueued: number
  readonly maximumQueuedOctets: number
  /** A larger value is refused before the broker refuses its whole batch. */
  readonly maximumRecordOctets: number
  /** How long a record is tried again while no broker is there; the restart of one takes less. */
  readonly outageMs: number
}

export interface BatcherDependencies {
  readonly producer: Pick<Producer, 'sendBatch'>
  now(): number
  wait?(delayMs: number): Promise<void>
}

export const BATCHER_DEFAULTS: Omit<BatcherOptions, 'maximumRecordOctets'> = {
  maximumBatch: 500,
  maximumBatchOctets: 512 << 10,
  maximumQueued: 20_000,
  maximumQueuedOctets: 64 << 20,
  outageMs: 20_000,
}

/** Between two tries; the library has tried several times by then. */
const AGAIN_AFTER_MS = 200
/** A broker that is away, in the library's words, some of which it calls not retriable. */
const OUTAGES: ReadonlySet<string> = new Set([
  'KafkaJSBrokerNotFound',
  'KafkaJSConnectionClosedError',
  'KafkaJSConnectionError',
  'KafkaJSRequestTimeoutError',
])

/** Octets of a record besides its value and key, about: headers, lengths, checksums. */
const OVERHEAD_OCTETS = 100

/**
 * Sends at once when idle, and gathers what comes while a request is under way: one request at a time keeps the
 * order of a partition without the idempotent producer, whose lock costs more than it gives (F10).
 */
export class Batcher {
  readonly #options: BatcherOptions
  readonly #dependencies: BatcherDependencies
  #queue: Entry[] = []
  #queuedOctets = 0
  #busy = false
  #closed = false
  #idle: (() => void) | undefined

  constructor(options: BatcherOptions, dependencies: BatcherDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  get queued(): number {
    return this.#queue.length
  }

  /** Resolves when all in-sync replicas have the record. Rejects with BusError. */
  send(record: Outgoing): Promise<void> {
    const { maximumQueued, maximumQueuedOctets, maximumRecordOctets } = this.#options
    const octets = octetsOf(record)
    if (this.#closed) return Promise.reject(new BusError('closed', 'the bus is closed'))
    if (record.value.length > maximumRecordOctets)
      return Promise.reject(
        new BusError(
          'oversized',
          `a record of ${record.value.length} octets, at most ${maximumRecordOctets}`,
        ),
      )
    if (this.#queue.length >= maximumQueued || this.#queuedOctets + octets > maximumQueuedOctets)
      return Promise.reject(new BusError('full', `${this.#queue.length} records wait for the broker already`))
    this.#queuedOctets += octets
    return new Promise((resolve, reject) => {
      this.#queue.push({ record, sinceMs: this.#dependencies.now(), resolve, reject })
      if (!this.#busy) {
        this.#busy = true
        // One turn of the event loop gathers what it has to say.
        setImmediate(() => void this.#run())
      }
    })
  }

  /** Takes nothing more; resolves when everything taken is sent or has failed. */
  close(): Promise<void> {
    this.#closed = true
    if (!this.#busy) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle = resolve
    })
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#takeBatch()
      try {
        await this.#dependencies.producer.sendBatch({ acks: -1, topicMessages: grouped(batch) })
        for (const entry of batch) entry.resolve()
      } catch (cause) {
        await this.#failed(batch, cause)
      }
    }
    this.#busy = false
    this.#idle?.()
  }

  /** Waits out a broker that is away, with what is not too old for that, in the same order. */
  async #failed(batch: readonly Entry[], cause: unknown): Promise<void> {
    const { now, wait = delay } = this.#dependencies
    const youngerThanMs = isOutage(cause) && !this.#closed ? now() - this.#options.outageMs : now()
    const again = batch.filter(({ sinceMs }) => sinceMs > youngerThanMs)
    const error = new BusError('failed', `the broker did not take ${batch.length} records`, { cause })
    for (const entry of batch) if (!again.includes(entry)) entry.reject(error)
    if (again.length === 0) return
    this.#queue.unshift(...again)
    for (const { record } of again) this.#queuedOctets += octetsOf(record)
    await wait(AGAIN_AFTER_MS)
  }

  #takeBatch(): readonly Entry[] {
    const { maximumBatch, maximumBatchOctets } = this.#options
    let octets = 0
    let count = 0
    for (const { record } of this.#queue) {
      const next = octets + octetsOf(record)
      if (count === maximumBatch || (count > 0 && next > maximumBatchOctets)) break
      octets = next
      count++
    }
    this.#queuedOctets -= octets
    return this.#queue.splice(0, count)
  }
}

function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return OUTAGES.has(error.name) || isOutage(error.cause)
}

function octetsOf({ key, value }: Outgoing): number {
  return value.length + key.length + OVERHEAD_OCTETS
}

function grouped(batch: readonly Entry[]) {
  const byTopic = new Map<string, Outgoing[]>()
  for (const { record } of batch) {
    const records = byTopic.get(record.topic)
    if (records === undefined) byTopic.set(record.topic, [record])
    else records.push(record)
  }
  return [...byTopic].map(([topic, messages]) => ({ topic, messages }))
}
