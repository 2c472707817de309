import { type ClientEvent, type ClientState, clientTransition, nextTimerE } from '../fsm.ts'
import type { SipResponse } from '../message.ts'
import { Timed, type TimerWheel } from './timer-wheel.ts'
import type { RequestOutcome, SipClock, SipEventName, TimerOptions, Transport } from './types.ts'

/** The way to whoever is asked. */
export interface RequestPath {
  readonly transport: Transport
  readonly reliable: boolean
  /** False: there is no way to send it. */
  send(octets: string): boolean
}

/** What a client transaction needs from the endpoint. */
export interface ClientContext {
  readonly wheel: TimerWheel
  readonly clock: SipClock
  readonly timers: TimerOptions
  count(name: SipEventName, transport: Transport): void
  remove(transaction: ClientTransaction): void
}

export interface ClientTransactionParts {
  readonly branch: string
  readonly method: string
  /** The whole request. */
  readonly octets: string
  onProvisional?(response: SipResponse): void
  onOutcome(outcome: RequestOutcome): void
}

/** Runs `clientTransition`. One timer: the earlier of E and F, or K. */
export class ClientTransaction extends Timed {
  readonly branch: string
  readonly method: string
  readonly #parts: ClientTransactionParts
  readonly #path: RequestPath
  readonly #context: ClientContext
  #state: ClientState = 'trying'
  #intervalMs = 0
  #retransmitAtMs = Number.POSITIVE_INFINITY
  #deadlineMs = Number.POSITIVE_INFINITY
  #cause: unknown

  constructor(parts: ClientTransactionParts, path: RequestPath, context: ClientContext) {
    super()
    this.branch = parts.branch
    this.method = parts.method
    this.#parts = parts
    this.#path = path
    this.#context = context
  }

  start(): void {
    this.#apply('start')
  }

  onResponse(response: SipResponse): void {
    this.#apply(response.status < 200 ? 'provisional' : 'final', response)
  }

  onTransportError(cause: unknown): void {
    this.#cause = cause
    this.#apply('transportError')
  }

  /** The endpoint closes: no further effect on the wire. */
  abandon(): void {
    this.#context.wheel.clear(this)
    this.#parts.onOutcome({ kind: 'closed' })
  }

  override onTimer(nowMs: number): void {
    if (this.#state === 'completed') this.#apply('timerK')
    else this.#apply(nowMs >= this.#deadlineMs ? 'timerF' : 'timerE')
  }

  #apply(event: ClientEvent, response?: SipResponse): void {
    const { next, effects } = clientTransition(this.#state, event, this.#path.reliable)
    this.#state = next
    const { wheel, clock, timers, count } = this.#context
    for (const effect of effects) {
      if (this.#state !== next) return // an effect failed and moved on: the rest belongs to a state that is over
      switch (effect) {
        case 'sendRequest':
          this.#send('requestSent')
          break
        case 'repeatRequest':
          this.#send('requestRetransmissionSent')
          break
        case 'startE':
          this.#intervalMs = nextTimerE(this.#state, this.#intervalMs, timers)
          this.#retransmitAtMs = clock.now() + this.#intervalMs
          this.#schedule()
          break
        case 'startF':
          this.#deadlineMs = clock.now() + 64 * timers.t1Ms
          this.#schedule()
          break
        case 'startK':
          wheel.set(this, clock.now() + timers.t4Ms)
          break
        case 'deliverProvisional':
          if (response !== undefined) this.#parts.onProvisional?.(response)
          break
        case 'deliverFinal':
          count('requestAnswered', this.#path.transport)
          if (response !== undefined) this.#parts.onOutcome({ kind: 'response', response })
          break
        case 'reportTimeout':
          count('requestTimeout', this.#path.transport)
          this.#parts.onOutcome({ kind: 'timeout' })
          break
        case 'reportTransportError':
          count('transportError', this.#path.transport)
          this.#parts.onOutcome({ kind: 'transportError', cause: this.#cause })
          break
        case 'destroy':
          wheel.clear(this)
          this.#context.remove(this)
      }
    }
  }

  #schedule(): void {
    if (this.#state === 'terminated') return
    this.#context.wheel.set(this, Math.min(this.#retransmitAtMs, this.#deadlineMs))
  }

  #send(name: SipEventName): void {
    this.#context.count(name, this.#path.transport)
    if (!this.#path.send(this.#parts.octets)) this.onTransportError(new Error('no way to send the request'))
  }
}
