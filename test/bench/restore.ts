/**
 * What a takeover costs: 100,000 open messages stand in the topics, and a service starts. From its partitions to the
 * moment when each partition does its work again, which proves that all old records of it are known.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KafkaBus, type KafkaSettings, on } from '@ipsmgw/bus'
import { SILENT_EVENTS } from '@ipsmgw/bus/testing'
import { imReceived, messageCompleted, smReports, smRouted, TOPICS } from '@ipsmgw/events'
import kafkajs from 'kafkajs'
import { type RunningKafka, startKafka } from '../../scripts/kafka.ts'
import { eventually } from '../support/eventually.ts'
import { freePort, type RunningProcess, startSource } from '../support/processes.ts'
import { type LabProcess, SettingsFolder, settingsFor, startLab } from '../support/separate-processes.ts'
import { type Figure, report } from './measure.ts'
import { receivedOf, reportOf, routedOf } from './open-messages.ts'

const MESSAGES = Number(process.env.BENCH_OPEN_MESSAGES ?? 100_000)
/** Enough to meet each partition. */
const LIVE = 500
const PARTITIONS = 24
const WITHIN_MS = 120_000

interface Restored {
  readonly seconds: number
  /** Of the whole process, afterwards. */
  readonly residentMebioctets: number
}

/** Topics of a run of their own, and what starts over them. */
class Takeover {
  readonly #settings: KafkaSettings
  readonly #bus: KafkaBus
  readonly #folder: SettingsFolder

  constructor(kafka: RunningKafka, folder: SettingsFolder, name: string, payloadKeyFiles?: string[]) {
    this.#folder = folder
    this.#settings = {
      brokers: kafka.brokers.split(','),
      prefix: `restore-${name}.`,
      partitions: PARTITIONS,
      createTopics: true,
      replicationFactor: 1,
      tls: false,
      sessionTimeoutMs: 10_000,
      ...(payloadKeyFiles !== undefined && { payloadKeyFiles }),
    }
    this.#bus = new KafkaBus(this.#settings, {
      events: SILENT_EVENTS,
      log: () => {},
      now: Date.now,
      clientId: 'bench',
    })
  }

  async prepare(): Promise<void> {
    await this.#bus.connect(TOPICS)
    await this.#writeMessages()
    await this.#claimAll()
  }

  /** One message in each partition is acknowledged; its completion is only written when the old records are known. */
  async correlation(): Promise<Restored> {
    const done = await this.#watch(messageCompleted, ({ kind }) => kind === 'completion')
    for (let n = 0; n < LIVE; n++) await this.#bus.publish(smReports, { report: reportOf(n, 'acknowledged') })
    return this.#measure('correlation', {}, done)
  }

  /** Copies of claimed messages: that they are duplicates is only told when all claims are known. */
  async delivery(lab: LabProcess): Promise<Restored> {
    const { diameter, routing, sigtran } = settingsFor(lab)
    const done = await this.#watch(smReports, (it) => it.report?.step === 'duplicate')
    for (let n = 0; n < LIVE; n++) await this.#bus.publish(smRouted, routedOf(n))
    const { serviceCentre } = routing
    return this.#measure('sm-delivery', { diameter, sigtran, routing: { serviceCentre } }, done)
  }

  close(): Promise<void> {
    return this.#bus.close()
  }

  /** Tells in how many partitions such a record has been seen. */
  async #watch<T>(topic: Parameters<typeof on<T>>[0], wanted: (value: T) => boolean): Promise<() => number> {
    const found = new Set<number>()
    await this.#bus.consume({
      group: `bench-watch-${topic.name}`,
      mode: 'at-least-once',
      maximumInFlight: 1_000,
      subscriptions: [
        on(topic, ({ value, partition }) => {
          if (wanted(value)) found.add(partition)
        }),
      ],
    })
    return () => found.size
  }

  async #measure(service: string, more: object, done: () => number): Promise<Restored> {
    const { process } = await this.#start(service, more)
    try {
      const begin = await assignedAt(process)
      await eventually(() => done() === PARTITIONS, 'every partition at work', WITHIN_MS)
      return { seconds: (Date.now() - begin) / 1000, residentMebioctets: residentMebioctets(process) }
    } finally {
      await process.stop()
    }
  }

  async #start(service: string, more: object) {
    const { brokers, prefix, payloadKeyFiles } = this.#settings
    const kafka = { brokers, prefix, createTopics: true, replicationFactor: 1, payloadKeyFiles }
    const file = this.#folder.write(service, { kafka, http: { port: await freePort() }, ...more })
    const process = await startSource(`services/${service}/src/main.ts`, ['--config', file])
    return { process }
  }

  async #writeMessages(): Promise<void> {
    const atOnce = 5_000
    for (let from = 0; from < MESSAGES; from += atOnce) {
      const numbers = Array.from({ length: Math.min(atOnce, MESSAGES - from) }, (_, i) => from + i)
      await Promise.all(
        numbers.flatMap((n) => [
          this.#bus.publish(imReceived, receivedOf(n)),
          this.#bus.publish(smRouted, routedOf(n)),
          this.#bus.publish(smReports, { report: reportOf(n, 'attempted') }),
        ]),
      )
    }
  }

  /** Everything there is has been claimed, and handled, by somebody who is gone. */
  async #claimAll(): Promise<void> {
    const { brokers, prefix } = this.#settings
    const admin = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).admin()
    await admin.connect()
    for (const [group, topics] of [
      ['sm-delivery', [smRouted]],
      ['correlation', [imReceived, smReports]],
    ] as const)
      for (const { name } of topics) {
        const offsets = await admin.fetchTopicOffsets(prefix + name)
        const partitions = offsets.map(({ partition, high }) => ({ partition, offset: high }))
        await admin.setOffsets({ groupId: prefix + group, topic: prefix + name, partitions })
      }
    await admin.disconnect()
  }
}

/** When the service's log says that it has its partitions. */
async function assignedAt({ output }: RunningProcess): Promise<number> {
  const line = () =>
    output()
      .split('\n')
      .find((it) => it.includes('"msg":"partitions assigned"'))
  const found = await eventually(line, 'partitions', WITHIN_MS)
  return Date.parse((JSON.parse(found) as { time: string }).time)
}

function residentMebioctets({ child }: RunningProcess): number {
  const kibioctets = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
  return Number(kibioctets) / 1024
}

function figures(service: string, how: string, { seconds, residentMebioctets: value }: Restored): Figure[] {
  const input = `${MESSAGES.toLocaleString('en')} open messages${how}`
  return [
    { what: `${service} works again`, input, value: seconds, unit: 's', target: { atMost: 5 } },
    { what: `${service}, memory of the process`, input, value, unit: 'MiB' },
  ]
}

const kafka = await startKafka({ out: process.stderr })
const lab = await startLab()
const folder = new SettingsFolder()
const keyFile = join(folder.path, 'payload-key')
writeFileSync(keyFile, randomBytes(32).toString('hex'))
try {
  const all: Figure[] = []
  for (const [name, how, keys] of [
    ['clear', '', undefined],
    ['enciphered', ', enciphered', [keyFile]],
  ] as const) {
    const takeover = new Takeover(kafka, folder, name, keys && [...keys])
    await takeover.prepare()
    all.push(...figures('correlation', how, await takeover.correlation()))
    all.push(...figures('sm-delivery', how, await takeover.delivery(lab)))
    await takeover.close()
  }
  report('Takeover, broker on the same cores', all)
} finally {
  await lab.stop()
  await kafka.stop()
  folder.remove()
}
