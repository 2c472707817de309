import { spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const pom = join(root, 'test', 'interop', 'kafka', 'pom.xml')
export const readyTimeoutMs = 60_000

/** A running Kafka. */
export interface RunningKafka {
  /** For clients: `host:port`, several with commas. */
  readonly brokers: string
  /** Of the brokers, where they run as processes of this machine and were started here. */
  readonly processIds: readonly number[]
  stop(): Promise<void>
  /** As a crash: no goodbye. */
  kill(index?: number): void
  restart(index?: number): void
  /** Its connections stay and nothing is heard on them, until it thaws. */
  freeze(index?: number): void
  thaw(index?: number): void
  /** Bounds what each client may write, and read, in a second; without a number nothing any more. */
  throttle(octetsPerSecond?: number): Promise<void>
  /** When `signOn` was asked for: where the first broker wants to know its clients, and how. */
  readonly signOn?: SignOnListeners
}

/** `host:port` of one listener for each way to sign on. */
export interface SignOnListeners {
  /** SASL PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512, in the clear. */
  readonly sasl: string
  /** The same under TLS. */
  readonly saslTls: string
  /** TLS, the client stays unknown. */
  readonly tls: string
  /** TLS with a client certificate. */
  readonly mutualTls: string
}

export interface KafkaOptions {
  readonly port?: number
  /** 1 or 3. */
  readonly nodes?: number
  /** What brokers name as their ports to clients, one for each: those of something in between. */
  readonly advertisedPorts?: readonly number[]
  /**
   * Passwords by user name: the brokers ask for SASL PLAIN and let nobody do anything that no ACL allows, `admin`
   * apart. Needs Java.
   */
  readonly users?: Readonly<Record<string, string>>
  /** Beside the open listener one for each way to sign on; no ACLs. Needs Java. */
  readonly signOn?: SignOn
  /** Further properties of each broker; the last one of a name counts. Needs Java. */
  readonly properties?: Readonly<Record<string, string>>
  /** Where progress is told. */
  readonly out?: NodeJS.WritableStream
}

/** Who may sign on, and what the broker shows of itself. */
export interface SignOn {
  /** Passwords by user name. */
  readonly users: Readonly<Record<string, string>>
  /** PEM: the broker's key (PKCS 8) and certificate in one file, for 127.0.0.1. */
  readonly keyStoreFile: string
  /** PEM: whose certificates clients may bring. */
  readonly trustStoreFile: string
}

/** The broker version, written once: in the pom. */
export const kafkaVersion = () =>
  /kafka_2\.13<\/artifactId>\s*<version>([^<]+)</.exec(readFileSync(pom, 'utf8'))?.[1]

export const say = (out: NodeJS.WritableStream | undefined, text: string) => void out?.write(`${text}\n`)

export function missing(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status !== 0
}

/** Below what systems give to outgoing connections: a broker that restarts finds its port free. */
const PORTS = { from: 15_000, to: 32_000 } as const

export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = randomInt(PORTS.from, PORTS.to)
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

export function canConnect(host: string, port: number): Promise<boolean> {
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

/** Words for the brokers' own tool: a bound for each client, or that there is none any more. */
export function quotaWords(broker: string, octetsPerSecond: number | undefined): readonly string[] {
  const names = ['producer_byte_rate', 'consumer_byte_rate']
  const change =
    octetsPerSecond === undefined
      ? ['--delete-config', names.join(',')]
      : ['--add-config', names.map((name) => `${name}=${octetsPerSecond}`).join(',')]
  return ['--bootstrap-server', broker, '--entity-type', 'clients', '--entity-default', '--alter', ...change]
}

/** Runs a tool of the brokers' to its end. */
export async function runTool(command: string, words: readonly string[]): Promise<void> {
  const tool = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const keep = (chunk: Buffer) => {
    said += chunk.toString()
  }
  tool.stdout.on('data', keep)
  tool.stderr.on('data', keep)
  const [code] = (await once(tool, 'close')) as [number | null]
  if (code !== 0) throw new Error(`the brokers' tool ended with ${code}:\n${said}`)
}
