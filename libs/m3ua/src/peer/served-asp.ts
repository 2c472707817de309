import type { Transport } from '@ipsmgw/sctp'
import { ErrorCode, type OutgoingMessage } from '../messages.ts'
import type { Parameters, ProtocolData } from '../parameters.ts'
import { SERVED_ASP_TABLE, type ServedAspEvent, type ServedAspState } from '../sgp-fsm.ts'
import { Association, type Handlers } from './association.ts'
import type { Member, ServedAs } from './served-as.ts'
import type { M3uaEvent } from './types.ts'

export interface ServedAspDependencies {
  /** Application servers this ASP may serve now. */
  readonly servers: (member: Member) => readonly ServedAs[]
  readonly onData: (data: ProtocolData, from: ServedAsp) => void
  readonly onRegistration: (name: 'REG_REQ' | 'DEREG_REQ', parameters: Parameters, from: ServedAsp) => void
  readonly onAudit: (parameters: Parameters, from: ServedAsp) => void
  readonly onClose: (asp: ServedAsp, error: Error | undefined) => void
  readonly onEvent: (event: M3uaEvent) => void
}

/** An association at the SGP and the ASP behind it. */
export class ServedAsp implements Member {
  readonly path: string
  identifier: number | undefined
  readonly #association: Association
  readonly #dependencies: ServedAspDependencies
  #state: ServedAspState = 'down'
  readonly #handlers: Handlers = {
    DATA: (parameters, octets) => this.#onData(parameters, octets),
    ASPUP: (parameters, octets) => this.#onUp(parameters, octets),
    ASPDN: () => this.#onAll('aspDown'),
    ASPAC: (parameters, octets) => this.#onTraffic('aspActive', parameters, octets),
    ASPIA: (parameters, octets) => this.#onTraffic('aspInactive', parameters, octets),
    BEAT: ({ heartbeatData }) =>
      this.send({ name: 'BEAT_ACK', parameters: heartbeatData === undefined ? {} : { heartbeatData } }),
    DAUD: (parameters) => this.#dependencies.onAudit(parameters, this),
    REG_REQ: (parameters) => this.#dependencies.onRegistration('REG_REQ', parameters, this),
    DEREG_REQ: (parameters) => this.#dependencies.onRegistration('DEREG_REQ', parameters, this),
    ERR: () => {},
    NTFY: () => {},
    BEAT_ACK: () => {},
  }

  constructor(transport: Transport, dependencies: ServedAspDependencies) {
    this.path = transport.remote
    this.#dependencies = dependencies
    this.#association = new Association(transport, {
      path: this.path,
      handlers: this.#handlers,
      onClose: (error) => {
        this.#onAll('communicationLost')
        dependencies.onClose(this, error)
      },
      onEvent: dependencies.onEvent,
    })
  }

  start(): void {
    this.#association.start()
  }

  close(): void {
    this.#association.close()
  }

  /** Not down: it may be told of destinations. */
  get up(): boolean {
    return this.#state !== 'down'
  }

  send(message: OutgoingMessage): void {
    this.#association.send(message)
  }

  transfer(data: ProtocolData, routingContext: number): boolean {
    return this.#association.transfer(data, routingContext)
  }

  #onUp({ aspIdentifier }: Parameters, octets: Buffer): void {
    this.identifier = aspIdentifier
    const wasActive = this.#dependencies.servers(this).some((it) => it.stateOf(this) === 'active')
    this.#onAll('aspUp')
    if (wasActive) this.#association.sendError(ErrorCode.unexpectedMessage, octets)
  }

  /** What concerns the ASP as a whole: one answer, and a new state in every application server. */
  #onAll(event: 'aspUp' | 'aspDown' | 'communicationLost'): void {
    const { next, effects } = SERVED_ASP_TABLE[this.#state][event]
    this.#state = next
    const servers = this.#dependencies.servers(this)
    for (const server of servers) server.handle(this, event)
    if (effects.includes('ackUp')) this.send({ name: 'ASPUP_ACK', parameters: {} })
    if (effects.includes('ackDown')) this.send({ name: 'ASPDN_ACK', parameters: {} })
    for (const server of servers) server.update(event === 'aspUp' ? this : undefined)
  }

  #onTraffic(
    event: ServedAspEvent & ('aspActive' | 'aspInactive'),
    parameters: Parameters,
    octets: Buffer,
  ): void {
    const { routingContexts, trafficMode } = parameters
    const possible = this.#dependencies.servers(this)
    const unknown = routingContexts?.filter(
      (it) => !possible.some(({ options }) => options.routingContext === it),
    )
    const named = possible.filter(({ options }) => routingContexts?.includes(options.routingContext) ?? true)
    if (!this.up) this.#association.sendError(ErrorCode.unexpectedMessage, octets)
    else if (unknown && unknown.length > 0)
      this.#association.sendError(ErrorCode.invalidRoutingContext, octets, unknown)
    else if (named.length === 0) this.#association.sendError(ErrorCode.noConfiguredAs, octets)
    else if (trafficMode !== undefined && named.some(({ mode }) => mode !== trafficMode))
      this.#association.sendError(ErrorCode.unsupportedTrafficMode, octets, routingContexts)
    else this.#changeTraffic(event, named, parameters)
  }

  #changeTraffic(
    event: 'aspActive' | 'aspInactive',
    servers: readonly ServedAs[],
    parameters: Parameters,
  ): void {
    const { routingContexts, trafficMode } = parameters
    for (const server of servers) server.handle(this, event)
    this.send({
      name: event === 'aspActive' ? 'ASPAC_ACK' : 'ASPIA_ACK',
      parameters: {
        ...(trafficMode !== undefined && { trafficMode }),
        ...(routingContexts !== undefined && { routingContexts }),
      },
    })
    for (const server of servers) server.update()
  }

  #onData({ protocolData, routingContexts }: Parameters, octets: Buffer): void {
    const active = this.#dependencies.servers(this).filter((it) => it.stateOf(this) === 'active')
    const context = routingContexts?.[0]
    if (protocolData === undefined) return
    if (active.length === 0) this.#association.sendError(ErrorCode.unexpectedMessage, octets)
    else if (
      context === undefined ? active.length > 1 : !active.some((it) => it.options.routingContext === context)
    )
      this.#association.sendError(ErrorCode.invalidRoutingContext, octets, routingContexts)
    else this.#dependencies.onData(protocolData, this)
  }
}
