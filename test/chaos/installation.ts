import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LAB_NODES } from '@ipsmgw/test/lab'
import { type RunningKafka, startKafka } from '../../scripts/kafka.ts'
import { freePorts } from '../support/gateway-process.ts'
import { type LabProcess, SettingsFolder, settingsFor, startLab } from '../support/separate-processes.ts'
import type { Target } from './front.ts'
import { Logs } from './logs.ts'
import { Replica } from './replica.ts'
import { Wires } from './wires.ts'

export interface InstallationOptions {
  /** 1 or 3 brokers. */
  readonly brokers: number
  /** Replicas of each service. */
  readonly replicas: number
  /** Lines of replicas go through relays, so that they can be cut. */
  readonly wired: boolean
  /** Services tell each step of each message. */
  readonly verbose: boolean
  told(sentence: string): void
}

const SERVICES = ['correlation', 'sm-delivery', 'hss-routing', 'im-to-sms', 'sip-ingress'] as const
const PREFIX = 'chaos.'
type Service = (typeof SERVICES)[number]

/** The whole thing as processes: brokers, neighbours, and replicas of each service. */
export class Installation {
  readonly kafka: RunningKafka
  /** In front of topics and groups. */
  readonly prefix = PREFIX
  readonly lab: LabProcess
  readonly replicas: readonly Replica[]
  /** Between replicas and what they talk to, when it was asked for. */
  readonly wires: Wires | undefined
  readonly logs: Logs
  readonly #sipPorts: readonly number[]
  readonly #folder: SettingsFolder

  private constructor(
    {
      kafka,
      lab,
      replicas,
      wires,
      logs,
    }: Pick<Installation, 'kafka' | 'lab' | 'replicas' | 'wires' | 'logs'>,
    sipPorts: readonly number[],
    folder: SettingsFolder,
  ) {
    this.kafka = kafka
    this.lab = lab
    this.replicas = replicas
    this.wires = wires
    this.logs = logs
    this.#sipPorts = sipPorts
    this.#folder = folder
  }

  static async start(options: InstallationOptions): Promise<Installation> {
    const names = SERVICES.flatMap((service) =>
      Array.from({ length: options.replicas }, (_, index) => `${service}-${index}`),
    )
    const wires = options.wired ? await Wires.open(options.brokers, names) : undefined
    const kafka = await startKafka({
      nodes: options.brokers,
      out: process.stderr,
      ...(wires !== undefined && { advertisedPorts: wires.brokerPorts }),
    })
    const brokers = wires?.toBrokers(kafka.brokers) ?? kafka.brokers
    const lab = await startLab()
    const folder = new SettingsFolder()
    const logs = new Logs(folder.path)
    const hashFile = join(folder.path, 'hash-key')
    writeFileSync(hashFile, randomBytes(32).toString('hex'))
    const sipPorts = await freePorts(options.replicas)
    const httpPorts = await freePorts(SERVICES.length * options.replicas)
    const replicas: Replica[] = []
    for (const service of SERVICES)
      for (let index = 0; index < options.replicas; index++) {
        const httpPort = httpPorts[replicas.length] as number
        const ports = (await wires?.toNeighbours(`${service}-${index}`, lab.ports)) ?? lab.ports
        const settings = settingsOf(service, index, {
          brokers: brokers.split(','),
          lab: { ...lab, ports },
          hashFile,
          sipPorts,
        })
        const configFile = folder.write(`${service}-${index}`, { ...settings, http: { port: httpPort } })
        replicas.push(
          new Replica(
            {
              service,
              index,
              configFile,
              httpPort,
              environment: { LOG_LEVEL: options.verbose ? 'debug' : 'warn' },
            },
            logs,
            options.told,
          ),
        )
      }
    const installation = new Installation({ kafka, lab, replicas, wires, logs }, sipPorts, folder)
    try {
      // The first of each makes the topics; two at once would get in each other's way.
      await replicas[0]?.start()
      await replicas[0]?.ready()
      await Promise.all(replicas.slice(1).map((replica) => replica.start()))
      await Promise.all(replicas.map((replica) => replica.ready()))
    } catch (error) {
      await installation.stop()
      throw error
    }
    return installation
  }

  /** Where senders find the ingresses. */
  get ingresses(): readonly Target[] {
    return this.of('sip-ingress').map(({ name }, index) => ({ name, port: this.#sipPorts[index] as number }))
  }

  of(service: string): readonly Replica[] {
    return this.replicas.filter((replica) => replica.service === service)
  }

  async stop(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.stop()))
    await this.lab.stop()
    await this.kafka.stop()
    await this.wires?.close()
    await this.logs.close()
    this.#folder.remove()
  }
}

interface Surroundings {
  readonly brokers: readonly string[]
  readonly lab: LabProcess
  readonly hashFile: string
  readonly sipPorts: readonly number[]
}

function settingsOf(
  service: Service,
  index: number,
  { brokers, lab, hashFile, sipPorts }: Surroundings,
): object {
  const { sip, diameter, routing, sigtran } = settingsFor(lab)
  const keys = { hashFile }
  const kafkaSettings = {
    brokers: [...brokers],
    prefix: PREFIX,
    createTopics: true,
    replicationFactor: Math.min(3, brokers.length),
  }
  const node = {
    ...diameter,
    originHost: `${service}-${index}.${diameter.originRealm}`,
    // Others would only say that nothing is in common with them.
    peers: diameter.peers.filter(
      ({ identity }) => (identity === LAB_NODES.hss.identity) === (service === 'hss-routing'),
    ),
  }
  switch (service) {
    case 'correlation':
      return { kafka: kafkaSettings }
    case 'sm-delivery':
      return {
        kafka: kafkaSettings,
        diameter: node,
        sigtran,
        routing: { serviceCentre: routing.serviceCentre },
      }
    case 'hss-routing':
      return { kafka: kafkaSettings, diameter: node, routing, keys }
    case 'im-to-sms':
      return { kafka: kafkaSettings, keys }
    case 'sip-ingress':
      return { kafka: kafkaSettings, sip: { ...sip, port: sipPorts[index] }, keys }
  }
}
