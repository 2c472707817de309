import { kafkaSchema } from '@ipsmgw/bus'
import { policySchema } from '@ipsmgw/policy'
import Type, { type TSchema } from 'typebox'
import { configSections } from './components.ts'

const closed = { additionalProperties: false } as const
const text = (description: string) => Type.String({ description })
const list = (description: string) => Type.Array(Type.String(), { description })
const map = (description: string) => Type.Record(Type.String(), Type.String(), { description })
const count = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum })
const anything = (description: string) => Type.Unsafe<object>({ type: 'object', description })
const things = (description: string) => Type.Array(anything('a Kubernetes object'), { description })
const cidr = Type.String({
  pattern: '^[0-9a-fA-F.:]+/[0-9]{1,3}$',
  description: 'address block, e.g. 192.0.2.0/24',
})

const number = Type.String({ pattern: '^\\+[0-9]{5,15}$', description: 'international, with +' })

const version = Type.String({
  pattern: '^[\\w.-]*$',
  not: { const: 'latest' },
  description: 'a version; latest names none and is refused',
})

type Json = { [key: string]: Json } | Json[] | string | number | boolean | null

/**
 * A section of a service's settings as values: what the service has a default for need not be given. With `lenient`
 * nothing need be given, for overrides.
 */
function asValues(schema: unknown, lenient: boolean): Json {
  if (Array.isArray(schema)) return schema.map((it) => asValues(it, lenient))
  if (typeof schema !== 'object' || schema === null) return schema as Json
  const result: Record<string, Json> = {}
  for (const [key, value] of Object.entries(schema)) result[key] = asValues(value, lenient)
  const properties = (schema as { properties?: Record<string, object> }).properties
  if (Array.isArray(result.required) && properties !== undefined) {
    const required = result.required.filter(
      (name) =>
        !lenient &&
        properties[name as string] !== undefined &&
        !('default' in (properties[name as string] as object)),
    )
    if (required.length === 0) delete result.required
    else result.required = required
  }
  delete result.default
  return result
}

const asSchema = (schema: TSchema) => Type.Unsafe<object>(asValues(schema, false) as TSchema)

/** Sections that components complete by what is their own (addresses per ordinal). */
const shared = new Set(['sigtran'])

const sections = (lenient: boolean) => {
  const properties = Object.entries(configSections()).map(([name, schema]) => [
    name,
    asValues(schema, lenient || shared.has(name)),
  ])
  return Type.Unsafe<object>({
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(properties),
  })
}

const image = Type.Object(
  {
    tag: version,
    digest: Type.String({ pattern: '^(sha256:[0-9a-f]{64})?$', description: 'sha256:...' }),
  },
  closed,
)

const quantities = Type.Object(
  {
    cpu: Type.Union([Type.String(), Type.Number()], { description: 'cores, e.g. 500m' }),
    memory: Type.String({ pattern: '^[0-9]+(Ki|Mi|Gi)$', description: 'e.g. 512Mi' }),
  },
  closed,
)

const autoscaling = Type.Object(
  {
    mode: Type.Enum(['none', 'hpa', 'keda']),
    minReplicas: count(1, 32),
    maxReplicas: count(1, 32),
    cpuPercent: count(10, 95),
    inFlightPerReplica: count(1, 1_000_000),
    inFlightUtilisation: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
    lagThreshold: count(1, 1_000_000),
  },
  closed,
)

const component = {
  replicas: Type.Integer({
    minimum: 1,
    maximum: 32,
    description: 'at most 32: reply partitions and identities',
  }),
  image,
  minReadySeconds: count(0, 600),
  terminationGracePeriodSeconds: Type.Integer({ minimum: 10, maximum: 600 }),
  heapMegabytes: count(64, 65_536),
  resources: Type.Object({ requests: quantities, limits: quantities }, closed),
  autoscaling,
  podDisruptionBudget: Type.Object({ enabled: Type.Boolean() }, closed),
  podAnnotations: map('annotations of the pods'),
  podLabels: map('labels of the pods'),
  networks: list('Multus networks'),
  nodeSelector: map('node labels'),
  tolerations: things('tolerations'),
  affinity: anything('affinity'),
  extraEnv: things('environment variables'),
  extraVolumes: things('volumes'),
  extraVolumeMounts: things('volume mounts'),
  config: sections(true),
  networkPolicy: Type.Object({ ingress: things('rules'), egress: things('rules') }, closed),
}

const sipService = Type.Object(
  {
    type: Type.Enum(['LoadBalancer', 'ClusterIP']),
    annotations: map('annotations'),
    loadBalancerClass: text('implementation'),
    sourceRanges: Type.Array(cidr),
    nodePorts: Type.Boolean(),
    perPod: Type.Boolean(),
  },
  closed,
)

const { brokers, prefix, partitions, createTopics, replicationFactor, sessionTimeoutMs } =
  kafkaSchema.properties
const kafka = Type.Object(
  {
    ...{ brokers, prefix, partitions, createTopics, replicationFactor, sessionTimeoutMs },
    tls: Type.Object(
      { enabled: Type.Boolean(), caSecret: text('Secret with the CA'), caKey: Type.String({ minLength: 1 }) },
      closed,
    ),
    authentication: Type.Enum(['none', 'tls', 'plain', 'scram-sha-256', 'scram-sha-512']),
    payloadKeys: Type.Object(
      { existingSecret: text('Secret'), keys: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }) },
      closed,
    ),
    userSecret: Type.String({
      minLength: 1,
      description: '{component} stands for the name of the component',
    }),
  },
  closed,
)

const networkPolicy = Type.Object(
  {
    enabled: Type.Boolean(),
    monitoring: things('peers'),
    kafka: Type.Object({ ports: Type.Array(count(1, 65_535)), to: things('peers') }, closed),
    sipPeers: Type.Array(cidr),
    diameterPeers: Type.Array(cidr),
    diameterPort: count(1, 65_535),
    sigtranPeers: Type.Array(cidr),
    sigtranPort: count(1, 65_535),
    sctp: Type.Boolean(),
    tracing: Type.Object({ port: count(1, 65_535), to: things('peers') }, closed),
  },
  closed,
)

const monitoring = Type.Object(
  {
    labels: map('labels'),
    interval: Type.String({ pattern: '^[0-9]+(ms|s|m)$' }),
    podMonitor: Type.Object({ enabled: Type.Boolean() }, closed),
    rules: Type.Object({ enabled: Type.Boolean() }, closed),
    runbooks: Type.String({ minLength: 1, pattern: '[^/]$' }),
    dashboards: Type.Object({ enabled: Type.Boolean(), labels: map('labels') }, closed),
  },
  closed,
)

const tlsSecret = {
  existingSecret: text('Secret'),
  certificateKey: Type.String({ minLength: 1 }),
  keyKey: Type.String({ minLength: 1 }),
  authoritiesKey: Type.String({ minLength: 1 }),
}
const tls = Type.Object(
  {
    sip: Type.Object({ ...tlsSecret, port: count(1_024, 65_535), only: Type.Boolean() }, closed),
    diameter: Type.Object(tlsSecret, closed),
  },
  closed,
)

/** Schema of the chart's values: what the chart adds, and the sections of the services' own configuration. */
export const valuesSchema: TSchema = Type.Object(
  {
    global: Type.Optional(anything('values of a parent chart')),
    nameOverride: text('overrides the name'),
    fullnameOverride: text('replaces the name'),
    image: Type.Object(
      {
        registry: text('registry'),
        repository: Type.String({ minLength: 1 }),
        tag: version,
        pullPolicy: Type.Enum(['Always', 'IfNotPresent', 'Never']),
        pullSecrets: list('Secrets'),
      },
      closed,
    ),
    logLevel: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    priorityClassName: text('PriorityClass'),
    hostUsers: Type.Boolean(),
    ipFamilyPolicy: Type.Enum(['SingleStack', 'PreferDualStack', 'RequireDualStack']),
    preStopSeconds: count(1, 60),
    secretChecksum: text('hash of your Secrets'),
    topologySpread: Type.Object(
      { whenUnsatisfiable: Type.Enum(['ScheduleAnyway', 'DoNotSchedule']) },
      closed,
    ),
    http: Type.Object({ host: Type.String({ minLength: 2 }) }, closed),
    kafka: asSchema(kafka),
    keys: Type.Object({ existingSecret: text('Secret'), key: Type.String({ minLength: 1 }) }, closed),
    policy: Type.Object({ existingConfigMap: text('ConfigMap'), document: asSchema(policySchema) }, closed),
    tls,
    config: sections(false),
    sipIngress: Type.Object({ ...component, service: sipService }, closed),
    imToSms: Type.Object(component, closed),
    hssRouting: Type.Object(component, closed),
    smDelivery: Type.Object(component, closed),
    correlation: Type.Object(component, closed),
    records: Type.Object(component, closed),
    lab: Type.Object({ ...component, enabled: Type.Boolean(), senders: Type.Array(cidr) }, closed),
    cli: Type.Object({ image }, closed),
    tests: Type.Object({ enabled: Type.Boolean(), mscRecipient: number, mmeRecipient: number }, closed),
    networkPolicy,
    tracing: Type.Object(
      {
        endpoint: Type.String({ pattern: '^(https?://.+)?$' }),
        ratio: Type.Number({ minimum: 0, maximum: 1 }),
      },
      closed,
    ),
    keda: Type.Object(
      {
        prometheusAddress: Type.String({ pattern: '^(https?://.+)?$' }),
        kafkaAuthentication: text('TriggerAuthentication'),
      },
      closed,
    ),
    monitoring,
  },
  closed,
)
