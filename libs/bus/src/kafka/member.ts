import type { EachBatchPayload, Kafka, Consumer as KafkaConsumer, PartitionAssigner } from 'kafkajs'
import { BusError } from '../bus.ts'
import type { TopicOffset } from './claims.ts'
import { LEASE_DEFAULTS, Lease } from './lease.ts'

export interface MemberOptions {
  readonly groupId: string
  readonly topics: readonly string[]
  /** Where to begin without a committed offset. */
  readonly begin: 'earliest' | 'latest'
  readonly sessionTimeoutMs: number
  /** `onJoin` runs at the start of each (re)join. */
  assigner(onJoin: () => void): PartitionAssigner
}

export interface MemberDependencies {
  /** A client of its own: the library shares commit state inside one object (F17). */
  kafka(): Kafka
  fatal(error: Error): void
  now(): number
}

export interface MemberEvents {
  /** The group is being rebalanced. What is committed in this very call still counts for the old generation. */
  joining(): void
  /**
   * `continuous`: no generation has passed without us, so nobody had meanwhile what is ours before and after. The
   * coordinator takes a member that misses one for gone and gives it another id; a join that had to be begun again
   * may have had a generation in between.
   */
  joined(assignment: Readonly<Record<string, readonly number[]>>, continuous: boolean): void
  batch(payload: EachBatchPayload): Promise<void>
}

type CommitOffsets = EachBatchPayload['commitOffsetsIfNecessary']

/** Bounds the sleep of an idle fetch loop, and so how late a resumed partition is fetched (F3). */
const MAX_WAIT_MS = 100
/** A handler returns at once, so all partitions of a fetch may be under way together and share a claim. */
const CONCURRENCY = 64
const HEARTBEAT_MS = 500
const WATCH_MS = 1_000
const REOPEN_AFTER_MS = 1_000
/** Without a membership for so long, and the library having given up, a new process is the better try. */
const GIVE_UP_AFTER_MS = 120_000

/**
 * Membership in a consumer group, by the library: joins, stays alive, opens again after a crash, and knows what it may
 * believe. Where the library's own promise is weaker than ours, the facts are in docs/protocols/kafka.md.
 */
export class GroupMember {
  readonly #options: MemberOptions
  readonly #dependencies: MemberDependencies
  readonly #events: MemberEvents
  readonly #lease: Lease
  #consumer: KafkaConsumer
  #commitOffsets: CommitOffsets | undefined
  #epoch = 0
  #joining = true
  /** Epoch and name under which the group was joined last. */
  #joinedEpoch = 0
  #memberId: string | undefined
  #wellAtMs: number
  #watch: NodeJS.Timeout | undefined
  #reopen: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: MemberOptions, dependencies: MemberDependencies, events: MemberEvents) {
    this.#options = options
    this.#dependencies = dependencies
    this.#events = events
    const { sessionTimeoutMs } = options
    this.#lease = new Lease({ sessionTimeoutMs, ...LEASE_DEFAULTS }, dependencies.now)
    this.#wellAtMs = dependencies.now()
    this.#consumer = this.#create()
  }

  /** Rises with each join: what was decided under another epoch must be checked again. */
  get epoch(): number {
    return this.#epoch
  }

  /** A join is under way: the old assignment is over, the new one not known. */
  get joining(): boolean {
    return this.#joining
  }

  /** The coordinator counts us as a member, as far as anybody here can know. */
  get alive(): boolean {
    return this.#lease.held
  }

  /** Resolves when the group has been joined. */
  async start(): Promise<void> {
    await this.#open()
    this.#watch = setInterval(() => this.#check(), WATCH_MS)
  }

  pause(topics: readonly string[], partitions: readonly number[]): void {
    this.#whileOpen(() => this.#consumer.pause(named(topics, partitions)))
  }

  resume(topics: readonly string[], partitions: readonly number[]): void {
    this.#whileOpen(() => this.#consumer.resume(named(topics, partitions)))
  }

  seek({ topic, partition, offset }: TopicOffset): void {
    this.#whileOpen(() => this.#consumer.seek({ topic, partition, offset: String(offset) }))
  }

  /**
   * Commits in the generation of this very call. The library's own `commitOffsets` will not do: it repeats a refused
   * commit under a later generation, and resolves without a commit while the consumer stops.
   */
  async commit(offsets: readonly TopicOffset[]): Promise<void> {
    const commit = this.#commitOffsets
    if (commit === undefined || this.#joining) throw new BusError('failed', 'the group is being joined')
    const topics = [...new Set(offsets.map(({ topic }) => topic))].map((topic) => ({
      topic,
      partitions: offsets
        .filter((entry) => entry.topic === topic)
        .map(({ partition, offset }) => ({ partition, offset: String(offset) })),
    }))
    await commit({ topics })
  }

  /** Leaves the group. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#watch)
    clearTimeout(this.#reopen)
    await this.#consumer.disconnect()
  }

  #create(): KafkaConsumer {
    const { groupId, sessionTimeoutMs, assigner } = this.#options
    return this.#dependencies.kafka().consumer({
      groupId,
      minBytes: 1,
      maxWaitTimeInMs: MAX_WAIT_MS,
      maxBytes: 4 << 20,
      maxBytesPerPartition: 512 << 10,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: sessionTimeoutMs + 2_000,
      readUncommitted: true,
      metadataMaxAge: 60_000,
      allowAutoTopicCreation: false,
      partitionAssigners: [assigner(() => this.#rejoin())],
    })
  }

  async #open(): Promise<void> {
    const consumer = this.#consumer
    this.#listen(consumer)
    const { topics, begin } = this.#options
    await consumer.connect()
    await consumer.subscribe({ topics: [...topics], fromBeginning: begin === 'earliest' })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: CONCURRENCY,
      eachBatch: (payload) => {
        this.#commitOffsets = payload.commitOffsetsIfNecessary
        return this.#events.batch(payload)
      },
    })
  }

  #listen(consumer: KafkaConsumer): void {
    const lease = this.#lease
    const { REQUEST, HEARTBEAT, FETCH, GROUP_JOIN, CRASH } = consumer.events
    consumer.on(REQUEST, ({ payload }) => {
      if (payload.apiName === 'Heartbeat' || payload.apiName === 'SyncGroup') lease.asked(payload.sentAt)
    })
    consumer.on(HEARTBEAT, () => {
      lease.granted()
      this.#wellAtMs = this.#dependencies.now()
    })
    consumer.on(FETCH, () => lease.sign())
    consumer.on(GROUP_JOIN, ({ payload }) => {
      lease.granted()
      this.#joining = false
      this.#wellAtMs = this.#dependencies.now()
      const continuous = payload.memberId === this.#memberId && this.#epoch === this.#joinedEpoch + 1
      this.#memberId = payload.memberId
      this.#joinedEpoch = this.#epoch
      this.#events.joined(payload.memberAssignment, continuous)
    })
    consumer.on(CRASH, ({ payload }) => {
      lease.sign()
      this.#commitOffsets = undefined
      if (!payload.restart && consumer === this.#consumer) this.#crashed(payload.error)
    })
  }

  /** The synchronous sign of a coming rebalance, on every path that leads to one (F6). */
  #rejoin(): void {
    if (!this.#joining) this.#events.joining()
    this.#epoch++
    this.#joining = true
  }

  /** The library does not restart after what it calls not retriable, a coordinator that is away among them (F18). */
  #crashed(cause: Error): void {
    if (this.#closed) return
    const { now, fatal } = this.#dependencies
    if (now() - this.#wellAtMs > GIVE_UP_AFTER_MS) {
      fatal(new BusError('failed', `${this.#options.groupId}: no membership any more`, { cause }))
      return
    }
    this.#reopen = setTimeout(() => {
      this.#consumer = this.#create()
      this.#open().catch((error: Error) => this.#crashed(error))
    }, REOPEN_AFTER_MS)
  }

  /** While the library opens again it has nothing to pause; the next join starts from scratch anyway. */
  #whileOpen(work: () => void): void {
    try {
      work()
    } catch (error) {
      if ((error as Error).name !== 'KafkaJSNonRetriableError') throw error
    }
  }

  #check(): void {
    if (this.#lease.silent())
      this.#dependencies.fatal(
        new BusError('failed', `${this.#options.groupId}: the brokers have been silent for too long`),
      )
  }
}

function named(topics: readonly string[], partitions: readonly number[]) {
  return topics.map((topic) => ({ topic, partitions: [...partitions] }))
}
