import type { Topic } from '@ipsmgw/events'
import type { Admin, EachBatchPayload, Kafka, Consumer as KafkaConsumer, KafkaMessage } from 'kafkajs'
import type {
  AnyReplaySource,
  AnySubscription,
  BusEvents,
  BusRecord,
  ConsumeOptions,
  Consumer,
} from '../bus.ts'
import { Lanes } from '../lanes.ts'
import { coPartitioned } from './assigners.ts'
import { Watermark } from './watermark.ts'

export interface GroupConsumerOptions {
  readonly prefix: string
  readonly sessionTimeoutMs: number
  /** How often the low-water mark is committed. */
  readonly commitIntervalMs: number
}

export interface GroupConsumerDependencies {
  readonly kafka: Kafka
  readonly admin: Admin
  readonly events: BusEvents
  now(): number
}

/** One topic of one assigned partition. */
interface Cursor {
  readonly topic: string
  readonly partition: number
  /** Live records start here; older ones were somebody's and only rebuild state. */
  readonly liveFrom: number
  readonly watermark: Watermark
  committed: number
  /** Position up to which old records must be read before the partition counts as replayed. */
  readonly replayUntil: number
  position: number
}

/** The window above which fetching pauses, and the share of it at which it goes on. */
const RESUME_SHARE = 0.7
const MAX_WAIT_MS = 100

/**
 * Members of a group share the partitions of co-partitioned topics. The fetch loop never waits for a handler: records
 * go to lanes by key, fetching pauses at the window. Commits follow the low-water mark, or come first (`claim`).
 */
export class GroupConsumer implements Consumer {
  readonly #options: ConsumeOptions
  readonly #settings: GroupConsumerOptions
  readonly #dependencies: GroupConsumerDependencies
  readonly #consumer: KafkaConsumer
  readonly #subscriptions: ReadonlyMap<string, AnySubscription>
  readonly #sources: ReadonlyMap<string, AnyReplaySource>
  readonly #lanes = new Lanes(() => this.#drained?.())
  readonly #cursors = new Map<string, Cursor>()
  readonly #replaying = new Set<number>()
  #partitions: readonly number[] = []
  #epoch = 0
  #lastSignOfLifeMs: number
  #paused = false
  #closing = false
  #drained: (() => void) | undefined
  #commitTimer: NodeJS.Timeout | undefined

  constructor(
    options: ConsumeOptions,
    settings: GroupConsumerOptions,
    dependencies: GroupConsumerDependencies,
  ) {
    this.#options = options
    this.#settings = settings
    this.#dependencies = dependencies
    this.#lastSignOfLifeMs = dependencies.now()
    this.#subscriptions = new Map(options.subscriptions.map((s) => [settings.prefix + s.topic.name, s]))
    this.#sources = new Map((options.replay?.sources ?? []).map((s) => [settings.prefix + s.topic.name, s]))
    this.#consumer = dependencies.kafka.consumer({
      groupId: settings.prefix + options.group,
      minBytes: 1,
      maxWaitTimeInMs: MAX_WAIT_MS,
      maxBytes: 4 << 20,
      maxBytesPerPartition: 512 << 10,
      sessionTimeout: settings.sessionTimeoutMs,
      heartbeatInterval: 1_000,
      rebalanceTimeout: settings.sessionTimeoutMs + 2_000,
      readUncommitted: true,
      metadataMaxAge: 60_000,
      allowAutoTopicCreation: false,
      partitionAssigners: [coPartitioned(() => this.#rejoining())],
    })
  }

  /** Resolves when partitions are assigned and fetching has begun. */
  async start(): Promise<void> {
    const consumer = this.#consumer
    const { GROUP_JOIN, HEARTBEAT, FETCH, CRASH } = consumer.events
    const alive = () => {
      this.#lastSignOfLifeMs = this.#dependencies.now()
    }
    consumer.on(HEARTBEAT, alive)
    consumer.on(FETCH, alive)
    consumer.on(CRASH, ({ payload }) => {
      if (!payload.restart) this.#dependencies.events.fatal(payload.error)
    })
    const { promise: joined, resolve, reject } = Promise.withResolvers<void>()
    consumer.on(GROUP_JOIN, ({ payload }) => {
      alive()
      this.#joined(payload.memberAssignment).then(resolve, (error: Error) => {
        reject(error)
        this.#dependencies.events.fatal(error)
      })
    })
    await consumer.connect()
    await consumer.subscribe({ topics: this.#topics(), fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 12,
      eachBatch: (payload) => this.#batch(payload),
    })
    await joined
    if (this.#options.mode === 'at-least-once')
      this.#commitTimer = setInterval(() => void this.#commit(), this.#settings.commitIntervalMs)
  }

  /** Fetches or heartbeats have been seen lately; without them partitions may be somebody else's by now. */
  alive(): boolean {
    return this.#dependencies.now() - this.#lastSignOfLifeMs < this.#settings.sessionTimeoutMs
  }

  async close(): Promise<void> {
    this.#closing = true
    clearInterval(this.#commitTimer)
    this.#pauseAll()
    if (this.#lanes.count > 0)
      await new Promise<void>((resolve) => {
        this.#drained = resolve
      })
    await this.#commit()
    await this.#consumer.disconnect()
  }

  /** Leaves without waiting and without a commit. */
  async abandon(): Promise<void> {
    this.#closing = true
    clearInterval(this.#commitTimer)
    await this.#consumer.disconnect()
  }

  #topics(): string[] {
    return [...new Set([...this.#subscriptions.keys(), ...this.#sources.keys()])]
  }

  /** A rejoin begins: what is committed from now on must be checked against the new assignment. */
  #rejoining(): void {
    this.#epoch++
  }

  async #joined(assignment: Record<string, number[]>): Promise<void> {
    const epoch = this.#epoch
    const partitions = [...new Set(Object.values(assignment).flat())].sort((a, b) => a - b)
    const gained = partitions.filter((partition) => !this.#partitions.includes(partition))
    const lost = this.#partitions.filter((partition) => !partitions.includes(partition))
    this.#partitions = partitions
    this.#lose(lost)
    this.#dependencies.events.rebalanced(this.#options.group, partitions.length)
    // The library starts again at the committed offsets, kept partitions included: what was handed over already
    // is skipped by its cursor. New partitions wait until their old records are found.
    if (gained.length > 0) {
      this.#consumer.pause(this.#topics().map((topic) => ({ topic, partitions: gained })))
      this.#options.onAssigned?.(gained)
      for (const partition of gained) this.#replaying.add(partition)
      await Promise.all(this.#topics().map((topic) => this.#position(topic, gained)))
      if (epoch !== this.#epoch) return
      for (const partition of gained) this.#checkReplayed(partition)
      if (!this.#paused) this.#consumer.resume(this.#topics().map((topic) => ({ topic, partitions: gained })))
    }
  }

  #lose(partitions: readonly number[]): void {
    if (partitions.length === 0) return
    for (const partition of partitions) {
      this.#replaying.delete(partition)
      for (const topic of this.#topics()) this.#cursors.delete(`${topic}/${partition}`)
    }
    this.#options.onRevoked?.(partitions)
  }

  /** Where to start in the partitions of a topic: at the window's begin if it is replayed, else where others stopped. */
  async #position(topic: string, partitions: readonly number[]): Promise<void> {
    const { admin, now } = this.#dependencies
    const { replay } = this.#options
    const isLive = this.#subscriptions.has(topic)
    const isReplayed = replay !== undefined && this.#sources.has(topic)
    const [ends, committed, begins] = await Promise.all([
      admin.fetchTopicOffsets(topic),
      admin.fetchOffsets({ groupId: this.#settings.prefix + this.#options.group, topics: [topic] }),
      isReplayed ? admin.fetchTopicOffsetsByTimestamp(topic, now() - replay.windowMs) : Promise.resolve([]),
    ])
    for (const partition of partitions) {
      const end = ends.find((entry) => entry.partition === partition)
      const high = Number(end?.high ?? 0)
      const low = Number(end?.low ?? 0)
      const stored = Number(
        committed[0]?.partitions.find((entry) => entry.partition === partition)?.offset ?? -1,
      )
      const liveFrom = isLive ? Math.max(stored < 0 ? low : stored, low) : Number.MAX_SAFE_INTEGER
      const begin = Number(begins.find((entry) => entry.partition === partition)?.offset ?? liveFrom)
      const start = isReplayed ? Math.max(low, Math.min(begin < 0 ? high : begin, liveFrom)) : liveFrom
      this.#cursors.set(`${topic}/${partition}`, {
        topic,
        partition,
        liveFrom,
        watermark: new Watermark(isLive ? liveFrom : start),
        committed: stored,
        replayUntil: isReplayed ? Math.min(liveFrom, high) : 0,
        position: start,
      })
      this.#consumer.seek({ topic, partition, offset: String(start) })
    }
  }

  async #batch({ batch, resolveOffset, isRunning, isStale, heartbeat }: EachBatchPayload): Promise<void> {
    const cursor = this.#cursors.get(`${batch.topic}/${batch.partition}`)
    if (cursor === undefined) return
    const epoch = this.#epoch
    if (this.#options.mode === 'claim') await this.#claim(cursor, batch.messages, epoch, resolveOffset)
    else
      for (const message of batch.messages) {
        if (!isRunning() || isStale() || this.#closing) return
        if (this.#full()) break
        this.#take(cursor, message)
        resolveOffset(message.offset)
      }
    await heartbeat()
  }

  /** The fenced commit is the claim: only after it has succeeded are the records handed over. */
  async #claim(
    cursor: Cursor,
    messages: readonly KafkaMessage[],
    epoch: number,
    resolveOffset: (offset: string) => void,
  ): Promise<void> {
    let rest = messages
    while (rest.length > 0) {
      const free = this.#options.maximumInFlight - this.#lanes.count
      if (this.#closing || this.#full()) return
      const chunk = rest.slice(0, Math.max(1, free))
      rest = rest.slice(chunk.length)
      const last = chunk.at(-1) as KafkaMessage
      const next = Number(last.offset) + 1
      if (next > cursor.liveFrom && next > cursor.committed) {
        if (epoch !== this.#epoch || !this.#partitions.includes(cursor.partition)) return
        const { topic, partition } = cursor
        await this.#consumer.commitOffsets([{ topic, partition, offset: String(next) }])
        for (const message of chunk) this.#take(cursor, message)
        cursor.committed = next
      } else for (const message of chunk) this.#take(cursor, message)
      resolveOffset(last.offset)
    }
  }

  /** Old records rebuild state, live ones go to their lane; what was handed over before a rejoin is skipped. */
  #take(cursor: Cursor, message: KafkaMessage): void {
    const offset = Number(message.offset)
    if (offset < cursor.position) return
    cursor.position = offset + 1
    if (offset < cursor.liveFrom) this.#replay(cursor, message, offset)
    else if (this.#options.mode === 'at-least-once' || offset >= cursor.committed)
      this.#handle(cursor, message, offset)
    if (cursor.position >= cursor.replayUntil) this.#checkReplayed(cursor.partition)
  }

  #replay(cursor: Cursor, message: KafkaMessage, offset: number): void {
    const source = this.#sources.get(cursor.topic)
    if (source === undefined) return
    const record = this.#read(source.topic, cursor, message, offset)
    if (record === undefined) return
    try {
      source.apply(record)
    } catch (error) {
      this.#dependencies.events.handlerFailed(record.topic, error)
    }
  }

  #handle(cursor: Cursor, message: KafkaMessage, offset: number): void {
    const subscription = this.#subscriptions.get(cursor.topic)
    if (subscription === undefined) return
    const { watermark } = cursor
    watermark.take(offset)
    const record = this.#read(subscription.topic, cursor, message, offset)
    if (record === undefined) {
      watermark.done(offset)
      return
    }
    const { events, now } = this.#dependencies
    events.consumed(record.topic, now() - record.timestampMs)
    const context = { owned: () => this.#partitions.includes(cursor.partition) && this.alive() }
    const finish = () => {
      watermark.done(offset)
      this.#resumeIfRoom()
    }
    this.#lanes.run(record.key, () => {
      try {
        const work = subscription.handle(record, context)
        if (work !== undefined)
          return work.catch((error: unknown) => events.handlerFailed(record.topic, error)).then(finish)
      } catch (error) {
        events.handlerFailed(record.topic, error)
      }
      finish()
      return undefined
    })
  }

  #read<T>(topic: Topic<T>, cursor: Cursor, message: KafkaMessage, offset: number): BusRecord<T> | undefined {
    const octets = message.value ?? Buffer.alloc(0)
    try {
      return {
        topic: topic.name,
        value: topic.decode(octets),
        key: message.key?.toString('utf8') ?? '',
        partition: cursor.partition,
        offset,
        timestampMs: Number(message.timestamp),
      }
    } catch (error) {
      this.#dependencies.events.unreadable(
        { topic: topic.name, partition: cursor.partition, offset, lengthOctets: octets.length },
        error as Error,
      )
      return undefined
    }
  }

  #checkReplayed(partition: number): void {
    if (!this.#replaying.has(partition)) return
    for (const topic of this.#topics()) {
      const cursor = this.#cursors.get(`${topic}/${partition}`)
      if (cursor === undefined || cursor.position < cursor.replayUntil) return
    }
    this.#replaying.delete(partition)
    this.#options.onReplayed?.(partition)
  }

  #full(): boolean {
    if (this.#lanes.count < this.#options.maximumInFlight) return false
    this.#pauseAll()
    return true
  }

  #pauseAll(): void {
    this.#paused = true
    if (this.#partitions.length > 0)
      this.#consumer.pause(this.#topics().map((topic) => ({ topic, partitions: [...this.#partitions] })))
  }

  #resumeIfRoom(): void {
    if (!this.#paused || this.#closing) return
    if (this.#lanes.count > this.#options.maximumInFlight * RESUME_SHARE) return
    this.#paused = false
    this.#consumer.resume(this.#topics().map((topic) => ({ topic, partitions: [...this.#partitions] })))
  }

  async #commit(): Promise<void> {
    if (this.#options.mode === 'claim') return
    const due = [...this.#cursors.values()].filter(
      (cursor) =>
        this.#subscriptions.has(cursor.topic) &&
        this.#partitions.includes(cursor.partition) &&
        cursor.watermark.position > Math.max(cursor.committed, 0),
    )
    if (due.length === 0) return
    const offsets = due.map(({ topic, partition, watermark }) => ({
      topic,
      partition,
      offset: watermark.position,
    }))
    try {
      await this.#consumer.commitOffsets(offsets.map((entry) => ({ ...entry, offset: String(entry.offset) })))
      for (const [index, cursor] of due.entries())
        cursor.committed = offsets[index]?.offset ?? cursor.committed
    } catch {
      // A rebalance is under way: what is not committed is handed over again, which these stages allow.
    }
  }
}
