// The baseline: the same hops on the bare library, with batching, written as its manual shows; it commits every half
// second and promises nothing.
import {
  type Consumer,
  type Kafka,
  Kafka as KafkaClient,
  logLevel,
  Partitioners,
  type Producer,
} from 'kafkajs'
import { type Chain, type Item, TOPICS } from './kafka-chain.ts'

interface Waiting {
  readonly topic: string
  readonly key: string
  readonly value: string
  resolve(): void
}

/** One request under way, the rest waits for it: what anybody would write around the library's `sendBatch`. */
class Batches {
  readonly #producer: Producer
  #waiting: Waiting[] = []
  #busy = false

  constructor(producer: Producer) {
    this.#producer = producer
  }

  send(topic: string, key: string, value: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ topic, key, value, resolve })
      if (!this.#busy) setImmediate(() => void this.#flush())
      this.#busy = true
    })
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, 500)
      const byTopic = Map.groupBy(batch, ({ topic }) => topic)
      const topicMessages = [...byTopic].map(([topic, messages]) => ({ topic, messages }))
      await this.#producer.sendBatch({ acks: -1, topicMessages })
      for (const { resolve } of batch) resolve()
    }
    this.#busy = false
  }
}

export class BareChain implements Chain {
  readonly #prefix: string
  readonly #partitions: number
  readonly #kafka: () => Kafka
  readonly #producer: Producer
  readonly #batches: Batches
  readonly #consumers: Consumer[] = []

  constructor(brokers: readonly string[], prefix: string, partitions: number) {
    this.#prefix = prefix
    this.#partitions = partitions
    this.#kafka = () =>
      new KafkaClient({ brokers: [...brokers], clientId: 'bare', logLevel: logLevel.NOTHING })
    this.#producer = this.#kafka().producer({ createPartitioner: Partitioners.DefaultPartitioner })
    this.#batches = new Batches(this.#producer)
  }

  async start(arrived: (item: Item) => void): Promise<void> {
    const admin = this.#kafka().admin()
    await admin.connect()
    const topics = TOPICS.map(({ name }) => ({ topic: this.#prefix + name, numPartitions: this.#partitions }))
    await admin.createTopics({ waitForLeaders: true, topics })
    await admin.disconnect()
    await this.#producer.connect()
    for (const hop of TOPICS.keys()) await this.#startHop(hop, arrived)
  }

  async #startHop(hop: number, arrived: (item: Item) => void): Promise<void> {
    const consumer = this.#kafka().consumer({ groupId: `${this.#prefix}hop${hop}`, maxWaitTimeInMs: 100 })
    const next = TOPICS[hop + 1]?.name
    await consumer.connect()
    await consumer.subscribe({ topics: [`${this.#prefix}hop${hop}`], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      partitionsConsumedConcurrently: 12,
      eachBatch: async ({ batch, resolveOffset }) => {
        for (const { key, value, offset } of batch.messages) {
          const item = JSON.parse(value?.toString() ?? '') as Item
          if (next === undefined) arrived(item)
          else void this.#batches.send(this.#prefix + next, String(key), JSON.stringify(item))
          resolveOffset(offset)
        }
      },
    })
    this.#consumers.push(consumer)
  }

  send(item: Item): Promise<void> {
    return this.#batches.send(`${this.#prefix}hop0`, item.key, JSON.stringify(item))
  }

  async close(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.disconnect()))
    await this.#producer.disconnect()
  }
}
