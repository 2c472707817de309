import type { Admin, EachBatchPayload, Kafka } from 'kafkajs'
import {
  type AnyReplaySource,
  type AnySubscription,
  BusError,
  type BusEvents,
  type ConsumeOptions,
  type Consumer,
} from '../bus.ts'
import type { BusIdentity } from '../tracing.ts'
import { coPartitioned } from './assigners.ts'
import { Claims } from './claims.ts'
import { Intake } from './intake.ts'
import { GroupMember } from './member.ts'
import { OwnedPartition } from './partition.ts'
import { findPositions, type Position, type TopicRole } from './positions.ts'
import type { RecordReader } from './reader.ts'

/** How full a consumer is, in records. */
export interface ConsumerLoad {
  readonly inFlight: number
  readonly window: number
}

export interface GroupConsumerOptions {
  readonly identity: BusIdentity
  /** Name of this replica, unique in its group and the same after a restart. */
  readonly memberName: string
  readonly sessionTimeoutMs: number
  /** How often the low-water mark is committed. */
  readonly commitIntervalMs: number
}

export interface GroupConsumerDependencies {
  kafka(): Kafka
  readonly admin: Admin
  readonly reader: RecordReader
  readonly events: BusEvents
  now(): number
}

const ASK_AGAIN_AFTER_MS = 500

/**
 * Members of a group share the partitions of co-partitioned topics. The fetch loop never waits for a handler (F1):
 * records go to lanes by key, and fetching pauses at the window. Commits follow the low-water mark, or come first
 * (`claim`).
 */
export class GroupConsumer implements Consumer {
  readonly #options: ConsumeOptions
  readonly #settings: GroupConsumerOptions
  readonly #dependencies: GroupConsumerDependencies
  readonly #roles: readonly TopicRole[]
  readonly #topics: readonly string[]
  readonly #member: GroupMember
  readonly #claims: Claims
  readonly #intake: Intake
  readonly #partitions = new Map<number, OwnedPartition>()
  #full = false
  #closing = false
  #commitTimer: NodeJS.Timeout | undefined
  #askAgain: NodeJS.Timeout | undefined

  constructor(
    options: ConsumeOptions,
    settings: GroupConsumerOptions,
    dependencies: GroupConsumerDependencies,
  ) {
    this.#options = options
    this.#settings = settings
    this.#dependencies = dependencies
    const { identity } = settings
    const { prefix } = identity
    const subscriptions: ReadonlyMap<string, AnySubscription> = new Map(
      options.subscriptions.map((subscription) => [prefix + subscription.topic.name, subscription]),
    )
    const sources: ReadonlyMap<string, AnyReplaySource> = new Map(
      (options.replay?.sources ?? []).map((source) => [prefix + source.topic.name, source]),
    )
    this.#topics = [...new Set([...subscriptions.keys(), ...sources.keys()])]
    this.#roles = this.#topics.map((topic) => ({
      topic,
      live: subscriptions.has(topic),
      replayed: sources.has(topic),
    }))
    this.#member = this.#createMember()
    this.#claims = new Claims((offsets) => this.#member.commit(offsets))
    const { reader, events, now } = dependencies
    this.#intake = new Intake(
      options,
      { subscriptions, sources, reader, events, now, identity },
      this.#flow(),
    )
  }

  /** Resolves when the group has been joined; partitions come as the group gives them. */
  async start(): Promise<void> {
    await this.#member.start()
    if (this.#options.mode === 'at-least-once')
      this.#commitTimer = setInterval(() => void this.#commit(), this.#settings.commitIntervalMs)
  }

  /** The coordinator counts us as a member; without that, partitions may be somebody else's by now. */
  get alive(): boolean {
    return this.#member.alive
  }

  get load(): ConsumerLoad {
    return { inFlight: this.#intake.inFlight, window: this.#options.maximumInFlight }
  }

  async close(): Promise<void> {
    this.#stop()
    this.#member.pause(this.#topics, [...this.#partitions.keys()])
    await this.#intake.close()
    await this.#commit()
    await this.#member.close()
  }

  /** Leaves without waiting and without a commit. */
  async abandon(): Promise<void> {
    this.#stop()
    void this.#intake.close()
    this.#partitions.clear()
    await this.#member.close()
  }

  #stop(): void {
    this.#closing = true
    clearTimeout(this.#askAgain)
    clearInterval(this.#commitTimer)
  }

  #createMember(): GroupMember {
    const { identity, memberName, sessionTimeoutMs } = this.#settings
    const { kafka, events, now } = this.#dependencies
    return new GroupMember(
      {
        groupId: identity.prefix + this.#options.group,
        topics: this.#topics,
        begin: 'earliest',
        sessionTimeoutMs,
        assigner: (onJoin) => coPartitioned(memberName, onJoin),
      },
      { kafka, now, fatal: (error) => events.fatal(error) },
      {
        // Saves the next owner what has been done since the last commit; in vain at worst.
        joining: () => void this.#commit(),
        joined: (assignment, continuous) => this.#joined(assignment, continuous),
        batch: (payload) => this.#batch(payload),
      },
    )
  }

  #flow() {
    return {
      owns: (partition: OwnedPartition) => this.#owns(partition) && this.#member.alive,
      claim: (partition: OwnedPartition, topic: string, offset: number) =>
        this.#claims.claim(
          { topic, partition: partition.number, offset },
          () => this.#owns(partition) && !this.#member.joining,
        ),
      full: () => {
        this.#full = true
        this.#member.pause(this.#topics, [...this.#partitions.keys()])
      },
      roomy: () => this.#roomy(),
      hold: ({ number }: OwnedPartition, topic: string) => this.#member.pause([topic], [number]),
      replayed: (partition: OwnedPartition) => this.#replayed(partition),
    }
  }

  #owns(partition: OwnedPartition): boolean {
    return this.#partitions.get(partition.number) === partition
  }

  #joined(assignment: Readonly<Record<string, readonly number[]>>, continuous: boolean): void {
    const numbers = new Set(Object.values(assignment).flat())
    const stays = (number: number) => continuous && numbers.has(number)
    const lost = [...this.#partitions.keys()].filter((number) => !stays(number))
    for (const number of lost) this.#partitions.delete(number)
    if (lost.length > 0) this.#options.onRevoked?.(lost)
    this.#take([...numbers].filter((number) => !this.#partitions.has(number)).sort((a, b) => a - b))
    this.#dependencies.events.rebalanced(this.#options.group, numbers.size)
    void this.#begin()
  }

  #take(numbers: readonly number[]): void {
    for (const number of numbers) this.#partitions.set(number, new OwnedPartition(number))
    if (numbers.length > 0) this.#options.onAssigned?.(numbers)
  }

  /**
   * Finds where to begin in new partitions, and whether those that stay are untouched: a claim that we do not know of
   * means that somebody had the partition meanwhile, and it begins anew. A join during this begins it afresh.
   */
  async #begin(): Promise<void> {
    const kept = [...this.#partitions.values()].filter(({ ready }) => ready)
    const fresh = [...this.#partitions.values()].filter(({ ready }) => !ready)
    const unsure = this.#options.mode === 'claim' ? kept : []
    for (const partition of kept) this.#goOn(partition)
    if (this.#closing || fresh.length + unsure.length === 0) return
    const { epoch } = this.#member
    const numbers = [...fresh, ...unsure].map(({ number }) => number)
    this.#member.pause(this.#topics, numbers)
    try {
      const positions = await this.#positions()
      if (epoch !== this.#member.epoch) return
      for (const partition of fresh) this.#beginAt(partition, positions)
      for (const partition of unsure) this.#goOnOrBegin(partition, positions)
    } catch (error) {
      if (epoch !== this.#member.epoch || this.#closing) return
      if (error instanceof BusError) return this.#dependencies.events.fatal(error)
      this.#askAgain = setTimeout(() => void this.#begin(), ASK_AGAIN_AFTER_MS)
    }
  }

  /** The library begins again at the committed offsets, in kept partitions too (F8): those go on where they were. */
  #goOn(partition: OwnedPartition): void {
    for (const topic of this.#topics) {
      const cursor = partition.cursor(topic)
      if (cursor !== undefined)
        this.#member.seek({ topic, partition: partition.number, offset: cursor.position })
    }
  }

  #goOnOrBegin(partition: OwnedPartition, positions: ReadonlyMap<string, Position>): void {
    const { number } = partition
    const touched = this.#roles.some(
      ({ topic, live }) =>
        live && positions.get(`${topic}/${number}`)?.committed !== partition.cursor(topic)?.committed,
    )
    if (!touched) {
      if (!this.#full) this.#member.resume(this.#topics, [number])
      return
    }
    this.#options.onRevoked?.([number])
    this.#take([number])
    this.#beginAt(this.#partitions.get(number) as OwnedPartition, positions)
  }

  #positions(): Promise<ReadonlyMap<string, Position>> {
    const { admin, now } = this.#dependencies
    const { group, mode, replay } = this.#options
    return findPositions(admin, {
      groupId: this.#settings.identity.prefix + group,
      roles: this.#roles,
      mode,
      replayFromMs: now() - (replay?.windowMs ?? 0),
    })
  }

  #beginAt(partition: OwnedPartition, positions: ReadonlyMap<string, Position>): void {
    const { number } = partition
    for (const topic of this.#topics) {
      const position = positions.get(`${topic}/${number}`)
      if (position === undefined) throw new BusError('topics', `${topic} has no partition ${number}`)
      partition.begin(topic, position)
      this.#member.seek({ topic, partition: number, offset: position.start })
    }
    if (partition.completeReplay()) this.#replayed(partition)
    else if (!this.#full) this.#member.resume(this.#topics, [number])
  }

  #replayed({ number }: OwnedPartition): void {
    this.#options.onReplayed?.(number)
    if (!this.#full) this.#member.resume(this.#topics, [number])
  }

  #roomy(): void {
    if (!this.#full || this.#closing) return
    this.#full = false
    const ready = [...this.#partitions.values()].filter((partition) => partition.ready)
    this.#member.resume(
      this.#topics,
      ready.map(({ number }) => number),
    )
  }

  async #batch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    const partition = this.#partitions.get(batch.partition)
    const cursor = partition?.cursor(batch.topic)
    if (partition === undefined || cursor === undefined) return
    if (Number(batch.highWatermark) < cursor.position)
      return this.#dependencies.events.fatal(
        new BusError(
          'failed',
          `${batch.topic}/${batch.partition} ends before what was read: records were lost`,
        ),
      )
    await this.#intake.take(partition, cursor, payload)
  }

  async #commit(): Promise<void> {
    if (this.#options.mode === 'claim') return
    const due = [...this.#partitions.values()].flatMap((partition) => partition.due())
    if (due.length === 0) return
    try {
      await this.#member.commit(due)
      for (const offset of due) this.#partitions.get(offset.partition)?.committed(offset)
    } catch {
      // A rebalance is under way: what is not committed is handed over again, which these stages allow.
    }
  }
}
