import type { Clock, ConnectOptions, Transport } from '@ipsmgw/sctp'
import { DestinationTable } from '../destinations.ts'
import { errorAction, errorName } from '../error-actions.ts'
import { ASP_TABLE, type AspEffect, type AspEvent, type AspState } from '../fsm.ts'
import { ErrorCode, M3UA_PPID, type MessageName, NotifyStatus, type OutgoingMessage } from '../messages.ts'
import type { SendRefusal } from '../mtp.ts'
import type { MaskedPointCode, Parameters, ProtocolData, RegistrationResult } from '../parameters.ts'
import { AckTimer } from './ack-timer.ts'
import { Association, type Handlers } from './association.ts'
import { Audit } from './audit.ts'
import { Heartbeat } from './heartbeat.ts'
import { Reconnect } from './reconnect.ts'
import { Traffic } from './traffic.ts'
import type { Connect, M3uaEndpointOptions, M3uaEvent, M3uaTimers, PathOptions } from './types.ts'

export interface LinkDependencies {
  readonly clock: Clock
  readonly random: () => number
  readonly connect: Connect
  readonly timers: M3uaTimers
  readonly onEvent: (event: M3uaEvent) => void
  /** What may be sent over the link has changed. */
  readonly onTraffic: () => void
  readonly onTransfer: (data: ProtocolData, routingContext: number | undefined) => void
  readonly onDestination: (pointCode: number) => void
}

/** Point codes in one DAUD. */
const MOST_ASKED = 256

/** One association of the ASP with an SGP or IPSP: opens it for ever, runs `ASP_TABLE`, carries DATA. */
export class Link {
  readonly name: string
  readonly traffics: readonly Traffic[]
  readonly destinations: DestinationTable
  readonly #path: PathOptions
  readonly #options: M3uaEndpointOptions
  readonly #dependencies: LinkDependencies
  readonly #ack: AckTimer
  readonly #heartbeat: Heartbeat
  readonly #audit: Audit
  readonly #reconnect: Reconnect
  #state: AspState = 'down'
  #association: Association | undefined
  #stopping = false
  readonly #stopped = Promise.withResolvers<void>()
  readonly #handlers: Handlers = {
    DATA: (parameters) => this.#onTransferData(parameters),
    DUNA: (parameters) => this.#onDestinations('DUNA', parameters),
    DAVA: (parameters) => this.#onDestinations('DAVA', parameters),
    DRST: (parameters) => this.#onDestinations('DRST', parameters),
    SCON: (parameters) => this.#onDestinations('SCON', parameters),
    DUPU: (parameters) => this.#onDestinations('DUPU', parameters),
    ASPUP_ACK: () => this.#handle('aspUpAck'),
    ASPDN_ACK: () => this.#handle('aspDownAck'),
    ASPAC_ACK: ({ routingContexts }) => this.#each(routingContexts, (it) => it.handle('aspActiveAck')),
    ASPIA_ACK: ({ routingContexts }) => this.#each(routingContexts, (it) => it.handle('aspInactiveAck')),
    BEAT: (parameters) => this.#send({ name: 'BEAT_ACK', parameters: pick(parameters, 'heartbeatData') }),
    BEAT_ACK: ({ heartbeatData }) => this.#heartbeat.acknowledge(heartbeatData),
    NTFY: (parameters) => this.#onNotify(parameters),
    ERR: (parameters) => this.#onError(parameters),
    REG_RSP: ({ registrationResults }) => this.#onRegistration(registrationResults ?? []),
    DEREG_RSP: () => {},
  }

  constructor(path: PathOptions, options: M3uaEndpointOptions, dependencies: LinkDependencies) {
    const { clock, timers, random, connect, onEvent } = dependencies
    this.name = path.name
    this.#path = path
    this.#options = options
    this.#dependencies = dependencies
    this.destinations = new DestinationTable(timers)
    this.#ack = new AckTimer(timers, clock, (event) => {
      if (event === 'exhausted') onEvent({ kind: 'ackTimeout', path: this.name })
      this.#handle(event)
    })
    this.#heartbeat = new Heartbeat(
      timers.heartbeatMs,
      clock,
      (heartbeatData) => this.#send({ name: 'BEAT', parameters: { heartbeatData } }),
      () => {
        onEvent({ kind: 'heartbeatLost', path: this.name })
        this.#association?.destroy()
      },
    )
    this.#audit = new Audit(
      timers.auditMs,
      clock,
      () => this.destinations.unavailable(),
      (pointCodes) => this.ask(pointCodes),
    )
    this.#reconnect = new Reconnect(timers, {
      clock,
      random,
      connect: (signal) => connect(this.#connectOptions(), signal),
      onTransport: (transport) => this.#onTransport(transport),
      onFailure: (error) => onEvent({ kind: 'connectFailed', path: this.name, error }),
    })
    this.traffics = options.applicationServers.map((it, index) => this.#traffic(it, index + 1))
  }

  start(): void {
    this.#reconnect.now()
  }

  /** ASPIA, ASPDN, close; resolves when the association is gone. What was accepted is still sent. */
  stop(): Promise<void> {
    this.#stopping = true
    this.#reconnect.stop()
    for (const traffic of this.traffics) traffic.handle('stop')
    this.#stopWhenQuiet()
    return this.#stopped.promise
  }

  isActive(pointCode: number): boolean {
    return this.#trafficFor(pointCode)?.state === 'active'
  }

  /** Gives the message to the association; `onUnsent` is called if it never got out. */
  transfer(data: ProtocolData, startsDialogue: boolean, onUnsent: () => void): SendRefusal | undefined {
    const traffic = this.#trafficFor(data.opc)
    const association = this.#association
    if (traffic?.state !== 'active' || association === undefined) return 'notActive'
    const refusal = this.destinations.refusal(data.dpc, startsDialogue, this.#dependencies.clock.now())
    if (refusal !== undefined) return refusal
    const { networkAppearance } = this.#options
    const taken = association.transfer(data, traffic.routingContext, networkAppearance, onUnsent)
    return taken ? undefined : 'queueFull'
  }

  /** DAUD: what is the state of these? */
  ask(pointCodes: readonly MaskedPointCode[]): void {
    const affectedPointCodes = pointCodes.slice(0, MOST_ASKED)
    if (affectedPointCodes.length > 0) this.#send({ name: 'DAUD', parameters: { affectedPointCodes } })
  }

  #trafficFor(pointCode: number): Traffic | undefined {
    for (const it of this.traffics) if (it.options.pointCode === pointCode) return it
    return undefined
  }

  #traffic(options: M3uaEndpointOptions['applicationServers'][number], localId: number): Traffic {
    const { clock, timers, onEvent, onTraffic } = this.#dependencies
    return new Traffic(options, localId, {
      clock,
      timers,
      networkAppearance: this.#options.networkAppearance,
      send: (message) => this.#send(message),
      onChange: (change) => {
        if (change === 'stopped') return this.#stopWhenQuiet()
        if (change === 'active') this.#reconnect.succeeded()
        onEvent({ kind: change, path: this.name, pointCode: options.pointCode })
        onTraffic()
      },
      onSilence: () => {
        onEvent({ kind: 'ackTimeout', path: this.name })
        this.#association?.destroy()
      },
    })
  }

  #stopWhenQuiet(): void {
    if (!this.#stopping || this.traffics.some(({ state }) => state !== 'stopped')) return
    this.#handle('stop')
    if (this.#association === undefined) this.#stopped.resolve()
  }

  #connectOptions(): ConnectOptions {
    return this.#path.transport === 'sctp' ? { ...this.#path, payloadProtocol: M3UA_PPID } : this.#path
  }

  #onTransport(transport: Transport): void {
    const { onEvent } = this.#dependencies
    this.#association = new Association(transport, {
      path: this.name,
      handlers: this.#options.doubleExchange
        ? { ...this.#handlers, ...this.#peerHandlers() }
        : this.#handlers,
      onClose: (error) => this.#onClose(error),
      onEvent,
    })
    this.#association.start()
    onEvent({ kind: 'associationUp', path: this.name })
    this.#heartbeat.start()
    this.#handle('communicationUp')
  }

  #onClose(error: Error | undefined): void {
    this.#association = undefined
    this.#heartbeat.stop()
    this.#audit.stop()
    this.#handle('communicationLost')
    for (const traffic of this.traffics) traffic.aspDown()
    this.#dependencies.onEvent({ kind: 'associationDown', path: this.name, error })
    if (this.#stopping) this.#stopped.resolve()
    else this.#reconnect.later()
  }

  #onRegistration(results: readonly RegistrationResult[]): void {
    for (const it of results)
      this.traffics.find(({ localId }) => localId === it.localRoutingKeyId)?.onRegistration(it)
  }

  #onTransferData({ protocolData, routingContexts }: Parameters): void {
    if (protocolData === undefined) return
    this.destinations.heardFrom(protocolData.opc)
    this.#dependencies.onTransfer(protocolData, routingContexts?.[0])
  }

  #onDestinations(name: 'DUNA' | 'DAVA' | 'DRST' | 'SCON' | 'DUPU', parameters: Parameters): void {
    const affected = this.destinations.apply(name, parameters, this.#dependencies.clock.now())
    for (const { pointCode } of affected) this.#dependencies.onDestination(pointCode)
    if (name === 'DUNA') this.#audit.start()
  }

  #onNotify({ status, routingContexts }: Parameters): void {
    const is = (name: NotifyStatus) =>
      status?.type === NotifyStatus[name].type && status.information === NotifyStatus[name].information
    if (is('asInactive') || is('asPending')) this.#each(routingContexts, (it) => it.handle('notifyNotActive'))
    else if (is('alternateAspActive')) this.#each(routingContexts, (it) => it.handle('alternateActive'))
  }

  #onError({ errorCode = 0, routingContexts, affectedPointCodes }: Parameters): void {
    const action = errorAction(errorCode)
    const name = errorName(errorCode)
    this.#dependencies.onEvent({ kind: 'errorReceived', path: this.name, errorCode, name, action })
    if (action === 'destination') this.destinations.forget(affectedPointCodes ?? [])
    const wholeAsp = action === 'asp' || (action === 'blocking' && this.#state === 'goingUp')
    if (wholeAsp) this.#handle('refused')
    else if (action === 'traffic' || action === 'blocking') this.#refuse(routingContexts)
    else if (
      errorCode === ErrorCode.unsupportedMessageClass ||
      errorCode === ErrorCode.unsupportedMessageType
    )
      for (const it of this.traffics) if (it.state === 'registering') it.handle('refused')
  }

  /** An ERR that names no context is about those that wait for an answer; if none does, about a lone active one. */
  #refuse(contexts: readonly number[] | undefined): void {
    const named = this.traffics.filter(({ routingContext }) => contexts?.includes(routingContext ?? -1))
    const waiting = this.traffics.filter(({ state }) => state === 'activating' || state === 'registering')
    const concerned = named.length > 0 ? named : waiting.length > 0 ? waiting : this.traffics
    if (concerned === this.traffics && concerned.length > 1) return
    for (const it of concerned) it.handle('refused')
  }

  /** Requests of an IPSP; an SGP sends none. */
  #peerHandlers(): Handlers {
    const answer = (name: MessageName) => (parameters: Parameters) =>
      this.#send({ name, parameters: pick(parameters, 'trafficMode', 'routingContexts') })
    return {
      ASPUP: answer('ASPUP_ACK'),
      ASPDN: answer('ASPDN_ACK'),
      ASPAC: answer('ASPAC_ACK'),
      ASPIA: answer('ASPIA_ACK'),
    }
  }

  /** Those the contexts name; all of them without contexts. */
  #each(contexts: readonly number[] | undefined, apply: (traffic: Traffic) => void): void {
    for (const traffic of this.traffics) {
      const { routingContext } = traffic
      if (!contexts || routingContext === undefined || contexts.includes(routingContext)) apply(traffic)
    }
  }

  #handle(event: AspEvent): void {
    const { next, effects } = ASP_TABLE[this.#state][event]
    this.#state = next
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: AspEffect): void {
    const { aspIdentifier } = this.#options
    switch (effect) {
      case 'sendAspUp':
        this.#send({
          name: 'ASPUP',
          parameters: aspIdentifier === undefined ? {} : { aspIdentifier },
        })
        break
      case 'sendAspDown':
        this.#send({ name: 'ASPDN', parameters: {} })
        break
      case 'startAck':
        this.#ack.start()
        break
      case 'stopAck':
        this.#ack.stop()
        break
      case 'reportUp':
        this.destinations.clear()
        for (const traffic of this.traffics) traffic.aspUp()
        break
      case 'reportDown':
        this.destinations.clear()
        for (const traffic of this.traffics) traffic.aspDown()
        break
      case 'drop':
        this.#association?.close()
    }
  }

  #send(message: OutgoingMessage): void {
    this.#association?.send(message)
  }
}

function pick<K extends keyof Parameters>(parameters: Parameters, ...names: K[]): Pick<Parameters, K> {
  const chosen: Partial<Parameters> = {}
  for (const name of names) if (parameters[name] !== undefined) chosen[name] = parameters[name]
  return chosen as Pick<Parameters, K>
}
