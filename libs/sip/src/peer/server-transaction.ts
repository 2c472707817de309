import { type ServerEvent, type ServerState, serverTransition } from '../fsm.ts'
import type { SipResponse } from '../message.ts'
import type { HeaderEntry } from '../messages.ts'
import { buildResponse, withoutTopVia } from '../response.ts'
import {
  HeldRequest,
  type ReplyPath,
  type ServerContext,
  type ServerTransactionParts,
} from './held-request.ts'
import type { RespondOutcome, ResponseDetail } from './types.ts'

/** Runs `serverTransition`: owns the timer, decides nothing. */
export class ServerTransaction extends HeldRequest {
  readonly #timestamp: string | undefined
  #state: ServerState = 'trying'

  constructor(parts: ServerTransactionParts, path: ReplyPath, context: ServerContext) {
    super(parts, path, context)
    this.#timestamp = parts.timestamp
    const { reliable, unreliable } = context.tryingDelayMs
    context.wheel.set(this, this.receivedAtMs + (path.reliable ? reliable : unreliable))
  }

  /** Whether the transaction is Terminated. */
  get isOver(): boolean {
    return this.#state === 'terminated'
  }

  onRetransmission(path: ReplyPath): void {
    this.follow(path)
    this.#apply('retransmission')
  }

  override onTimer(): void {
    if (this.#state === 'trying') this.#apply('timerTrying')
    else this.#apply(this.#state === 'proceeding' ? 'timerExpiry' : 'timerJ')
  }

  respond(status: number, reason?: string, detail?: ResponseDetail): RespondOutcome {
    const refused = this.#refuses(status)
    if (refused !== undefined) return refused
    return this.#final(status, buildResponse(this.octets, status, reason, detail?.headers, detail?.body))
  }

  forward(response: SipResponse): RespondOutcome {
    return this.#refuses(response.status) ?? this.#final(response.status, withoutTopVia(response))
  }

  #refuses(status: number): RespondOutcome | undefined {
    if (this.finalStatus !== undefined) {
      this.#apply('final')
      return 'discarded'
    }
    if (status < 200 || status === 408) return 'forbidden'
    if (this.context.clock.now() - this.receivedAtMs < this.context.timeoutMs) return undefined
    this.#apply('timerExpiry')
    this.context.count('lateFinal', this.source.transport)
    return 'late'
  }

  #final(status: number, octets: string): RespondOutcome {
    this.answer(status, octets)
    this.#apply('final')
    return 'sent'
  }

  #apply(event: ServerEvent): void {
    const { next, effects } = serverTransition(this.#state, event, this.path.reliable)
    this.#state = next
    for (const effect of effects) {
      if (this.#state !== next) return // an effect failed and moved on: the rest belongs to a state that is over
      switch (effect) {
        case 'sendTrying':
          this.sendTrying(this.#timestampHeader())
          break
        case 'sendFinal':
          this.#send('responseSent')
          break
        case 'repeatFinal':
          this.#send('responseRetransmitted')
          break
        case 'startExpiry':
          this.context.wheel.set(this, this.receivedAtMs + this.context.timeoutMs)
          break
        case 'startJ':
          this.context.wheel.set(this, this.context.clock.now() + this.context.timeoutMs)
          break
        case 'discardFinal':
          this.context.count('finalDiscarded', this.source.transport)
          break
        case 'reportExpired':
          this.context.count('transactionExpired', this.source.transport)
          this.path.hold(-1)
          this.context.answered()
          break
        case 'reportTransportError':
          this.context.count('unroutable', this.source.transport)
          break
        case 'destroy':
          this.destroy()
      }
    }
  }

  /** RFC 3261 §8.2.6.1: the sender's Timestamp with our delay in seconds added. */
  #timestampHeader(): HeaderEntry[] | undefined {
    if (this.#timestamp === undefined) return undefined
    const delaySeconds = (this.context.clock.now() - this.receivedAtMs) / 1000
    return [['Timestamp', `${this.#timestamp.split(/\s/)[0]} ${delaySeconds.toFixed(3)}`]]
  }

  #send(name: 'responseSent' | 'responseRetransmitted'): void {
    if (!this.sendFinal(name)) this.#apply('transportError')
  }
}
