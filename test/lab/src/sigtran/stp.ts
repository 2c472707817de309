import { Listeners, M3uaServer, type MtpService, type TransferIndication } from '@ipsmgw/m3ua'
import { listenError } from '@ipsmgw/runtime'
import { type ReturnCause, type RoutingOptions, SccpEndpoint } from '@ipsmgw/sccp'
import { nodeFor, numberIn, type SignallingNode } from './nodes.ts'
import { returned } from './returned.ts'

/** How the MAP nodes of a lab are joined to gateways. */
export interface SignallingNetwork {
  /** The service below the SCCP of a node, and the way from there to gateways. */
  join(node: SignallingNode): { readonly mtp: MtpService; readonly routing: RoutingOptions }
  start(): Promise<void>
  stop(): Promise<void>
  /** Whether a gateway is there. */
  readonly connected: boolean
  /** Where gateways connect, if they do. */
  readonly port: number
}

interface Gateway {
  readonly pointCode: number
  readonly routingContext: number
  /** E.164 digits. */
  readonly globalTitle: string
}

export interface StpOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly pointCode: number
  /** Application servers that gateways may serve. */
  readonly gateways: readonly Gateway[]
  /** Nodes that join. */
  readonly nodes: readonly SignallingNode[]
}

const NATIONAL = 2
/** An idle association of a lab says nothing. */
const NO_HEARTBEATS = { heartbeatMs: 0 } as const

/**
 * The STP of the lab: gateways connect to it over M3UA on TCP. It translates global titles to the nodes that joined;
 * what is for none of them comes back as UDTS.
 */
export class Stp implements SignallingNetwork {
  readonly #options: StpOptions
  readonly #server: M3uaServer
  readonly #nodes: ReadonlyMap<SignallingNode, Listeners<TransferIndication>>
  readonly #own = new Listeners<TransferIndication>()
  readonly #sccp: SccpEndpoint
  readonly #unreachable = new Map<string, ReturnCause>()
  #port = 0

  constructor(options: StpOptions) {
    const { host, port, pointCode, gateways, nodes } = options
    this.#options = options
    this.#nodes = new Map(nodes.map((node) => [node, new Listeners()]))
    this.#server = new M3uaServer({
      listeners: [{ transport: 'tcp', host, port }],
      pointCodes: [pointCode, ...nodes.map((node) => node.pointCode)],
      networkIndicator: NATIONAL,
      applicationServers: gateways,
      timers: NO_HEARTBEATS,
    })
    this.#server.onTransfer((indication) => this.#translate(indication))
    // Without users: it returns what nobody is found for.
    this.#sccp = new SccpEndpoint(
      { pointCode, routing: {} },
      { mtp: this.#view(pointCode, (listener) => this.#own.add(listener)) },
    )
  }

  get connected(): boolean {
    return this.#server.active
  }

  get port(): number {
    return this.#port === 0 ? this.#options.port : this.#port
  }

  join(node: SignallingNode): ReturnType<SignallingNetwork['join']> {
    const listeners = this.#nodes.get(node)
    if (listeners === undefined) throw new RangeError(`${node.identity} is no node of this STP`)
    const translations = this.#options.gateways.map(({ globalTitle, pointCode }) => ({
      prefix: globalTitle,
      destinations: [pointCode],
    }))
    return {
      mtp: this.#view(node.pointCode, (listener) => listeners.add(listener)),
      routing: { translations },
    }
  }

  /** From now on messages to this number come back with the cause (Q.713 §3.12); without one they arrive again. */
  returnFor(number: string, cause: ReturnCause | undefined): void {
    if (cause === undefined) this.#unreachable.delete(number)
    else this.#unreachable.set(number, cause)
  }

  async start(): Promise<void> {
    const { host, port } = this.#options
    try {
      const [opened = 0] = await this.#server.start()
      this.#port = opened
    } catch (error) {
      const { cause = error } = error as Error
      throw listenError(cause, 'M3UA (STP of the lab)', host, port, 'IPSMGW_LAB_STP_PORT')
    }
  }

  async stop(): Promise<void> {
    this.#sccp.close()
    await this.#server.stop()
  }

  /** The server as one of its point codes sees it. */
  #view(pointCode: number, onTransfer: MtpService['onTransfer']): MtpService {
    const server = this.#server
    return {
      send: (request) => server.send({ opc: pointCode, ...request }),
      onTransfer,
      onStatus: (listener) => server.onStatus(listener),
      destination: (destination) => server.destination(destination),
      get active() {
        return server.active
      },
    }
  }

  #translate(indication: TransferIndication): void {
    const { opc, dpc, data } = indication
    const returnCause = this.#unreachable.get(numberIn(data) ?? '')
    if (returnCause !== undefined) {
      this.#server.send({
        opc: this.#options.pointCode,
        dpc: opc,
        sls: 0,
        data: returned(data, returnCause),
      })
      return
    }
    const byPointCode = [...this.#nodes.keys()].find(({ pointCode }) => pointCode === dpc)
    const node = byPointCode ?? nodeFor(this.#nodes.keys(), data)
    if (node === undefined) this.#own.emit(indication)
    else this.#nodes.get(node)?.emit({ ...indication, dpc: node.pointCode })
  }
}
