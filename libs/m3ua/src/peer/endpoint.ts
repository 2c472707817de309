import { connectTransport, systemClock } from '@ipsmgw/sctp'
import { SERVICE_INDICATOR_SCCP, TrafficMode } from '../messages.ts'
import type {
  DestinationState,
  MtpService,
  MtpStatus,
  SendRefusal,
  SendResult,
  TransferIndication,
  TransferRequest,
} from '../mtp.ts'
import type { ProtocolData } from '../parameters.ts'
import { Link } from './link.ts'
import { Listeners } from './listeners.ts'
import { DEFAULT_TIMERS, type M3uaDependencies, type M3uaEndpointOptions } from './types.ts'

const SENT: SendResult = { sent: true }
/** Longest user message: far above what SCCP makes, below what the framer of any peer takes. */
const LONGEST_DATA_OCTETS = 32_768

/**
 * The ASP side of M3UA: application servers over several associations, with failover and load sharing (RFC 4666
 * §1.4.4). `start` opens the associations and keeps reopening them until `stop`.
 *
 * A message is given to exactly one association. If that breaks before the message left the process, it goes to
 * another one; if none is left, the user gets `undelivered`. What the kernel has taken is never sent again.
 */
export class M3uaEndpoint implements MtpService {
  readonly #options: M3uaEndpointOptions
  readonly #links: readonly Link[]
  readonly #clock
  readonly #transfers = new Listeners<TransferIndication>()
  readonly #statuses = new Listeners<MtpStatus>()
  readonly #defaultOpc: number
  /** Links that may carry traffic of an own point code, in order of preference. */
  readonly #active = new Map<number, readonly Link[]>()

  constructor(options: M3uaEndpointOptions, dependencies: M3uaDependencies = {}) {
    const [first] = options.applicationServers
    if (first === undefined || options.paths.length === 0)
      throw new RangeError('M3UA needs at least one path and one application server')
    this.#options = options
    this.#defaultOpc = first.pointCode
    const { clock = systemClock, random = Math.random, onEvent = () => {} } = dependencies
    this.#clock = clock
    const connect = dependencies.connect ?? ((to, signal) => connectTransport(to, { clock }, signal))
    this.#links = options.paths.map(
      (path) =>
        new Link(path, options, {
          clock,
          random,
          connect,
          timers: { ...DEFAULT_TIMERS, ...options.timers },
          onEvent,
          onTraffic: () => this.#updateActive(),
          onTransfer: (data, routingContext) => this.#onTransfer(data, routingContext),
          onDestination: (pointCode) =>
            this.#statuses.emit({ kind: 'destination', state: this.destination(pointCode) }),
        }),
    )
  }

  start(): void {
    for (const link of this.#links) link.start()
  }

  /** ASPIA, ASPDN and an orderly close on every association. */
  async stop(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.stop()))
  }

  get active(): boolean {
    return this.#active.size > 0
  }

  onTransfer(listener: (indication: TransferIndication) => void): () => void {
    return this.#transfers.add(listener)
  }

  onStatus(listener: (status: MtpStatus) => void): () => void {
    return this.#statuses.add(listener)
  }

  send(request: TransferRequest): SendResult {
    if (request.data.length > LONGEST_DATA_OCTETS) return { sent: false, reason: 'tooLong' }
    const data = this.#label(request)
    const links = this.#active.get(data.opc)
    if (links === undefined) return { sent: false, reason: 'notActive' }
    const first = this.#sharesLoad(data.opc) ? data.sls % links.length : 0
    let reason: SendRefusal = 'notActive'
    for (let i = 0; i < links.length; i++) {
      const link = links[(first + i) % links.length] as Link
      const refusal = link.transfer(data, request.startsDialogue ?? false, () => this.#sendAgain(request))
      if (refusal === undefined) return SENT
      reason = refusal
    }
    return { sent: false, reason }
  }

  /** Best of what the active associations say; `unknown` while there is none. */
  destination(pointCode: number): DestinationState {
    const nowMs = this.#clock.now()
    const links = new Set([...this.#active.values()].flat())
    const states = [...links].map((link) => link.destinations.state(pointCode, nowMs))
    const best = states.sort((a, b) => rank(a) - rank(b) || a.congestionLevel - b.congestionLevel)[0]
    return best ?? { pointCode, availability: 'unknown', congestionLevel: 0 }
  }

  #label(request: TransferRequest): ProtocolData {
    return {
      opc: request.opc ?? this.#defaultOpc,
      dpc: request.dpc,
      si: request.si ?? SERVICE_INDICATOR_SCCP,
      ni: request.ni ?? this.#options.networkIndicator,
      mp: request.mp ?? 0,
      sls: request.sls,
      data: request.data,
    }
  }

  #sharesLoad(opc: number): boolean {
    const server = this.#options.applicationServers.find(({ pointCode }) => pointCode === opc)
    return server?.trafficMode !== TrafficMode.override
  }

  /** The association broke before the message left: no octet of it was sent. */
  #sendAgain(request: TransferRequest): void {
    if (!this.send(request).sent) this.#statuses.emit({ kind: 'undelivered', request })
  }

  #updateActive(): void {
    const before = new Set([...this.#active.values()].flat())
    this.#active.clear()
    for (const { pointCode } of this.#options.applicationServers) {
      const links = this.#links.filter((link) => link.isActive(pointCode))
      if (links.length > 0) this.#active.set(pointCode, links)
    }
    if (before.size > 0 !== this.active) this.#statuses.emit({ kind: this.active ? 'up' : 'down' })
    for (const link of new Set([...this.#active.values()].flat()))
      if (!before.has(link)) link.ask([...before].flatMap((it) => it.destinations.unavailable()))
  }

  #onTransfer(data: ProtocolData, routingContext: number | undefined): void {
    this.#transfers.emit(routingContext === undefined ? data : { ...data, routingContext })
  }
}

const RANKS = { available: 0, unknown: 1, restricted: 2, unavailable: 3 } as const

function rank({ availability, userPartUnavailable }: DestinationState): number {
  return RANKS[availability] + (userPartUnavailable === undefined ? 0 : 4)
}
