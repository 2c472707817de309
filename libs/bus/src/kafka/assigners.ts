import { hash } from 'node:crypto'
import { AssignerProtocol, type Assignment, type PartitionAssigner } from 'kafkajs'

const { MemberAssignment, MemberMetadata } = AssignerProtocol
const VERSION = 1
const NO_DATA = Buffer.alloc(0)

/**
 * Partition p of every topic goes to the same member, chosen by rendezvous hashing: a member that comes or goes
 * moves its own share only, and co-partitioned topics stay together. `onJoin` is called at the start of every
 * (re)join: from then on nothing is certain until the new assignment is known.
 */
export function coPartitioned(onJoin: () => void): PartitionAssigner {
  return ({ cluster }) => ({
    name: 'ipsmgw-rendezvous',
    version: VERSION,
    protocol({ topics }) {
      onJoin()
      return {
        name: 'ipsmgw-rendezvous',
        metadata: MemberMetadata.encode({ version: VERSION, topics, userData: NO_DATA }),
      }
    },
    async assign({ members, topics }) {
      const memberIds = members.map(({ memberId }) => memberId).sort()
      const assignments = new Map<string, Assignment>(memberIds.map((memberId) => [memberId, {}]))
      for (const topic of topics) {
        for (const { partitionId } of cluster.findTopicPartitionMetadata(topic)) {
          const assignment = assignments.get(ownerOf(partitionId, memberIds)) as Assignment
          const partitions = assignment[topic]
          if (partitions === undefined) assignment[topic] = [partitionId]
          else partitions.push(partitionId)
        }
      }
      return memberIds.map((memberId) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: VERSION,
          assignment: assignments.get(memberId) ?? {},
          userData: NO_DATA,
        }),
      }))
    },
  })
}

/** The member whose hash with the partition is the highest. */
export function ownerOf(partition: number, memberIds: readonly string[]): string {
  let owner = ''
  let highest = ''
  for (const memberId of memberIds) {
    const score = hash('sha1', `${partition}:${memberId}`, 'hex')
    if (owner === '' || score > highest) {
      owner = memberId
      highest = score
    }
  }
  return owner
}

/** One partition for the one member: a way back to exactly this process. */
export function onlyPartition(partition: number): PartitionAssigner {
  return () => ({
    name: 'ipsmgw-reply',
    version: VERSION,
    protocol: ({ topics }) => ({
      name: 'ipsmgw-reply',
      metadata: MemberMetadata.encode({ version: VERSION, topics, userData: NO_DATA }),
    }),
    async assign({ members, topics }) {
      const assignment: Assignment = Object.fromEntries(topics.map((topic) => [topic, [partition]]))
      return members.map(({ memberId }) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({ version: VERSION, assignment, userData: NO_DATA }),
      }))
    },
  })
}
