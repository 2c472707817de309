// Writes Strimzi's topics and users (k8s/kafka/topics.yaml, users.yaml) from the topics that the code has and from what
// each service reads and writes. `--check` writes nothing and fails when a file is not what the code says.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as events from '@ipsmgw/events'
import { MAXIMUM_RECORD_OCTETS, SIP_FINAL_PARTITIONS, TOPICS } from '@ipsmgw/events'
import { stringify } from 'yaml'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const prefix = 'ipsmgw.'
const cluster = 'ipsmgw-kafka'
const pipelinePartitions = 24
const labels = { 'strimzi.io/cluster': cluster, 'app.kubernetes.io/part-of': 'ipsmgw' }

const partitionsOf = {
  pipeline: pipelinePartitions,
  reply: SIP_FINAL_PARTITIONS,
  single: 1,
} as const

const topic = ({ name, retentionMs, partitioning }: (typeof TOPICS)[number]) => ({
  apiVersion: 'kafka.strimzi.io/v1',
  kind: 'KafkaTopic',
  metadata: { name: prefix + name, labels },
  spec: {
    partitions: partitionsOf[partitioning],
    replicas: 3,
    config: {
      'cleanup.policy': 'delete',
      'retention.ms': retentionMs,
      'segment.ms': 120_000,
      'min.insync.replicas': 2,
      'unclean.leader.election.enable': false,
      'max.message.bytes': MAXIMUM_RECORD_OCTETS,
      'message.timestamp.type': 'CreateTime',
    },
  },
})

/** What a service does with the bus, read from its source: the names of the topics, without prefix. */
interface Use {
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  readonly groups: readonly { readonly name: string; readonly patternType: 'literal' | 'prefix' }[]
}

const topicNames = new Map(
  Object.entries(events).flatMap(([variable, value]) =>
    typeof value === 'object' && 'retentionMs' in value ? [[variable, value.name] as const] : [],
  ),
)

function usesOf(service: string): Use {
  const folder = join(root, 'services', service, 'src')
  const source = readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
  const found = (pattern: RegExp) =>
    [
      ...new Set(
        [...source.matchAll(pattern)].flatMap(([, variable]) => topicNames.get(variable ?? '') ?? []),
      ),
    ].sort()
  const replies = found(/\.replies\(\s*(\w+)/g)
  const groups = [...source.matchAll(/group: ['`]([^'`]+)['`]/g)].map(([, text = '']) => {
    const fixed = text.replace(/\$\{.*$/, '')
    return { name: prefix + fixed, patternType: fixed === text ? ('literal' as const) : ('prefix' as const) }
  })
  return {
    reads: [...found(/\b(?:on|from)\(\s*(\w+)/g), ...replies],
    // Every service writes dead letters; who waits for replies proves the way with a record of its own.
    writes: [...found(/\.publish\(\s*(\w+)/g), ...replies, events.deadLetter.name],
    groups: [
      ...groups,
      ...replies.map((name) => ({ name: `${prefix}${name}.`, patternType: 'prefix' as const })),
    ],
  }
}

const allow = (type: string, name: string, patternType: string, operations: readonly string[]) => ({
  resource: { type, name, patternType },
  operations,
})

function user(service: string) {
  const { reads, writes, groups } = usesOf(service)
  return {
    apiVersion: 'kafka.strimzi.io/v1',
    kind: 'KafkaUser',
    metadata: { name: `ipsmgw-${service}`, labels },
    spec: {
      authentication: { type: 'tls' },
      authorization: {
        type: 'simple',
        acls: [
          // Each service looks at all topics when it starts, and refuses to run when one does not fit.
          allow('topic', prefix, 'prefix', ['Describe', 'DescribeConfigs']),
          ...reads.map((name) => allow('topic', prefix + name, 'literal', ['Read'])),
          ...writes.map((name) => allow('topic', prefix + name, 'literal', ['Write'])),
          ...groups.map(({ name, patternType }) => allow('group', name, patternType, ['Read'])),
        ],
      },
    },
  }
}

/** KEDA reads how far the groups are behind. */
const kedaUser = {
  apiVersion: 'kafka.strimzi.io/v1',
  kind: 'KafkaUser',
  metadata: { name: 'ipsmgw-keda', labels },
  spec: {
    authentication: { type: 'tls' },
    authorization: {
      type: 'simple',
      acls: [allow('topic', prefix, 'prefix', ['Describe']), allow('group', prefix, 'prefix', ['Describe'])],
    },
  },
}

export const services = ['sip-ingress', 'im-to-sms', 'hss-routing', 'sm-delivery', 'correlation', 'records']

const header = '# Generated from the code by scripts/kafka-objects.ts: do not edit.\n'
const yaml = (objects: readonly object[]) =>
  header + objects.map((it) => `---\n${stringify(it, { aliasDuplicateObjects: false })}`).join('')

const files: Readonly<Record<string, () => string>> = {
  'topics.yaml': () => yaml(TOPICS.map(topic)),
  'users.yaml': () => yaml([...services.map(user), kedaUser]),
}

const check = process.argv.includes('--check')
for (const [name, make] of Object.entries(files)) {
  const path = join(root, 'k8s', 'kafka', name)
  const wanted = make()
  if (!check) writeFileSync(path, wanted)
  else if (readFileSync(path, 'utf8') !== wanted) {
    console.error(`k8s/kafka/${name} is not what the code says; run: node scripts/kafka-objects.ts`)
    process.exitCode = 1
  }
}
