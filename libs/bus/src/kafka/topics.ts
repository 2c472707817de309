import type { Topic } from '@ipsmgw/events'
import type { Admin } from 'kafkajs'
import { BusError } from '../bus.ts'

/** Partitions of reply topics: one per sip-ingress replica at the most. */
const REPLY_PARTITIONS = 32

export interface TopicPlan {
  readonly prefix: string
  readonly partitions: number
  readonly create: boolean
  readonly replicationFactor: number
}

type AnyTopic = Pick<Topic<unknown>, 'name' | 'partitioning' | 'retentionMs'>

/** Makes what is missing (if allowed) and checks what is there; one error names everything that is wrong. */
export async function ensureTopics(
  admin: Admin,
  topics: readonly AnyTopic[],
  plan: TopicPlan,
): Promise<void> {
  const existing = new Set(await admin.listTopics())
  const missing = topics.filter((topic) => !existing.has(plan.prefix + topic.name))
  if (missing.length > 0 && plan.create) await create(admin, missing, plan)
  const problems = plan.create ? [] : missing.map((topic) => `${plan.prefix}${topic.name} is missing`)
  const present = topics.filter((topic) => plan.create || existing.has(plan.prefix + topic.name))
  if (present.length > 0) problems.push(...(await wrongPartitions(admin, present, plan)))
  if (problems.length > 0)
    throw new BusError(
      'topics',
      `Kafka's topics do not fit: ${problems.join('; ')}. Make them, or set createTopics.`,
    )
}

function partitionsOf(topic: AnyTopic, plan: TopicPlan): number {
  switch (topic.partitioning) {
    case 'pipeline':
      return plan.partitions
    case 'reply':
      return REPLY_PARTITIONS
    case 'single':
      return 1
  }
}

async function create(admin: Admin, topics: readonly AnyTopic[], plan: TopicPlan): Promise<void> {
  await admin.createTopics({
    waitForLeaders: true,
    topics: topics.map((topic) => ({
      topic: plan.prefix + topic.name,
      numPartitions: partitionsOf(topic, plan),
      replicationFactor: plan.replicationFactor,
      configEntries: [
        { name: 'retention.ms', value: String(topic.retentionMs) },
        { name: 'min.insync.replicas', value: String(Math.max(1, plan.replicationFactor - 1)) },
        { name: 'unclean.leader.election.enable', value: 'false' },
        { name: 'segment.ms', value: '120000' },
      ],
    })),
  })
}

/** Equal partition counts are what makes equal keys meet: another count is refused, not worked around. */
async function wrongPartitions(
  admin: Admin,
  topics: readonly AnyTopic[],
  plan: TopicPlan,
): Promise<string[]> {
  const { topics: found } = await admin.fetchTopicMetadata({
    topics: topics.map((topic) => plan.prefix + topic.name),
  })
  return topics.flatMap((topic) => {
    const name = plan.prefix + topic.name
    const count = found.find((entry) => entry.name === name)?.partitions.length ?? 0
    const wanted = partitionsOf(topic, plan)
    return count === wanted ? [] : [`${name} has ${count} partitions, ${wanted} are configured`]
  })
}
