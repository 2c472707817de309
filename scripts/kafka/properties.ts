import type { KafkaOptions, SignOn } from './running.ts'

/** A node of a cluster as its settings know it. */
export interface NodeAddress {
  readonly id: number
  readonly port: number
  /** What it names as that to clients, when something is in between. */
  readonly advertisedPort: number | undefined
  readonly controllerPort: number
  /** Of the listeners that want to know their clients, in the order of `SIGN_ON_LISTENERS`. */
  readonly signOnPorts: readonly number[]
}

/** Names of the further listeners, and what each speaks. */
export const SIGN_ON_LISTENERS = {
  SASL: 'SASL_PLAINTEXT',
  SASL_TLS: 'SASL_SSL',
  TLS: 'SSL',
  MUTUAL_TLS: 'SSL',
} as const

const SCRAM = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const

/** `server.properties` of one node. */
export function serverProperties(
  node: NodeAddress,
  nodes: readonly NodeAddress[],
  directory: string,
  { users, signOn, properties = {} }: KafkaOptions,
): string {
  const listener = users === undefined ? 'PLAINTEXT' : 'SASL_PLAINTEXT'
  const further = signOn === undefined ? [] : Object.entries(SIGN_ON_LISTENERS)
  const addresses = (port: number) =>
    [
      `${listener}://127.0.0.1:${port}`,
      ...further.map(([name], index) => `${name}://127.0.0.1:${node.signOnPorts[index]}`),
    ].join(',')
  const protocols = [[listener, listener], ['CONTROLLER', 'PLAINTEXT'], ...further]
  const replicas = Math.min(3, nodes.length)
  return `process.roles=broker,controller
node.id=${node.id}
controller.quorum.voters=${nodes.map((n) => `${n.id}@127.0.0.1:${n.controllerPort}`).join(',')}
listeners=${addresses(node.port)},CONTROLLER://127.0.0.1:${node.controllerPort}
advertised.listeners=${addresses(node.advertisedPort ?? node.port)}
controller.listener.names=CONTROLLER
inter.broker.listener.name=${listener}
listener.security.protocol.map=${protocols.map((pair) => pair.join(':')).join(',')}
${users === undefined ? '' : authorization(users)}${signOn === undefined ? '' : signingOn(signOn)}log.dirs=${directory}
auto.create.topics.enable=false
offsets.topic.num.partitions=3
offsets.topic.replication.factor=${replicas}
transaction.state.log.replication.factor=${replicas}
transaction.state.log.min.isr=${Math.max(1, replicas - 1)}
share.coordinator.state.topic.replication.factor=${replicas}
share.coordinator.state.topic.min.isr=${Math.max(1, replicas - 1)}
group.initial.rebalance.delay.ms=0
group.coordinator.append.linger.ms=0
group.min.session.timeout.ms=1000
${Object.entries(properties)
  .map((pair) => `${pair.join('=')}\n`)
  .join('')}`
}

/** Further words for `StorageTool format`: SCRAM's secrets live in the cluster's metadata, not in a file. */
export function formatWords({ signOn }: Pick<KafkaOptions, 'signOn'>): string[] {
  return Object.entries(signOn?.users ?? {}).flatMap(([name, password]) =>
    SCRAM.flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${name},password=${password}]`]),
  )
}

function authorization(users: Readonly<Record<string, string>>): string {
  return `sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=${plainLogin(users, `username="admin" password="${users.admin}" `)}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:ANONYMOUS
`
}

function signingOn({ users, keyStoreFile, trustStoreFile }: SignOn): string {
  const sasl = ['sasl', 'sasl_tls'].flatMap((listener) => [
    `listener.name.${listener}.sasl.enabled.mechanisms=${['PLAIN', ...SCRAM].join(',')}`,
    `listener.name.${listener}.plain.sasl.jaas.config=${plainLogin(users)}`,
    ...SCRAM.map(
      (mechanism) =>
        `listener.name.${listener}.${mechanism.toLowerCase()}.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;`,
    ),
  ])
  const tls = ['sasl_tls', 'tls', 'mutual_tls'].flatMap((listener) => [
    `listener.name.${listener}.ssl.keystore.type=PEM`,
    `listener.name.${listener}.ssl.keystore.location=${keyStoreFile}`,
  ])
  return `${[...sasl, ...tls].join('\n')}
listener.name.mutual_tls.ssl.truststore.type=PEM
listener.name.mutual_tls.ssl.truststore.location=${trustStoreFile}
listener.name.mutual_tls.ssl.client.auth=required
`
}

function plainLogin(users: Readonly<Record<string, string>>, own = ''): string {
  const known = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`)
  return `org.apache.kafka.common.security.plain.PlainLoginModule required ${own}${known.join(' ')};`
}
