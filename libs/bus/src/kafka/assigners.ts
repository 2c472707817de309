import { hash } from 'node:crypto'
import { AssignerProtocol, type Assignment, type PartitionAssigner } from 'kafkajs'

const { MemberAssignment, MemberMetadata } = AssignerProtocol
const VERSION = 1
const NO_DATA = Buffer.alloc(0)

/** A member of a group, by what it calls itself and by what the coordinator calls it. */
export interface NamedMember {
  readonly memberId: string
  readonly name: string
}

/**
 * Partition p of every topic goes to the same member (`shareOut`), so co-partitioned topics stay together. `onJoin` is
 * called at the start of every (re)join: from then on nothing is certain until the new assignment is known.
 */
export function coPartitioned(name: string, onJoin: () => void): PartitionAssigner {
  return ({ cluster }) => ({
    name: 'ipsmgw-rendezvous',
    version: VERSION,
    protocol({ topics }) {
      onJoin()
      return {
        name: 'ipsmgw-rendezvous',
        metadata: MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.from(name) }),
      }
    },
    async assign({ members, topics }) {
      const partitions = new Map(
        topics.map((topic) => [
          topic,
          cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId),
        ]),
      )
      const owners = shareOut(
        [...new Set([...partitions.values()].flat())],
        members.map(({ memberId, memberMetadata }) => ({ memberId, name: nameIn(memberMetadata) })),
      )
      return members.map(({ memberId }) => {
        const assignment: Assignment = {}
        for (const [topic, numbers] of partitions)
          assignment[topic] = numbers.filter((number) => owners.get(number) === memberId)
        return { memberId, memberAssignment: encode(assignment) }
      })
    },
  })
}

/**
 * Who gets which partition: pairs of member and partition in the order of their hash, as long as both have room. Names
 * outlast restarts, so a restarted member gets its own back; one that comes or goes moves its share and little else;
 * shares differ by one at most.
 */
export function shareOut(
  partitions: readonly number[],
  members: readonly NamedMember[],
): ReadonlyMap<number, string> {
  const share = Math.floor(partitions.length / Math.max(1, members.length))
  let extra = partitions.length - share * members.length
  const names = members.map(({ name }) => name)
  const pairs = members.flatMap(({ memberId, name }) => {
    // Replicas that call themselves the same are told apart by what the coordinator calls them.
    const hashed = name === '' || names.indexOf(name) !== names.lastIndexOf(name) ? memberId : name
    return partitions.map((partition) => ({
      partition,
      memberId,
      score: hash('sha1', `${partition}:${hashed}`, 'hex'),
    }))
  })
  pairs.sort((a, b) => (a.score < b.score ? 1 : -1))
  const owners = new Map<number, string>()
  const counts = new Map<string, number>()
  for (const { partition, memberId } of pairs) {
    const count = counts.get(memberId) ?? 0
    if (owners.has(partition) || count > share || (count === share && extra === 0)) continue
    if (count === share) extra--
    owners.set(partition, memberId)
    counts.set(memberId, count + 1)
  }
  return owners
}

/** One partition for the one member: a way back to exactly this process. */
export function onlyPartition(partition: number, onJoin: () => void): PartitionAssigner {
  return () => ({
    name: 'ipsmgw-reply',
    version: VERSION,
    protocol({ topics }) {
      onJoin()
      return {
        name: 'ipsmgw-reply',
        metadata: MemberMetadata.encode({ version: VERSION, topics, userData: NO_DATA }),
      }
    },
    async assign({ members, topics }) {
      const memberAssignment = encode(Object.fromEntries(topics.map((topic) => [topic, [partition]])))
      return members.map(({ memberId }) => ({ memberId, memberAssignment }))
    },
  })
}

function encode(assignment: Assignment): Buffer {
  return MemberAssignment.encode({ version: VERSION, assignment, userData: NO_DATA })
}

function nameIn(memberMetadata: Buffer): string {
  return MemberMetadata.decode(memberMetadata)?.userData.toString() ?? ''
}
