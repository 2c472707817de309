import type { Clock } from '@ipsmgw/sctp'
import { TRAFFIC_TABLE, type TrafficEffect, type TrafficEvent, type TrafficState } from '../fsm.ts'
import { type OutgoingMessage, RegistrationStatus } from '../messages.ts'
import type { RegistrationResult, RoutingKey } from '../parameters.ts'
import { AckTimer } from './ack-timer.ts'
import type { ApplicationServerOptions, M3uaTimers } from './types.ts'

export interface TrafficDependencies {
  readonly clock: Clock
  readonly timers: M3uaTimers
  readonly networkAppearance: number | undefined
  readonly send: (message: OutgoingMessage) => void
  readonly onChange: (change: 'active' | 'inactive' | 'refused' | 'stopped') => void
  /** The peer does not answer. */
  readonly onSilence: () => void
}

/** One application server on one association: runs `TRAFFIC_TABLE`. */
export class Traffic {
  readonly options: ApplicationServerOptions
  /** Local routing key identifier, unique on the association. */
  readonly localId: number
  readonly #dependencies: TrafficDependencies
  readonly #ack: AckTimer
  #state: TrafficState = 'down'
  #registeredContext: number | undefined
  #cancelRetry: (() => void) | undefined

  constructor(options: ApplicationServerOptions, localId: number, dependencies: TrafficDependencies) {
    this.options = options
    this.localId = localId
    this.#dependencies = dependencies
    this.#ack = new AckTimer(dependencies.timers, dependencies.clock, (event) => this.handle(event))
  }

  get state(): TrafficState {
    return this.#state
  }

  /** As configured or as the SGP assigned it. */
  get routingContext(): number | undefined {
    return this.#registeredContext ?? this.options.routingContext
  }

  /** Comes up with the ASP, registered first if that is how it is configured. */
  aspUp(): void {
    this.handle(
      this.options.register && this.#registeredContext === undefined ? 'aspUpUnregistered' : 'aspUp',
    )
  }

  /** The association is gone, and with it what was registered on it. */
  aspDown(): void {
    this.#registeredContext = undefined
    this.handle('aspDown')
  }

  onRegistration({ registrationStatus, routingContexts }: RegistrationResult): void {
    const { registered, alreadyRegistered } = RegistrationStatus
    const context = routingContexts?.[0]
    const good = registrationStatus === registered || registrationStatus === alreadyRegistered
    if (!good || context === undefined) {
      this.handle('refused')
      return
    }
    if (this.#state === 'registering') this.#registeredContext = context
    this.handle('registered')
  }

  handle(event: TrafficEvent): void {
    const { next, effects } = TRAFFIC_TABLE[this.#state][event]
    this.#state = next
    if (next === 'refused' && effects.length > 0) this.#dependencies.onChange('refused')
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: TrafficEffect): void {
    const { send, onChange, onSilence, clock, timers } = this.#dependencies
    switch (effect) {
      case 'sendRegister':
        send({ name: 'REG_REQ', parameters: { routingKeys: [this.#routingKey()] } })
        break
      case 'sendAspActive':
        send({ name: 'ASPAC', parameters: { ...this.#mode(), ...this.#context() } })
        break
      case 'sendAspInactive':
        send({ name: 'ASPIA', parameters: this.#context() })
        break
      case 'startAck':
        this.#ack.start()
        break
      case 'stopAck':
        this.#ack.stop()
        break
      case 'startRetry':
        this.#cancelRetry = clock.after(timers.refusedRetryMs, () => this.aspUp())
        break
      case 'stopRetry':
        this.#cancelRetry?.()
        break
      case 'reportActive':
        onChange('active')
        break
      case 'reportInactive':
        onChange('inactive')
        break
      case 'reportStopped':
        this.#deregister()
        onChange('stopped')
        break
      case 'drop':
        onSilence()
        break
    }
  }

  #routingKey(): RoutingKey {
    const { networkAppearance } = this.#dependencies
    const { pointCode, routingContext } = this.options
    return {
      localRoutingKeyId: this.localId,
      ...(routingContext !== undefined && { routingContexts: [routingContext] }),
      ...this.#mode(),
      destinationPointCodes: [{ mask: 0, pointCode }],
      ...(networkAppearance !== undefined && { networkAppearance }),
    }
  }

  #deregister(): void {
    if (this.#registeredContext === undefined) return
    this.#dependencies.send({
      name: 'DEREG_REQ',
      parameters: { routingContexts: [this.#registeredContext] },
    })
    this.#registeredContext = undefined
  }

  #mode() {
    const { trafficMode } = this.options
    return trafficMode === undefined ? {} : { trafficMode }
  }

  #context() {
    const context = this.routingContext
    return context === undefined ? {} : { routingContexts: [context] }
  }
}
