import { type InviteEvent, type InviteState, inviteTransition } from '../invite-fsm.ts'
import type { SipResponse } from '../message.ts'
import { buildResponse, withoutTopVia } from '../response.ts'
import type {
  OpenTransaction,
  ReplyPath,
  ServerContext,
  ServerTransactionParts,
} from './server-transaction.ts'
import { Timed } from './timer-wheel.ts'
import type { InviteEnd, RespondOutcome, ResponseDetail, SipSource } from './types.ts'

export interface InviteParts extends ServerTransactionParts {
  /** What the ACK of a 2xx has in common with its INVITE (RFC 3261 §13.2.2.4). */
  readonly ackKey: string
}

/** Runs `inviteTransition`. One timer: the 100, then the earlier of G and H, then I. */
export class InviteTransaction extends Timed implements OpenTransaction {
  readonly key: string
  readonly ackKey: string
  readonly mergeKey: string | undefined
  readonly method: string
  readonly toTag: string
  readonly receivedAtMs: number
  mergedNext: OpenTransaction | undefined
  finalStatus: number | undefined
  #path: ReplyPath
  readonly #context: ServerContext
  readonly #onEnd: (end: InviteEnd) => void
  #state: InviteState = 'proceeding'
  #octets: string
  #intervalMs = 0
  #repeatAtMs = Number.POSITIVE_INFINITY
  #deadlineMs = Number.POSITIVE_INFINITY

  constructor(
    parts: InviteParts,
    path: ReplyPath,
    context: ServerContext,
    onEnd: (transaction: InviteTransaction, end: InviteEnd) => void,
  ) {
    super()
    this.key = parts.key
    this.ackKey = parts.ackKey
    this.mergeKey = parts.mergeKey
    this.method = parts.method
    this.toTag = parts.toTag
    this.#octets = parts.frame
    this.#path = path
    this.#context = context
    this.#onEnd = (end) => onEnd(this, end)
    this.receivedAtMs = context.clock.now()
    context.wheel.set(this, this.receivedAtMs + context.tryingDelayMs.reliable)
    path.hold(1)
  }

  get source(): SipSource {
    return this.#path.source
  }

  get connectionOpen(): boolean {
    return this.#path.open
  }

  get isOver(): boolean {
    return this.#state === 'terminated'
  }

  onRetransmission(path: ReplyPath): void {
    if (!this.#path.open) {
      if (this.finalStatus === undefined) {
        this.#path.hold(-1)
        path.hold(1)
      }
      this.#path = path
    }
    this.#context.count('requestRetransmissionReceived', this.source.transport)
    this.#apply('retransmission')
  }

  onAck(): void {
    this.#apply('ack')
  }

  /** RFC 3261 §9.2: without a final yet, 487 is it. */
  onCancel(): void {
    if (this.finalStatus !== undefined) return
    this.respond(487)
    this.#onEnd('cancelled')
  }

  override onTimer(nowMs: number): void {
    if (this.#state === 'proceeding') this.#apply('timerTrying')
    else if (this.#state === 'confirmed') this.#apply('timerI')
    else this.#apply(nowMs >= this.#deadlineMs ? 'timerH' : 'timerG')
  }

  respond(status: number, reason?: string, detail?: ResponseDetail): RespondOutcome {
    return this.#final(status, () =>
      buildResponse(this.#octets, status, reason, detail?.headers, detail?.body),
    )
  }

  forward(response: SipResponse): RespondOutcome {
    return this.#final(response.status, () => withoutTopVia(response))
  }

  #final(status: number, octets: () => string): RespondOutcome {
    if (this.finalStatus !== undefined) {
      this.#apply('failure')
      return 'discarded'
    }
    if (status < 200) return 'forbidden'
    this.#octets = octets()
    this.finalStatus = status
    this.#path.hold(-1)
    this.#context.answered()
    this.#apply(status < 300 ? 'success' : 'failure')
    return 'sent'
  }

  #apply(event: InviteEvent): void {
    const { next, effects } = inviteTransition(this.#state, event, this.#path.reliable)
    this.#state = next
    const { wheel, clock, timers, timeoutMs, count } = this.#context
    for (const effect of effects) {
      if (this.#state !== next) return
      switch (effect) {
        case 'sendTrying':
          this.#sendTrying()
          break
        case 'sendFinal':
          this.#send('responseSent')
          break
        case 'repeatFinal':
          this.#send('responseRetransmitted')
          break
        case 'startG':
          this.#intervalMs = Math.min(2 * this.#intervalMs || timers.t1Ms, timers.t2Ms)
          this.#repeatAtMs = clock.now() + this.#intervalMs
          this.#schedule()
          break
        case 'stopG':
          this.#repeatAtMs = Number.POSITIVE_INFINITY
          this.#schedule()
          break
        case 'startH':
          this.#deadlineMs = clock.now() + timeoutMs
          this.#schedule()
          break
        case 'startI':
          wheel.set(this, clock.now() + timers.t4Ms)
          break
        case 'discardFinal':
          count('finalDiscarded', this.source.transport)
          break
        case 'reportAcknowledged':
          this.#onEnd('acknowledged')
          break
        case 'reportUnacknowledged':
          this.#onEnd('unacknowledged')
          break
        case 'reportTransportError':
          count('unroutable', this.source.transport)
          break
        case 'destroy':
          this.#destroy()
      }
    }
  }

  #schedule(): void {
    this.#context.wheel.set(this, Math.min(this.#repeatAtMs, this.#deadlineMs))
  }

  #sendTrying(): void {
    if (!this.#path.open) return
    this.#context.count('tryingSent', this.source.transport)
    this.#path.send(buildResponse(this.#octets, 100))
  }

  #send(name: 'responseSent' | 'responseRetransmitted'): void {
    this.#context.count(name, this.source.transport)
    if (!this.#path.send(this.#octets)) this.#apply('transportError')
  }

  #destroy(): void {
    this.#context.wheel.clear(this)
    this.#context.remove(this)
    this.#octets = ''
  }
}
