/**
 * What a takeover costs: 100,000 open messages stand in the topics, and a service starts. From its partitions to the
 * moment when everything is known again, with the service as its users run it.
 */
import { createHash } from 'node:crypto'
import { KafkaBus, type KafkaSettings, on } from '@ipsmgw/bus'
import { SILENT_EVENTS } from '@ipsmgw/bus/testing'
import { type ImReceived, imReceived, type SmRouted, smReports, smRouted, TOPICS } from '@ipsmgw/events'
import { Kafka, logLevel } from 'kafkajs'
import { startKafka } from '../../scripts/kafka.ts'
import { eventually } from '../support/eventually.ts'
import { freePort, startSource } from '../support/processes.ts'
import { SettingsFolder, settingsFor, startLab } from '../support/separate-processes.ts'
import { report } from './measure.ts'

const MESSAGES = Number(process.env.BENCH_OPEN_MESSAGES ?? 100_000)
/** Enough to meet each partition. */
const COPIES = 500
const WITHIN_MS = 120_000
const OPEN_FOR_MS = 600_000

const kafka = await startKafka({ out: process.stderr })
const lab = await startLab()
const folder = new SettingsFolder()
const prefix = 'restore.'
const settings: KafkaSettings = {
  brokers: kafka.brokers.split(','),
  prefix,
  partitions: 24,
  createTopics: true,
  replicationFactor: 1,
  tls: false,
  sessionTimeoutMs: 10_000,
}
const bus = new KafkaBus(settings, {
  events: SILENT_EVENTS,
  log: () => {},
  now: Date.now,
  clientId: 'bench',
})
try {
  await bus.connect(TOPICS)
  await writeMessages()
  await claimAll()
  const correlation = await restoreCorrelation()
  const delivery = await restoreDelivery()
  report('Takeover, broker on the same cores', [
    {
      what: 'correlation knows all open messages',
      input: `${MESSAGES} × im.received, attempted`,
      value: correlation,
      unit: 's',
      target: { atMost: 5 },
    },
    {
      what: 'sm-delivery knows all claims',
      input: `${MESSAGES} × sm.routed`,
      value: delivery,
      unit: 's',
      target: { atMost: 5 },
    },
  ])
} finally {
  await bus.close()
  await lab.stop()
  await kafka.stop()
  folder.remove()
}

function envelope(n: number) {
  const now = Date.now()
  const key = createHash('sha256').update(String(n)).digest('hex').slice(0, 32)
  return {
    messageId: key.slice(0, 22),
    recipientKey: key,
    receivedAtMs: now,
    answerByMs: now + OPEN_FOR_MS,
    forwardByMs: now + OPEN_FOR_MS - 5_000,
    reply: { ordinal: 0, bootId: 'bench' },
  }
}

const RECIPIENT = { uri: 'tel:+447700900123', number: '+447700900123', source: 'Request-URI' } as const

function receivedOf(n: number): ImReceived {
  return {
    ...envelope(n),
    sip: { callId: `call-${n}@bench.invalid`, peer: 'scscf', transport: 'udp' },
    recipient: RECIPIENT,
    sender: {
      asserted: [{ uri: 'tel:+447700900111', number: '+447700900111' }],
      from: { uri: 'tel:+447700900111' },
    },
    text: 'A message of the usual length, so that the record has the usual size.',
    contentType: 'text/plain',
    answer: { unknownOutcome: 202 },
    policyVersion: '1',
  }
}

function routedOf(n: number): SmRouted {
  const common = envelope(n)
  return {
    ...common,
    deliveryKey: common.recipientKey,
    imsi: '001010000000001',
    recipient: RECIPIENT,
    nodes: [{ kind: 'mme', protocol: 'sgd', host: 'mme.lab.invalid', realm: 'lab.invalid' }],
    tpdus: [Buffer.alloc(150, n).toString('base64')],
    routing: { attempt: 1, firstPart: 1 },
    early: false,
  }
}

async function writeMessages(): Promise<void> {
  const atOnce = 5_000
  for (let from = 0; from < MESSAGES; from += atOnce) {
    const numbers = Array.from({ length: Math.min(atOnce, MESSAGES - from) }, (_, i) => from + i)
    await Promise.all(
      numbers.flatMap((n) => [
        bus.publish(imReceived, receivedOf(n)),
        bus.publish(smRouted, routedOf(n)),
        bus.publish(smReports, {
          report: { ...envelope(n), step: 'attempted', by: 'bench', atMs: Date.now(), part: 1, parts: 1 },
        }),
      ]),
    )
  }
}

/** Everything there is has been claimed, and handled, by somebody who is gone. */
async function claimAll(): Promise<void> {
  const admin = new Kafka({ brokers: [...settings.brokers], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  for (const [group, topics] of [
    ['sm-delivery', [smRouted]],
    ['correlation', [imReceived, smReports]],
  ] as const)
    for (const { name } of topics) {
      const topic = prefix + name
      const offsets = await admin.fetchTopicOffsets(topic)
      await admin.setOffsets({
        groupId: prefix + group,
        topic,
        partitions: offsets.map(({ partition, high }) => ({ partition, offset: high })),
      })
    }
  await admin.disconnect()
}

async function start(service: string, more: object) {
  const httpPort = await freePort()
  const file = folder.write(service, {
    kafka: { brokers: settings.brokers, prefix, createTopics: true, replicationFactor: 1 },
    http: { port: httpPort },
    ...more,
  })
  const process = await startSource(`services/${service}/src/main.ts`, ['--config', file])
  return { process, url: `http://127.0.0.1:${httpPort}` }
}

/** When a line of the log was written. */
function loggedAt(output: string, sentence: string): number | undefined {
  const line = output.split('\n').find((it) => it.includes(`"msg":"${sentence}"`))
  return line === undefined ? undefined : Date.parse((JSON.parse(line) as { time: string }).time)
}

function assignedAt({ output }: { output(): string }): Promise<number> {
  return eventually(() => loggedAt(output(), 'partitions assigned'), 'partitions', WITHIN_MS)
}

async function restoreCorrelation(): Promise<number> {
  const { process, url } = await start('correlation', {})
  try {
    const begin = await assignedAt(process)
    const all = async () => {
      const metrics = await (await fetch(`${url}/metrics`)).text()
      return Number(/^ipsmgw_open_messages(?:\{[^}]*\})? (\d+)/m.exec(metrics)?.[1]) === MESSAGES
    }
    await eventually(all, 'all open messages', WITHIN_MS)
    return (Date.now() - begin) / 1000
  } finally {
    await process.stop()
  }
}

/** Copies of claimed messages in every partition: that they are duplicates is known once all old ones have been read. */
async function restoreDelivery(): Promise<number> {
  const { diameter, routing, sigtran } = settingsFor(lab)
  const found = new Set<number>()
  const watching = await bus.consume({
    group: 'bench-watch',
    mode: 'at-least-once',
    maximumInFlight: 1_000,
    subscriptions: [
      on(smReports, ({ value, partition }) => {
        if (value.report?.step === 'duplicate') found.add(partition)
      }),
    ],
  })
  for (let n = 0; n < COPIES; n++) await bus.publish(smRouted, routedOf(n))
  const { serviceCentre } = routing
  const { process } = await start('sm-delivery', { diameter, sigtran, routing: { serviceCentre } })
  try {
    const begin = await assignedAt(process)
    await eventually(() => found.size === settings.partitions, 'copies found in every partition', WITHIN_MS)
    return (Date.now() - begin) / 1000
  } finally {
    await process.stop()
    await watching.close()
  }
}
