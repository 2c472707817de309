import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { formatWords, type NodeAddress, SIGN_ON_LISTENERS, serverProperties } from './properties.ts'
import {
  canConnect,
  freePorts,
  type KafkaOptions,
  kafkaVersion,
  missing,
  pom,
  quotaWords,
  type RunningKafka,
  readyTimeoutMs,
  root,
  runTool,
  type SignOnListeners,
  say,
} from './running.ts'

interface BrokerNode extends NodeAddress {
  readonly properties: string
  process?: ChildProcess
  output: string
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

const LOG4J = `Configuration:
  status: error
  Appenders:
    Console: { name: console, PatternLayout: { pattern: "%d %p %c{1} %m%n" } }
  Loggers:
    Root: { level: warn, AppenderRef: { ref: console } }
`

/** The broker's own jars on Java. */
export async function startJava(options: KafkaOptions): Promise<RunningKafka> {
  const { nodes: count = 1, signOn, out } = options
  if (missing('java', ['-version']) || missing('mvn', ['--version']))
    throw new Error(
      'Kafka needs Java 17 and Maven here: apt-get install openjdk-17-jre-headless maven (or set KAFKA_BROKERS, or start Docker)',
    )
  const path = classPath(out)
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-kafka-'))
  const logging = join(folder, 'log4j2.yaml')
  writeFileSync(logging, LOG4J)
  const nodes = await prepareNodes(count, folder, path, options)
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
    get processIds() {
      return nodes.flatMap(({ process }) => process?.pid ?? [])
    },
    stop,
    ...(signOn !== undefined && { signOn: signOnListeners(nodeAt(0)) }),
    kill: (index = 0) => void nodeAt(index).process?.kill('SIGKILL'),
    restart: (index = 0) => runBroker(nodeAt(index), path, logging),
    freeze: (index = 0) => void nodeAt(index).process?.kill('SIGSTOP'),
    thaw: (index = 0) => void nodeAt(index).process?.kill('SIGCONT'),
    throttle: (octetsPerSecond) =>
      runTool('java', [
        '-cp',
        path,
        'kafka.admin.ConfigCommand',
        ...quotaWords(brokers.split(',')[0] ?? '', octetsPerSecond),
      ]),
  }
}

function signOnListeners({ signOnPorts }: BrokerNode): SignOnListeners {
  const [sasl, saslTls, tls, mutualTls] = signOnPorts.map((port) => `127.0.0.1:${port}`) as [
    string,
    string,
    string,
    string,
  ]
  return { sasl, saslTls, tls, mutualTls }
}

/** Ports, properties and formatted storage of each broker. */
async function prepareNodes(
  count: number,
  folder: string,
  path: string,
  options: KafkaOptions,
): Promise<BrokerNode[]> {
  const { port, signOn, advertisedPorts } = options
  const each = 2 + (signOn === undefined ? 0 : Object.keys(SIGN_ON_LISTENERS).length)
  const ports = await freePorts(count * each)
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'a')
  const nodes = Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    port: index === 0 && port !== undefined ? port : (ports[index * each] as number),
    advertisedPort: advertisedPorts?.[index],
    controllerPort: ports[index * each + 1] as number,
    signOnPorts: ports.slice(index * each + 2, (index + 1) * each),
    properties: join(folder, `server-${index + 1}.properties`),
    output: '',
  }))
  for (const node of nodes) {
    writeFileSync(node.properties, serverProperties(node, nodes, join(folder, `data-${node.id}`), options))
    const format = spawnSync(
      'java',
      [
        '-cp',
        path,
        'kafka.tools.StorageTool',
        'format',
        '-t',
        clusterId,
        '-c',
        node.properties,
        ...formatWords(options),
      ],
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
