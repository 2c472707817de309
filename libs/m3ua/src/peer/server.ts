import { listenTransport, systemClock, type Transport, type TransportListener } from '@ipsmgw/sctp'
import { M3UA_PPID, type OutgoingMessage, SERVICE_INDICATOR_SCCP } from '../messages.ts'
import type {
  DestinationState,
  MtpService,
  MtpStatus,
  SendResult,
  TransferIndication,
  TransferRequest,
} from '../mtp.ts'
import type { MaskedPointCode, Parameters, ProtocolData } from '../parameters.ts'
import { Listeners } from './listeners.ts'
import { Registrations } from './registrations.ts'
import { type Member, ServedAs } from './served-as.ts'
import { ServedAsp } from './served-asp.ts'
import type { M3uaServerDependencies, M3uaServerOptions, ServedAsOptions } from './server-types.ts'
import { DEFAULT_TIMERS, type M3uaEvent } from './types.ts'

const DEFAULT_PENDING = 1_000

/**
 * The SGP side of M3UA, and the IPSP that answers in single exchange: serves ASPs, routes by destination point code
 * between them and its own user. For labs and tests; it has no network behind it.
 */
export class M3uaServer implements MtpService {
  readonly #options: M3uaServerOptions
  readonly #dependencies: Required<M3uaServerDependencies>
  readonly #asps = new Set<ServedAsp>()
  readonly #static: readonly ServedAs[]
  readonly #registrations: Registrations
  readonly #transfers = new Listeners<TransferIndication>()
  readonly #statuses = new Listeners<MtpStatus>()
  #listeners: readonly TransportListener[] = []

  constructor(options: M3uaServerOptions, dependencies: M3uaServerDependencies = {}) {
    const { clock = systemClock, onEvent = () => {} } = dependencies
    const listen = dependencies.listen ?? ((at, onTransport) => listenTransport(at, onTransport, { clock }))
    this.#options = options
    this.#dependencies = { clock, listen, onEvent }
    this.#static = (options.applicationServers ?? []).map((it) => this.#createServer(it))
    this.#registrations = new Registrations(options.mostRegistered ?? 0, (it) => this.#createServer(it))
  }

  /** Opens the listeners; gives their ports. Rejects with `TransportError` or `SctpUnavailableError`. */
  async start(): Promise<readonly number[]> {
    const { listen } = this.#dependencies
    this.#listeners = await Promise.all(
      this.#options.listeners.map((it) =>
        listen(it.transport === 'sctp' ? { ...it, payloadProtocol: M3UA_PPID } : it, (transport) =>
          this.#onTransport(transport),
        ),
      ),
    )
    return this.#listeners.map(({ port }) => port)
  }

  async stop(): Promise<void> {
    const closed = this.#listeners.map((it) => it.close())
    for (const asp of this.#asps) asp.close()
    await Promise.all(closed)
    for (const server of this.#servers()) server.close()
  }

  get active(): boolean {
    return this.#servers().some(({ state }) => state === 'active')
  }

  onTransfer(listener: (indication: TransferIndication) => void): () => void {
    return this.#transfers.add(listener)
  }

  onStatus(listener: (status: MtpStatus) => void): () => void {
    return this.#statuses.add(listener)
  }

  send(request: TransferRequest): SendResult {
    const server = this.#serverOf(request.dpc)
    if (server === undefined) return { sent: false, reason: 'destinationUnavailable' }
    const data: ProtocolData = {
      opc: request.opc ?? this.#options.pointCodes[0] ?? 0,
      dpc: request.dpc,
      si: request.si ?? SERVICE_INDICATOR_SCCP,
      ni: request.ni ?? this.#options.networkIndicator,
      mp: request.mp ?? 0,
      sls: request.sls,
      data: request.data,
    }
    return server.deliver(data) ? { sent: true } : { sent: false, reason: 'notActive' }
  }

  destination(pointCode: number): DestinationState {
    const own = this.#options.pointCodes.includes(pointCode)
    const state = this.#serverOf(pointCode)?.state
    const availability =
      own || state === 'active' ? 'available' : state === undefined ? 'unknown' : 'unavailable'
    return { pointCode, availability, congestionLevel: 0 }
  }

  /** Tells every ASP that is up, for instance of a destination behind the SGP (RFC 4666 §4.5). */
  announce(message: OutgoingMessage): void {
    for (const asp of this.#asps) if (asp.up) asp.send(message)
  }

  #createServer(options: ServedAsOptions): ServedAs {
    const { clock, onEvent } = this.#dependencies
    const { recoveryMs } = { ...DEFAULT_TIMERS, ...this.#options.timers }
    return new ServedAs(options, {
      clock,
      recoveryMs,
      mostPending: this.#options.mostPending ?? DEFAULT_PENDING,
      onAvailability: (available) => this.#onAvailability(options.pointCode, available),
      onDropped: (reason, count) => {
        const event: M3uaEvent = { kind: 'dropped', path: `${options.routingContext}`, reason }
        for (let i = 0; i < count; i++) onEvent(event)
      },
    })
  }

  #servers(): readonly ServedAs[] {
    return [...this.#static, ...this.#registrations.servers()]
  }

  #serverOf(pointCode: number): ServedAs | undefined {
    return this.#servers().find(({ options }) => options.pointCode === pointCode)
  }

  #onAvailability(pointCode: number, available: boolean): void {
    this.#statuses.emit({ kind: 'destination', state: this.destination(pointCode) })
    const isFirst = this.#servers().filter(({ state }) => state === 'active').length === (available ? 1 : 0)
    if (isFirst) this.#statuses.emit({ kind: available ? 'up' : 'down' })
    const own = this.#serverOf(pointCode)
    for (const asp of this.#asps)
      if (asp.up && own?.stateOf(asp) === 'down') asp.send(availability([{ mask: 0, pointCode }], available))
  }

  #onTransport(transport: Transport): void {
    const { onEvent } = this.#dependencies
    const asp = new ServedAsp(transport, {
      servers: (member) => this.#serversFor(member),
      onData: (data, from) => this.#route(data, from),
      onRegistration: (name, parameters, from) => this.#onRegistration(name, parameters, from),
      onAudit: ({ affectedPointCodes = [] }, from) => this.#onAudit(affectedPointCodes, from),
      onClose: (gone, error) => {
        this.#asps.delete(gone)
        this.#registrations.forget(gone)
        onEvent({ kind: 'associationDown', path: gone.path, error })
      },
      onEvent,
    })
    this.#asps.add(asp)
    onEvent({ kind: 'associationUp', path: asp.path })
    asp.start()
  }

  #serversFor(member: Member): readonly ServedAs[] {
    return [...this.#static.filter((it) => it.admits(member)), ...this.#registrations.servers(member)]
  }

  #route(data: ProtocolData, from: ServedAsp): void {
    if (this.#options.pointCodes.includes(data.dpc)) this.#transfers.emit(data)
    else if (!this.#serverOf(data.dpc)?.deliver(data))
      from.send(availability([{ mask: 0, pointCode: data.dpc }], false))
  }

  #onAudit(affected: readonly MaskedPointCode[], from: ServedAsp): void {
    for (const it of affected)
      from.send(availability([it], this.destination(it.pointCode).availability === 'available'))
  }

  #onRegistration(name: 'REG_REQ' | 'DEREG_REQ', parameters: Parameters, from: ServedAsp): void {
    if (name === 'DEREG_REQ') {
      const results = (parameters.routingContexts ?? []).map((it) => this.#registrations.deregister(it, from))
      from.send({ name: 'DEREG_RSP', parameters: { deregistrationResults: results } })
      return
    }
    const keys = parameters.routingKeys ?? []
    const results = keys.map((key) => this.#registrations.register(key, from, this.#servers()))
    from.send({ name: 'REG_RSP', parameters: { registrationResults: results } })
    for (const server of this.#registrations.servers(from)) {
      if (server.stateOf(from) !== 'down' || !from.up) continue
      server.handle(from, 'aspUp')
      server.update(from)
    }
  }
}

function availability(affectedPointCodes: readonly MaskedPointCode[], available: boolean): OutgoingMessage {
  return { name: available ? 'DAVA' : 'DUNA', parameters: { affectedPointCodes } }
}
