import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { loadConfig } from '@ipsmgw/config'
import { loadPolicy } from '@ipsmgw/policy'
import { createStandalone, type Standalone, standaloneSchema } from '@ipsmgw/standalone'
import { createLogger, createRegistry } from '@ipsmgw/telemetry'
import {
  createLab,
  LAB_GATEWAY,
  type Lab,
  type LabPorts,
  labPeers,
  labSigtran,
  type SignallingNetwork,
  type SubscriberSetting,
} from '@ipsmgw/test/lab'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/processes.ts'

/** Loopback addresses by which the gateway tells its SIP peers apart. */
export const SCSCF = '127.0.0.11'
export const CPM_AS = '127.0.0.12'
export const UNTRUSTED = '127.0.0.13'
/** An S-CSCF with a fixed watchdog of 5 s, which the gateway's profile for it respects. */
export const HASTY_SCSCF = '127.0.0.14'
/** No peer of the gateway. */
export const STRANGER = '127.0.0.15'

const PEERS = [
  { name: 'scscf', addresses: [SCSCF] },
  { name: 'cpm-as', addresses: [CPM_AS], servedUser: false },
  { name: 'untrusted', addresses: [UNTRUSTED], trusted: false, servedUser: false },
  { name: 'hasty', addresses: [HASTY_SCSCF], earlyAnswerMs: 3_000, answerByMs: 20_000 },
]

/** The shortest useful clocks: forwardBy is 2 s before it. */
export const ANSWER_BY_MS = 4_000
const HOST = '127.0.0.1'

export interface GatewayOptions {
  readonly policy?: object
  readonly sip?: object
  readonly delivery?: object
  readonly routing?: object
  readonly correlation?: object
  readonly records?: object
  /** Instead of M3UA to the STP of the lab. */
  readonly sigtran?: object
  readonly network?: SignallingNetwork
  /** Ports that the gateway connects to instead of the lab's own, for relays in between. */
  through?(ports: LabPorts): Promise<Partial<LabPorts>>
}

/** A message's record in the message API. */
export interface MessageView {
  readonly messageId: string
  readonly status: number
  readonly outcome: string
  readonly cause: string
  readonly parts: number
  readonly partsDelivered: number
  readonly timeline: readonly {
    readonly step: string
    readonly sinceStartMs: number
    readonly part?: number
    readonly peer?: string
    readonly cause?: string
  }[]
}

/** The whole gateway in this process among the neighbours of a lab, all over sockets. */
export class GatewayInLab {
  readonly lab: Lab
  /** Every line that it logged, at the lowest level. */
  readonly logged: string[] = []
  readonly #standalone: Standalone
  readonly #folder: string
  #stopped: Promise<void> | undefined

  private constructor(lab: Lab, ports: LabPorts, sipPort: number, options: GatewayOptions) {
    this.lab = lab
    this.#folder = mkdtempSync(join(tmpdir(), 'ipsmgw-e2e-'))
    const logger = createLogger({ service: 'standalone', level: 'trace', destination: this.#log() })
    const { config } = loadConfig(standaloneSchema, {
      environment: {},
      base: settings(ports, sipPort, options, this.#folder),
    })
    const policy = loadPolicy('', policyOf(options))
    this.#standalone = createStandalone(config, {
      registry: createRegistry('standalone', 'test'),
      logger,
      version: 'test',
      policy: () => policy,
      fatal: (error) => {
        throw error
      },
      routes: (server) => lab.routes(server),
    })
  }

  static async start(options: GatewayOptions = {}): Promise<GatewayInLab> {
    const { network } = options
    const lab = createLab(
      { host: HOST, ports: { hss: 0, mme: 0, sgsn: 0, stp: 0 } },
      network === undefined ? {} : { network },
    )
    await lab.start()
    const ports = { ...lab.ports(), ...(await options.through?.(lab.ports())) }
    const gateway = new GatewayInLab(lab, ports, await freePort(), options)
    await gateway.#standalone.start()
    await eventually(
      async () => lab.connected() && (await fetch(gateway.url('/readyz'))).ok,
      'the gateway is ready',
    )
    return gateway
  }

  /** The gateway is told to go, as by SIGTERM: it takes nothing new and finishes what it has. */
  drain(): Promise<void> {
    this.#stopped ??= this.#standalone.stop()
    return this.#stopped
  }

  async stop(): Promise<void> {
    // The lab goes first: the gateway would wait for nodes that are told to be silent.
    await this.lab.stop()
    await this.drain()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get sip(): { readonly host: string; readonly port: number } {
    return { host: HOST, port: this.#standalone.sipPort() }
  }

  url(path: string): string {
    return `http://${HOST}:${this.#standalone.port()}${path}`
  }

  set(msisdn: string, setting: SubscriberSetting): void {
    this.lab.subscribers.set(msisdn, setting)
  }

  async messages(callId: string): Promise<MessageView[]> {
    const response = await fetch(this.url(`/api/messages?callId=${encodeURIComponent(callId)}`))
    return (await response.json()) as MessageView[]
  }

  /** One message's record; waits until it is decided. */
  async message(callId: string): Promise<MessageView> {
    return eventually(async () => (await this.messages(callId))[0], `message ${callId} is on record`)
  }

  #log(): Writable {
    return new Writable({
      write: (line: Buffer, _encoding, done) => {
        this.logged.push(line.toString('utf8'))
        done()
      },
    })
  }
}

/** The users of the lab may send, whatever else a test wants. */
function policyOf({ policy = {} }: GatewayOptions) {
  const { authorisation, ...rest } = policy as { authorisation?: object }
  return { ...rest, authorisation: { senderDomains: ['ims.invalid', 'ims.example'], ...authorisation } }
}

function settings(
  ports: LabPorts,
  sipPort: number,
  { sip, delivery, routing, correlation, sigtran, records }: GatewayOptions,
  folder: string,
) {
  return {
    http: { port: 0 },
    // One number for UDP and TCP, as peers expect.
    sip: { port: sipPort, hostname: 'ipsmgw.lab.invalid', answerByMs: ANSWER_BY_MS, peers: PEERS, ...sip },
    diameter: { ...LAB_GATEWAY.diameter, peers: labPeers(HOST, ports) },
    sigtran: sigtran ?? labSigtran(HOST, ports),
    routing: { ...LAB_GATEWAY.routing, attemptMs: 300, budgetMs: 800, ...routing },
    // Nodes of the lab answer at once: nothing else is to be expected of them.
    delivery: { firstPartMs: 100, furtherPartMs: 50, busyRetryMs: 100, ...delivery },
    ...(correlation !== undefined && { correlation }),
    ...(records !== undefined && { records }),
    journal: { directory: folder },
  }
}
