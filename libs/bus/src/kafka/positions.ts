import type { Admin } from 'kafkajs'

/** Where the records of one partition of one topic stand when it becomes ours. */
export interface Position {
  /** First offset that is read. */
  readonly start: number
  /** Records from here on are handed over; older ones were somebody's and only rebuild state. */
  readonly liveFrom: number
  /** Records before this must be applied before anything live is handed over. */
  readonly replayUntil: number
  /** What the group has committed; negative when it has nothing. */
  readonly committed: number
}

export interface TopicRole {
  readonly topic: string
  readonly live: boolean
  readonly replayed: boolean
}

/** What the broker says about one partition. */
export interface PartitionOffsets {
  readonly low: number
  readonly high: number
  /** -1: nothing was ever committed. -2: the library has reset it after OffsetOutOfRange (F9). */
  readonly committed: number
  /** First record inside the replay window; negative when there is none. */
  readonly windowBegin: number
}

/** The group's stored offset, when nothing has been committed. */
const NOTHING_COMMITTED = -1

/**
 * Where to begin. An offset that the log has never reached, or that was reset, means that the brokers have forgotten
 * something: then claims start behind everything there is, because what was handed over before is not known any more
 * and a message not sent is found out, while one sent twice is not.
 */
export function positionOf(
  offsets: PartitionOffsets,
  role: TopicRole,
  mode: 'at-least-once' | 'claim',
): Position {
  const { low, high, committed, windowBegin } = offsets
  const forgotten = committed > high || committed < NOTHING_COMMITTED
  const next = forgotten ? (mode === 'claim' ? high : low) : Math.max(committed, low)
  const liveFrom = role.live ? next : Number.MAX_SAFE_INTEGER
  if (!role.replayed) return { start: liveFrom, liveFrom, replayUntil: 0, committed }
  const begin = windowBegin < 0 ? high : windowBegin
  return {
    start: Math.max(low, Math.min(begin, liveFrom)),
    liveFrom,
    replayUntil: Math.min(liveFrom, high),
    committed,
  }
}

export interface PositionQuery {
  readonly groupId: string
  readonly roles: readonly TopicRole[]
  readonly mode: 'at-least-once' | 'claim'
  /** Replay begins at records of this time, Unix milliseconds. */
  readonly replayFromMs: number
}

/** Positions of all partitions of each topic, by `topic/partition`. */
export async function findPositions(
  admin: Admin,
  { groupId, roles, mode, replayFromMs }: PositionQuery,
): Promise<ReadonlyMap<string, Position>> {
  const committed = await admin.fetchOffsets({ groupId, topics: roles.map(({ topic }) => topic) })
  const positions = new Map<string, Position>()
  const findTopic = async (role: TopicRole) => {
    const { topic } = role
    const [ends, begins] = await Promise.all([
      admin.fetchTopicOffsets(topic),
      role.replayed ? admin.fetchTopicOffsetsByTimestamp(topic, replayFromMs) : [],
    ])
    const stored = committed.find((entry) => entry.topic === topic)?.partitions ?? []
    for (const { partition, low, high } of ends) {
      const offsetIn = (list: readonly { partition: number; offset: string }[]) =>
        Number(list.find((entry) => entry.partition === partition)?.offset ?? NOTHING_COMMITTED)
      const offsets = {
        low: Number(low),
        high: Number(high),
        committed: offsetIn(stored),
        windowBegin: offsetIn(begins),
      }
      positions.set(`${topic}/${partition}`, positionOf(offsets, role, mode))
    }
  }
  await Promise.all(roles.map(findTopic))
  return positions
}
