import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RunningKafka, startKafka } from '../../scripts/kafka.ts'
import { ready } from './gateway-process.ts'
import { freePort, type RunningProcess, startSource } from './processes.ts'
import { type LabProcess, SettingsFolder, settingsFor, startLab } from './separate-processes.ts'

export const SERVICES = [
  'correlation',
  'records',
  'sm-delivery',
  'hss-routing',
  'im-to-sms',
  'sip-ingress',
] as const
export type ServiceName = (typeof SERVICES)[number]

export interface InstallationOptions {
  /** What every replica gets besides its settings. */
  readonly environment?: Readonly<Record<string, string>>
  /** Brokers that run already; they are left running. */
  readonly kafka?: RunningKafka
  /** How a service signs on to them, over the settings that tests have. */
  readonly kafkaSettings?: (service: ServiceName) => object
}

/** One replica of a service, as a process of its own. */
export interface Replica {
  readonly service: ServiceName
  readonly ordinal: number
  readonly process: RunningProcess
  readonly httpPort: number
  /** Of a sip-ingress. */
  readonly sipPort: number
}

/** The gateway as it stands in a cluster: every replica a process, Apache Kafka between them, a lab around. */
export class Installation {
  readonly #folder = new SettingsFolder()
  readonly #replicas = new Set<Replica>()
  readonly #kafka: RunningKafka
  readonly lab: LabProcess
  readonly #keys: { readonly hashFile: string }
  readonly prefix = `ops-${Date.now()}.`

  readonly #options: InstallationOptions

  private constructor(kafka: RunningKafka, lab: LabProcess, options: InstallationOptions) {
    this.#kafka = kafka
    this.#options = options
    this.lab = lab
    this.#keys = { hashFile: join(this.#folder.path, 'hash-key') }
    writeFileSync(this.#keys.hashFile, randomBytes(32).toString('hex'))
  }

  static async start(options: InstallationOptions = {}): Promise<Installation> {
    const kafka = options.kafka ?? (await startKafka({ out: process.stderr }))
    try {
      return new Installation(kafka, await startLab(), options)
    } catch (error) {
      if (options.kafka === undefined) await kafka.stop()
      throw error
    }
  }

  /** A replica that is ready. */
  async add(service: ServiceName, ordinal = 0): Promise<Replica> {
    const [httpPort, sipPort] = [await freePort(), await freePort()]
    const settings = { ...this.#settingsOf(service, ordinal, sipPort), http: { port: httpPort } }
    const file = this.#folder.write(`${service}-${ordinal}`, settings)
    const process = await startSource(`services/${service}/src/main.ts`, ['--config', file], {
      environment: { ...this.#options.environment, POD_NAME: `ipsmgw-${service}-${ordinal}` },
    })
    const replica = { service, ordinal, process, httpPort, sipPort }
    this.#replicas.add(replica)
    await ready(`http://127.0.0.1:${httpPort}`, process.ended, 60_000).catch((cause) => {
      throw new Error(`${service} did not become ready:\n${process.output()}`, { cause })
    })
    return replica
  }

  /** One replica of each service. */
  async addAll(): Promise<Record<ServiceName, Replica>> {
    const all = await Promise.all(SERVICES.map((service) => this.add(service)))
    return Object.fromEntries(all.map((it) => [it.service, it])) as Record<ServiceName, Replica>
  }

  /** Asks a replica to stop and resolves to its exit code. */
  async terminate(replica: Replica): Promise<number | string> {
    this.#replicas.delete(replica)
    return replica.process.stop('SIGTERM')
  }

  /** The end of what every replica has said. */
  words(): string {
    return [...this.#replicas].map((it) => it.process.output().slice(-1_500)).join('\n')
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#replicas].map((it) => it.process.stop()))
    await this.lab.stop()
    if (this.#options.kafka === undefined) await this.#kafka.stop()
    this.#folder.remove()
  }

  #settingsOf(service: ServiceName, ordinal: number, sipPort: number): object {
    const { sip, diameter, routing, sigtran } = settingsFor(this.lab)
    const brokers = this.#kafka.brokers.split(',')
    const kafka = {
      ...{ brokers, prefix: this.prefix, createTopics: true, replicationFactor: 1 },
      ...this.#options.kafkaSettings?.(service),
    }
    const node = { ...diameter, originHost: `${service}-${ordinal}.${diameter.originRealm}` }
    const keys = this.#keys
    switch (service) {
      case 'correlation':
      case 'records':
        return { kafka }
      case 'sm-delivery':
        return { kafka, diameter: node, sigtran, routing: { serviceCentre: routing.serviceCentre } }
      case 'hss-routing':
        return { kafka, keys, diameter: node, routing }
      case 'im-to-sms':
        return { kafka, keys }
      case 'sip-ingress':
        return { kafka, keys, sip: { ...sip, port: sipPort } }
    }
  }
}
