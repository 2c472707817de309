import { readFileSync } from 'node:fs'
import { isIP, Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs'
import Type, { type Static } from 'typebox'
import { BusError } from '../bus.ts'
import { PAYLOAD_KEY_OCTETS, PayloadCipher } from './cipher.ts'
import { quietTimers } from './quiet-timers.ts'

const closed = { additionalProperties: false } as const

/** Where the brokers are and how they are spoken to. */
export const kafkaSchema = Type.Object(
  {
    brokers: Type.Array(Type.String({ minLength: 3 }), {
      minItems: 1,
      description: 'host:port, several are fine',
    }),
    prefix: Type.String({
      default: 'ipsmgw.',
      description: 'in front of topics and groups: two installations, one broker',
    }),
    partitions: Type.Integer({
      default: 24,
      minimum: 1,
      maximum: 1_000,
      description: 'of pipeline topics, chosen once',
    }),
    createTopics: Type.Boolean({ default: false, description: 'make missing topics (laptop and tests)' }),
    replicationFactor: Type.Integer({ default: 3, minimum: 1, description: 'of topics that are made here' }),
    tls: Type.Boolean({ default: false }),
    caFile: Type.Optional(Type.String({ description: 'CA certificates, PEM' })),
    certificateFile: Type.Optional(Type.String({ description: 'own certificate, PEM' })),
    keyFile: Type.Optional(Type.String({ description: 'own private key, PEM' })),
    saslMechanism: Type.Optional(Type.Enum(['plain', 'scram-sha-256', 'scram-sha-512'])),
    saslUsername: Type.Optional(Type.String()),
    saslPasswordFile: Type.Optional(Type.String({ description: 'file that holds the password' })),
    payloadKeyFiles: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description: 'keys of 32 octets (hex or base64) that encipher records: the first writes, all read',
      }),
    ),
    sessionTimeoutMs: Type.Integer({
      default: 10_000,
      minimum: 6_000,
      description: 'a silent instance loses its partitions',
    }),
  },
  closed,
)
export type KafkaSettings = Static<typeof kafkaSchema>

/** Soon and often: a broker that is back is noticed within a second. Eight times take about five seconds. */
const RETRY = { initialRetryTime: 100, multiplier: 2, factor: 0.2, maxRetryTime: 1_000, retries: 8 }

/** For what the library tries again by itself: about twenty seconds. The batcher does so with the rest. */
export const PRODUCER_RETRY = { ...RETRY, retries: 24 }

/** A client of its own for every consumer: the library shares commit state inside one object (F17). */
export function createKafka(settings: KafkaSettings, clientId: string, log: KafkaLog): Kafka {
  quietTimers()
  const config: KafkaConfig = {
    clientId,
    brokers: settings.brokers,
    connectionTimeout: 1_500,
    requestTimeout: 8_000,
    retry: RETRY,
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => log(entry.log.message, String(entry.log.error ?? '')),
    socketFactory,
    ...(settings.tls && { ssl: tlsOptions(settings) }),
    ...(settings.saslMechanism !== undefined && { sasl: saslOptions(settings) }),
  }
  return new Kafka(config)
}

/** The library's own warnings, without anything a record holds. */
export type KafkaLog = (sentence: string, error: string) => void

function tlsOptions({ caFile, certificateFile, keyFile }: KafkaSettings): ConnectionOptions {
  const options: ConnectionOptions = {}
  if (caFile !== undefined) fromFile(options, 'ca', caFile)
  if (certificateFile !== undefined) fromFile(options, 'cert', certificateFile)
  if (keyFile !== undefined) fromFile(options, 'key', keyFile)
  return options
}

function saslOptions(settings: KafkaSettings): SASLOptions {
  const { saslMechanism: mechanism, saslUsername: username = '', saslPasswordFile: file } = settings
  const options = { mechanism, username, password: '' }
  if (file !== undefined) fromFile(options, 'password', file)
  return options as SASLOptions
}

/** Read at each connection, so that what has been renewed counts without a restart. */
function fromFile<T extends object>(options: T, name: keyof T, file: string): void {
  Object.defineProperty(options, name, { get: () => readFileSync(file, 'utf8').trim(), enumerable: true })
}

/** The payload cipher, if keys are configured. Throws BusError naming the file that cannot be used. */
export function loadCipher({ payloadKeyFiles }: KafkaSettings): PayloadCipher | undefined {
  if (payloadKeyFiles === undefined) return undefined
  return new PayloadCipher(payloadKeyFiles.map(readKey))
}

function readKey(file: string): Uint8Array {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new BusError('failed', `payload key ${file} cannot be read`, { cause })
  }
  const key = Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64')
  if (key.length !== PAYLOAD_KEY_OCTETS)
    throw new BusError('failed', `payload key ${file} has not ${PAYLOAD_KEY_OCTETS} octets in hex or base64`)
  return key
}

type SocketFactory = NonNullable<KafkaConfig['socketFactory']>

/** Small requests must not wait for each other, and a dead connection must be noticed. An address is no server name. */
const socketFactory: SocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
    : new Socket().connect({ host, port }, onConnect)
  socket.setNoDelay(true)
  socket.setKeepAlive(true, 10_000)
  return socket
}
