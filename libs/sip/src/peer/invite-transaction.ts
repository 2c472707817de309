import { type InviteEvent, type InviteState, inviteTransition } from '../invite-fsm.ts'
import type { SipResponse } from '../message.ts'
import { buildResponse, withoutTopVia } from '../response.ts'
import {
  HeldRequest,
  type ReplyPath,
  type ServerContext,
  type ServerTransactionParts,
} from './held-request.ts'
import type { InviteEnd, RespondOutcome, ResponseDetail } from './types.ts'

export interface InviteParts extends ServerTransactionParts {
  /** What the ACK of a 2xx has in common with its INVITE (RFC 3261 §13.2.2.4). */
  readonly ackKey: string
}

/** Runs `inviteTransition`. One timer: the 100, then the earlier of G and H, then I. */
export class InviteTransaction extends HeldRequest {
  readonly ackKey: string
  readonly #onEnd: (end: InviteEnd) => void
  #state: InviteState = 'proceeding'
  #intervalMs = 0
  #repeatAtMs = Number.POSITIVE_INFINITY
  #deadlineMs = Number.POSITIVE_INFINITY

  constructor(
    parts: InviteParts,
    path: ReplyPath,
    context: ServerContext,
    onEnd: (transaction: InviteTransaction, end: InviteEnd) => void,
  ) {
    super(parts, path, context)
    this.ackKey = parts.ackKey
    this.#onEnd = (end) => onEnd(this, end)
    context.wheel.set(this, this.receivedAtMs + context.tryingDelayMs.reliable)
  }

  get isOver(): boolean {
    return this.#state === 'terminated'
  }

  onRetransmission(path: ReplyPath): void {
    this.follow(path)
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
      buildResponse(this.octets, status, reason, detail?.headers, detail?.body),
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
    this.answer(status, octets())
    this.#apply(status < 300 ? 'success' : 'failure')
    return 'sent'
  }

  #apply(event: InviteEvent): void {
    const { next, effects } = inviteTransition(this.#state, event, this.path.reliable)
    this.#state = next
    const { wheel, clock, timers, timeoutMs, count } = this.context
    for (const effect of effects) {
      if (this.#state !== next) return
      switch (effect) {
        case 'sendTrying':
          this.sendTrying()
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
          this.destroy()
      }
    }
  }

  #schedule(): void {
    this.context.wheel.set(this, Math.min(this.#repeatAtMs, this.#deadlineMs))
  }

  #send(name: 'responseSent' | 'responseRetransmitted'): void {
    if (!this.sendFinal(name)) this.#apply('transportError')
  }
}
