import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Topic } from '@ipsmgw/events'
import type { Admin, EachBatchPayload, Kafka, PartitionAssigner } from 'kafkajs'
import { type BusEvents, from, on } from '../bus.ts'
import { GroupConsumer } from './group-consumer.ts'
import { RecordReader } from './reader.ts'

const TOPIC: Topic<{ n: number }> = {
  name: 'item',
  retentionMs: 60_000,
  partitioning: 'pipeline',
  key: () => 'k',
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (octets) => JSON.parse(Buffer.from(octets).toString('utf8')),
}
const EVENTS: BusEvents = {
  published: () => {},
  consumed: () => {},
  handlerFailed: (_, error) => assert.fail(String(error)),
  unreadable: (_, error) => assert.fail(error.message),
  rebalanced: () => {},
  fatal: (error) => assert.fail(error.message),
}
const LOG_END = 10

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** The group as the library shows it: one partition with records 0 to 9, whose committed offset anybody may move. */
class Group {
  committed = -1
  readonly handed: number[] = []
  readonly replayed: number[] = []
  readonly #listeners = new Map<string, (event: { payload: object }) => void>()
  #eachBatch: ((payload: EachBatchPayload) => Promise<void>) | undefined
  #assigner: ReturnType<PartitionAssigner> | undefined
  #paused = false
  #position = 0
  readonly consumer: GroupConsumer

  constructor() {
    const now = Date.now
    this.consumer = new GroupConsumer(
      {
        group: 'g',
        mode: 'claim',
        maximumInFlight: 100,
        subscriptions: [on(TOPIC, ({ value }) => void this.handed.push(value.n))],
        replay: { windowMs: 60_000, sources: [from(TOPIC, ({ value }) => void this.replayed.push(value.n))] },
      },
      {
        identity: { system: 'kafka', prefix: '' },
        memberName: 'm',
        sessionTimeoutMs: 10_000,
        commitIntervalMs: 500,
      },
      {
        kafka: () => ({ consumer: this.#library }) as unknown as Kafka,
        admin: this.#admin as unknown as Admin,
        reader: new RecordReader(undefined, EVENTS),
        events: EVENTS,
        now,
      },
    )
  }

  /** A join of ours that ends with the partition. */
  async join(): Promise<void> {
    this.#assigner?.protocol({ topics: ['item'] })
    this.#position = Math.max(0, this.committed)
    this.#emit('request', { apiName: 'SyncGroup', sentAt: Date.now() })
    this.#emit('join', { memberAssignment: { item: [0] } })
    for (let i = 0; i < 5; i++) await turn()
  }

  /** The library fetches from its position to `end`. */
  async fetch(end: number): Promise<void> {
    if (this.#paused) return
    const messages = []
    for (let n = this.#position; n < end; n++)
      messages.push({ offset: String(n), timestamp: '0', key: Buffer.from('k'), value: TOPIC.encode({ n }) })
    await this.#eachBatch?.({
      batch: { topic: 'item', partition: 0, highWatermark: String(LOG_END), messages },
      resolveOffset: (offset: string) => {
        this.#position = Number(offset) + 1
      },
      commitOffsetsIfNecessary: async (offsets: { topics: { partitions: { offset: string }[] }[] }) => {
        this.committed = Number(offsets.topics[0]?.partitions[0]?.offset)
      },
      isRunning: () => true,
      isStale: () => false,
    } as unknown as EachBatchPayload)
  }

  #emit(name: string, payload: object): void {
    this.#listeners.get(name)?.({ payload })
  }

  readonly #library = ({ partitionAssigners }: { partitionAssigners: PartitionAssigner[] }) => {
    this.#assigner = partitionAssigners[0]?.({ cluster: {} } as Parameters<PartitionAssigner>[0])
    return {
      events: { REQUEST: 'request', HEARTBEAT: 'beat', FETCH: 'fetch', GROUP_JOIN: 'join', CRASH: 'crash' },
      on: (name: string, listener: (event: { payload: object }) => void) =>
        this.#listeners.set(name, listener),
      connect: async () => {},
      subscribe: async () => {},
      run: async ({ eachBatch }: { eachBatch: (payload: EachBatchPayload) => Promise<void> }) => {
        this.#eachBatch = eachBatch
      },
      pause: () => {
        this.#paused = true
      },
      resume: () => {
        this.#paused = false
      },
      seek: ({ offset }: { offset: string }) => {
        this.#position = Number(offset)
      },
      disconnect: async () => {},
    }
  }

  readonly #admin = {
    fetchOffsets: async () => [
      { topic: 'item', partitions: [{ partition: 0, offset: String(this.committed) }] },
    ],
    fetchTopicOffsets: async () => [{ partition: 0, low: '0', high: String(LOG_END) }],
    fetchTopicOffsetsByTimestamp: async () => [{ partition: 0, offset: '0' }],
  }
}

const upTo = (end: number) => Array.from({ length: end }, (_, n) => n)

describe('design Never twice 2: a partition that stays over a rejoin', () => {
  test('goes on where it was when nobody else has claimed in it', async (t) => {
    const group = new Group()
    t.after(() => group.consumer.close())
    await group.consumer.start()
    await group.join()
    await group.fetch(3)
    await group.join()
    await group.fetch(6)
    assert.deepEqual(group.handed, upTo(6))
    assert.deepEqual(group.replayed, [])
  })

  test('begins anew when somebody else had it meanwhile: what was claimed there is remembered, never handed over', async (t) => {
    const group = new Group()
    t.after(() => group.consumer.close())
    await group.consumer.start()
    await group.join()
    await group.fetch(3)
    // Frozen past its session: another member claims 3 to 5, then the partition comes home.
    group.committed = 6
    await group.join()
    await group.fetch(LOG_END)
    assert.deepEqual(group.replayed, upTo(6))
    await group.fetch(LOG_END)
    assert.deepEqual(group.handed, [0, 1, 2, 6, 7, 8, 9])
  })
})
