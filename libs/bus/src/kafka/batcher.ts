import type { Producer } from 'kafkajs'
import { BusError } from '../bus.ts'

interface Entry {
  readonly topic: string
  readonly key: string
  readonly value: Buffer
  readonly partition: number | undefined
  readonly headers: Record<string, string> | undefined
  resolve(): void
  reject(error: Error): void
}

export interface BatcherOptions {
  /** Records of one request. */
  readonly maximumBatch: number
  /** Records waiting for a request; above it `send` rejects with `full`. */
  readonly maximumQueued: number
}

/**
 * Sends at once when idle, and gathers what comes while a request is under way: one request at a time keeps the
 * order of a partition without the idempotent producer, whose lock costs more than it gives.
 */
export class Batcher {
  readonly #options: BatcherOptions
  readonly #producer: Pick<Producer, 'sendBatch'>
  #queue: Entry[] = []
  #busy = false
  #closed = false
  #idle: (() => void) | undefined

  constructor(options: BatcherOptions, producer: Pick<Producer, 'sendBatch'>) {
    this.#options = options
    this.#producer = producer
  }

  get queued(): number {
    return this.#queue.length
  }

  /** Resolves when all in-sync replicas have the record. */
  send(
    topic: string,
    key: string,
    value: Buffer,
    partition?: number,
    headers?: Record<string, string>,
  ): Promise<void> {
    if (this.#closed) return Promise.reject(new BusError('closed', 'the bus is closed'))
    if (this.#queue.length >= this.#options.maximumQueued)
      return Promise.reject(new BusError('full', `${this.#queue.length} records wait for the broker already`))
    return new Promise((resolve, reject) => {
      this.#queue.push({ topic, key, value, partition, headers, resolve, reject })
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
      const batch = this.#queue.splice(0, this.#options.maximumBatch)
      try {
        await this.#producer.sendBatch({ acks: -1, topicMessages: grouped(batch) })
        for (const entry of batch) entry.resolve()
      } catch (cause) {
        const error = new BusError('failed', `the broker did not take ${batch.length} records`, { cause })
        for (const entry of batch) entry.reject(error)
      }
    }
    this.#busy = false
    this.#idle?.()
  }
}

function grouped(batch: readonly Entry[]) {
  const byTopic = new Map<string, Entry[]>()
  for (const entry of batch) {
    const entries = byTopic.get(entry.topic)
    if (entries === undefined) byTopic.set(entry.topic, [entry])
    else entries.push(entry)
  }
  return [...byTopic].map(([topic, entries]) => ({
    topic,
    messages: entries.map(({ key, value, partition, headers }) => ({
      key,
      value,
      ...(partition !== undefined && { partition }),
      ...(headers !== undefined && { headers }),
    })),
  }))
}
