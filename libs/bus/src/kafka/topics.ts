import { SIP_FINAL_PARTITIONS, type Topic } from '@ipsmgw/events'
import type { Admin } from 'kafkajs'
import { BusError } from '../bus.ts'

export interface TopicPlan {
  readonly topics: readonly Pick<Topic<unknown>, 'name' | 'partitioning' | 'retentionMs'>[]
  readonly prefix: string
  /** Of pipeline topics. */
  readonly partitions: number
  readonly replicationFactor: number
  /** Make what is missing. What is there is never changed. */
  readonly create: boolean
}

type PlannedTopic = TopicPlan['topics'][number]

/** One topic as it was found, or made. */
export interface TopicState {
  /** The broker's name. */
  readonly name: string
  readonly state: 'created' | 'ok' | 'missing' | 'wrong'
  /** What does not fit, in words; empty unless missing or wrong. */
  readonly problems: readonly string[]
  /** What works and is dangerous. */
  readonly warnings: readonly string[]
}

/** Kafka's number for a topic among the resources that have a configuration. */
const TOPIC_RESOURCE = 2
/** Deletion works on closed segments only, so a short retention needs short segments. */
const SEGMENT_MS = 120_000

/** Makes what is missing (if allowed) and looks at everything that is there. Throws what the broker throws. */
export async function checkTopics(admin: Admin, plan: TopicPlan): Promise<TopicState[]> {
  const existing = new Set(await admin.listTopics())
  const missing = plan.topics.filter((topic) => !existing.has(plan.prefix + topic.name))
  const made = plan.create ? missing : []
  if (made.length > 0) await create(admin, made, plan)
  const present = plan.topics.filter((topic) => plan.create || !missing.includes(topic))
  const [counts, configs] = present.length === 0 ? [] : await describe(admin, present, plan)
  return plan.topics.map((topic) => {
    const name = plan.prefix + topic.name
    if (!present.includes(topic)) return { name, state: 'missing', problems: ['is missing'], warnings: [] }
    const config = configs?.get(name)
    const problems = problemsOf(topic, counts?.get(name)?.partitions ?? 0, config, plan)
    const state = problems.length > 0 ? 'wrong' : made.includes(topic) ? 'created' : 'ok'
    return { name, state, problems, warnings: warningsOf(counts?.get(name)?.replicas ?? 1, config) }
  })
}

/** One error that names everything that does not fit; undefined when all does. */
export function topicsError(states: readonly TopicState[]): BusError | undefined {
  const problems = states.flatMap(({ name, problems }) => problems.map((problem) => `${name} ${problem}`))
  if (problems.length === 0) return undefined
  return new BusError(
    'topics',
    `Kafka's topics do not fit: ${problems.join('; ')}. \`ipsmgw topics --create\` makes what is missing.`,
  )
}

function partitionsOf(topic: PlannedTopic, plan: TopicPlan): number {
  switch (topic.partitioning) {
    case 'pipeline':
      return plan.partitions
    case 'reply':
      return SIP_FINAL_PARTITIONS
    case 'single':
      return 1
  }
}

async function create(admin: Admin, topics: readonly PlannedTopic[], plan: TopicPlan): Promise<void> {
  await admin.createTopics({
    waitForLeaders: true,
    topics: topics.map((topic) => ({
      topic: plan.prefix + topic.name,
      numPartitions: partitionsOf(topic, plan),
      replicationFactor: plan.replicationFactor,
      configEntries: [
        { name: 'cleanup.policy', value: 'delete' },
        { name: 'retention.ms', value: String(topic.retentionMs) },
        { name: 'min.insync.replicas', value: String(Math.max(1, plan.replicationFactor - 1)) },
        { name: 'unclean.leader.election.enable', value: 'false' },
        { name: 'segment.ms', value: String(SEGMENT_MS) },
      ],
    })),
  })
}

type Config = ReadonlyMap<string, string>
interface Size {
  readonly partitions: number
  /** Of the partition that has the fewest. */
  readonly replicas: number
}

async function describe(
  admin: Admin,
  topics: readonly PlannedTopic[],
  { prefix }: TopicPlan,
): Promise<[ReadonlyMap<string, Size>, ReadonlyMap<string, Config>]> {
  const names = topics.map((topic) => prefix + topic.name)
  const resources = names.map((name) => ({ type: TOPIC_RESOURCE, name }))
  const [metadata, described] = await Promise.all([
    admin.fetchTopicMetadata({ topics: names }),
    admin.describeConfigs({ resources, includeSynonyms: false }),
  ])
  const sizes = metadata.topics.map(({ name, partitions }): [string, Size] => [
    name,
    {
      partitions: partitions.length,
      replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    },
  ])
  const configs = described.resources.map(({ resourceName, configEntries }): [string, Config] => [
    resourceName,
    new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
  ])
  return [new Map(sizes), new Map(configs)]
}

/** Equal partition counts are what makes equal keys meet: another count is refused, not worked around. */
function problemsOf(
  topic: PlannedTopic,
  partitions: number,
  config: Config | undefined,
  plan: TopicPlan,
): string[] {
  const problems: string[] = []
  const wanted = partitionsOf(topic, plan)
  if (partitions !== wanted) problems.push(`has ${partitions} partitions, ${wanted} are configured`)
  const retentionMs = Number(config?.get('retention.ms') ?? topic.retentionMs)
  // -1 keeps for ever, which loses nothing.
  if (retentionMs >= 0 && retentionMs < topic.retentionMs)
    problems.push(`keeps records for ${retentionMs} ms, ${topic.retentionMs} are needed`)
  if (config?.get('cleanup.policy')?.includes('compact'))
    problems.push('is compacted, which removes records that a takeover reads again')
  return problems
}

function warningsOf(replicas: number, config: Config | undefined): string[] {
  const warnings: string[] = []
  if (replicas < 2) warnings.push('has one replica: a lost broker loses records')
  if (replicas > 1 && Number(config?.get('min.insync.replicas') ?? 1) < 2)
    warnings.push('acknowledges with one replica in sync (min.insync.replicas)')
  if (config?.get('unclean.leader.election.enable') === 'true')
    warnings.push('may elect a leader that has lost records (unclean.leader.election.enable)')
  if (Number(config?.get('retention.ms')) === -1) warnings.push('keeps personal data for ever (retention.ms)')
  return warnings
}
