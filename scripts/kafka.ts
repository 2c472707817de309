// Starts a real Apache Kafka for tests and for a laptop: KAFKA_BROKERS if set, else Docker, else the broker's own
// jars from Maven Central on Java 17. `npm run kafka -- --help` tells more.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const pom = join(root, 'test', 'interop', 'kafka', 'pom.xml')
const readyTimeoutMs = 60_000

/** A running Kafka. */
export interface RunningKafka {
  /** For clients: `host:port`, several with commas. */
  readonly brokers: string
  stop(): Promise<void>
  /** As a crash: no goodbye. */
  kill(index?: number): void
  restart(index?: number): void
  /** Its connections stay and nothing is heard on them, until it thaws. */
  freeze(index?: number): void
  thaw(index?: number): void
}

export interface KafkaOptions {
  readonly port?: number
  /** 1 or 3. */
  readonly nodes?: number
  /**
   * Passwords by user name: the brokers ask for SASL PLAIN and let nobody do anything that no ACL allows, `admin`
   * apart. Needs Java.
   */
  readonly users?: Readonly<Record<string, string>>
  /** Where progress is told. */
  readonly out?: NodeJS.WritableStream
}

interface BrokerNode {
  readonly id: number
  readonly port: number
  readonly controllerPort: number
  readonly properties: string
  process?: ChildProcess
  output: string
}

const HELP = `npm run kafka [-- options]

Starts one Kafka broker on 127.0.0.1 and prints the line to export. Ctrl-C stops it and removes its data.

  KAFKA_BROKERS set   nothing is started, the brokers are checked
  Docker engine       the image apache/kafka
  else                Kafka's jars from Maven Central, with Java 17 and mvn

Options
  --port N    port of the (first) broker, default: any free one
  --nodes N   1 or 3 brokers (3: replicated topics; needs Java)
  --help`

/** The broker version, written once: in the pom. */
const kafkaVersion = () =>
  /kafka_2\.13<\/artifactId>\s*<version>([^<]+)</.exec(readFileSync(pom, 'utf8'))?.[1]

const say = (out: NodeJS.WritableStream | undefined, text: string) => void out?.write(`${text}\n`)

function missing(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status !== 0
}

async function freePorts(count: number): Promise<number[]> {
  const servers: ReturnType<typeof createServer>[] = []
  for (let i = 0; i < count; i++) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    servers.push(server)
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
    socket.setTimeout(2_000, () => {
      socket.destroy()
      resolve(false)
    })
  })
}

function notOurs(): never {
  throw new Error(
    'the brokers in KAFKA_BROKERS belong to somebody: unset it, and one is started to be broken',
  )
}

async function checkGiven(brokers: string): Promise<RunningKafka> {
  for (const broker of brokers.split(',')) {
    const [host = '', port] = broker.split(':')
    if (await canConnect(host, Number(port)))
      return {
        brokers,
        stop: async () => {},
        kill: notOurs,
        restart: notOurs,
        freeze: notOurs,
        thaw: notOurs,
      }
  }
  throw new Error(`KAFKA_BROKERS=${brokers}: none of them answers. Unset it, or start them.`)
}

/** Class path of the broker, resolved by Maven once and remembered until the pom changes. */
function classPath(out: NodeJS.WritableStream | undefined): string {
  const cache = join(root, 'node_modules', '.cache', 'kafka')
  const file = join(cache, 'classpath.txt')
  if (existsSync(file) && statSync(file).mtimeMs > statSync(pom).mtimeMs) {
    const known = readFileSync(file, 'utf8')
    if (known.split(':').every((jar) => existsSync(jar))) return known
  }
  say(out, `Fetching Apache Kafka ${kafkaVersion()} from Maven Central (once) ...`)
  mkdirSync(cache, { recursive: true })
  const maven = spawnSync(
    'mvn',
    ['-q', '-B', '-f', pom, 'dependency:build-classpath', `-Dmdep.outputFile=${file}`],
    { encoding: 'utf8' },
  )
  if (maven.status !== 0) throw new Error(`Maven could not fetch Kafka:\n${maven.stdout}${maven.stderr}`)
  return readFileSync(file, 'utf8')
}

function serverProperties(
  node: Pick<BrokerNode, 'id' | 'port' | 'controllerPort'>,
  nodes: readonly Pick<BrokerNode, 'id' | 'controllerPort'>[],
  directory: string,
  users: KafkaOptions['users'],
): string {
  const listener = users === undefined ? 'PLAINTEXT' : 'SASL_PLAINTEXT'
  const replicas = Math.min(3, nodes.length)
  return `process.roles=broker,controller
node.id=${node.id}
controller.quorum.voters=${nodes.map((n) => `${n.id}@127.0.0.1:${n.controllerPort}`).join(',')}
listeners=${listener}://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}
advertised.listeners=${listener}://127.0.0.1:${node.port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=${listener}
listener.security.protocol.map=${listener}:${listener},CONTROLLER:PLAINTEXT
${users === undefined ? '' : authorization(users)}log.dirs=${directory}
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
`
}

function authorization(users: Readonly<Record<string, string>>): string {
  const known = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`)
  return `sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="${users.admin}" ${known.join(' ')};
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:ANONYMOUS
`
}

const LOG4J = `Configuration:
  status: error
  Appenders:
    Console: { name: console, PatternLayout: { pattern: "%d %p %c{1} %m%n" } }
  Loggers:
    Root: { level: warn, AppenderRef: { ref: console } }
`

async function startJava({ port, nodes: count = 1, users, out }: KafkaOptions): Promise<RunningKafka> {
  if (missing('java', ['-version']) || missing('mvn', ['--version']))
    throw new Error(
      'Kafka needs Java 17 and Maven here: apt-get install openjdk-17-jre-headless maven (or set KAFKA_BROKERS, or start Docker)',
    )
  const path = classPath(out)
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-kafka-'))
  const logging = join(folder, 'log4j2.yaml')
  writeFileSync(logging, LOG4J)
  const nodes = await prepareNodes(count, port, folder, path, users)
  const brokers = nodes.map((node) => `127.0.0.1:${node.port}`).join(',')
  say(out, `Starting ${count === 1 ? 'a broker' : `${count} brokers`} on ${brokers} ...`)
  for (const node of nodes) runBroker(node, path, logging)
  const stop = async () => {
    await Promise.all(nodes.map(stopBroker))
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await untilReady(nodes)
  } catch (error) {
    await stop()
    throw error
  }
  const nodeAt = (index: number): BrokerNode => {
    const node = nodes[index]
    if (node === undefined) throw new RangeError(`there is no broker ${index}`)
    return node
  }
  return {
    brokers,
    stop,
    kill: (index = 0) => void nodeAt(index).process?.kill('SIGKILL'),
    restart: (index = 0) => runBroker(nodeAt(index), path, logging),
    freeze: (index = 0) => void nodeAt(index).process?.kill('SIGSTOP'),
    thaw: (index = 0) => void nodeAt(index).process?.kill('SIGCONT'),
  }
}

/** Ports, properties and formatted storage of each broker. */
async function prepareNodes(
  count: number,
  port: number | undefined,
  folder: string,
  path: string,
  users: KafkaOptions['users'],
): Promise<BrokerNode[]> {
  const ports = await freePorts(count * 2)
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'a')
  const nodes = Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    port: index === 0 && port !== undefined ? port : (ports[index * 2] as number),
    controllerPort: ports[index * 2 + 1] as number,
    properties: join(folder, `server-${index + 1}.properties`),
    output: '',
  }))
  for (const node of nodes) {
    writeFileSync(node.properties, serverProperties(node, nodes, join(folder, `data-${node.id}`), users))
    const format = spawnSync(
      'java',
      ['-cp', path, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', node.properties],
      { encoding: 'utf8' },
    )
    if (format.status !== 0)
      throw new Error(`Kafka's storage could not be made:\n${format.stdout}${format.stderr}`)
  }
  return nodes
}

function runBroker(node: BrokerNode, path: string, logging: string): void {
  node.output = ''
  const child = spawn(
    'java',
    [
      '-Xms256m',
      '-Xmx512m',
      '-XX:+UseG1GC',
      `-Dlog4j2.configurationFile=${logging}`,
      '-cp',
      path,
      'kafka.Kafka',
      node.properties,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const keep = (chunk: Buffer) => {
    node.output = (node.output + chunk.toString()).slice(-20_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  node.process = child
}

function stopBroker(node: BrokerNode): Promise<void> {
  const child = node.process
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('close', () => resolve())
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), 10_000).unref()
  })
}

async function untilReady(nodes: readonly BrokerNode[]): Promise<void> {
  const giveUpAt = Date.now() + readyTimeoutMs
  for (;;) {
    const open = await Promise.all(nodes.map((node) => canConnect('127.0.0.1', node.port)))
    if (open.every(Boolean)) return
    const ended = nodes.some((node) => node.process?.exitCode !== null)
    if (ended || Date.now() > giveUpAt)
      throw new Error(`Kafka did not start:\n${nodes.map((node) => node.output).join('\n')}`)
    await delay(200)
  }
}

async function startDocker({ port, out }: KafkaOptions): Promise<RunningKafka> {
  const [free = 0] = port === undefined ? await freePorts(1) : [port]
  const name = `ipsmgw-kafka-${free}`
  say(out, `Starting apache/kafka:${kafkaVersion()} in Docker on port ${free} ...`)
  const settings = {
    KAFKA_NODE_ID: '1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@127.0.0.1:9093',
    KAFKA_LISTENERS: `PLAINTEXT://0.0.0.0:${free},CONTROLLER://127.0.0.1:9093`,
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${free}`,
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    KAFKA_GROUP_COORDINATOR_APPEND_LINGER_MS: '0',
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
  }
  const environment = Object.entries(settings).flatMap(([key, value]) => ['-e', `${key}=${value}`])
  const run = spawnSync(
    'docker',
    [
      'run',
      '-d',
      '--name',
      name,
      '-p',
      `127.0.0.1:${free}:${free}`,
      ...environment,
      `apache/kafka:${kafkaVersion()}`,
    ],
    { encoding: 'utf8' },
  )
  if (run.status !== 0) throw new Error(`Docker could not start Kafka:\n${run.stderr}`)
  const docker = (...words: string[]) => void spawnSync('docker', [...words, name], { stdio: 'ignore' })
  const stop = async () => docker('rm', '-f')
  for (const until = Date.now() + readyTimeoutMs; !(await canConnect('127.0.0.1', free)); ) {
    if (Date.now() > until) {
      await stop()
      throw new Error('Kafka in Docker did not start in time')
    }
    await delay(300)
  }
  return {
    brokers: `127.0.0.1:${free}`,
    stop,
    kill: () => docker('kill'),
    restart: () => docker('start'),
    freeze: () => docker('pause'),
    thaw: () => docker('unpause'),
  }
}

/** A running Kafka: `brokers` for clients, `stop()`, and for chaos `kill(index)`, `freeze(index)` and back. */
export async function startKafka(options: KafkaOptions = {}): Promise<RunningKafka> {
  const given = process.env.KAFKA_BROKERS
  if (given !== undefined && given !== '' && options.users === undefined) return checkGiven(given)
  const single = (options.nodes ?? 1) === 1 && options.users === undefined
  return single && !missing('docker', ['info']) ? startDocker(options) : startJava(options)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { values } = parseArgs({
      options: { port: { type: 'string' }, nodes: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
    if (values.help) {
      process.stdout.write(`${HELP}\n`)
      process.exit(0)
    }
    const kafka = await startKafka({
      ...(values.port !== undefined && { port: Number(values.port) }),
      nodes: Number(values.nodes ?? 1),
      out: process.stderr,
    })
    process.stdout.write(
      `Kafka is ready. In another terminal:\n\n  export KAFKA_BROKERS=${kafka.brokers}\n\nCtrl-C stops it.\n`,
    )
    const keepAlive = setInterval(() => {}, 60_000)
    const end = () => {
      clearInterval(keepAlive)
      void kafka.stop().then(() => process.exit(0))
    }
    process.once('SIGINT', end)
    process.once('SIGTERM', end)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
