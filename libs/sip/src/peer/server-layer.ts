import { SipParseError } from '../errors.ts'
import type { SipRequest } from '../message.ts'
import { type HeaderInput, KNOWN_METHODS } from '../messages.ts'
import type { OverloadFeedback } from '../overload.ts'
import { buildResponse, responseFrame } from '../response.ts'
import type { OpenTransaction, ServerContext } from './held-request.ts'
import { Incoming } from './incoming.ts'
import { type InviteParts, InviteTransaction } from './invite-transaction.ts'
import { ackKey, Flattener, mergeKey, tagOf, transactionKey } from './keys.ts'
import type { ArrivalPath } from './paths.ts'
import { ServerTransaction } from './server-transaction.ts'
import type {
  IncomingRequest,
  InviteEnd,
  ServerTransactionHandle,
  SipEventName,
  SipSource,
  Transport,
} from './types.ts'

export interface ServerLayerOptions extends Omit<ServerContext, 'answered' | 'remove'> {
  readonly maxTransactions: number
  readonly retryAfterSeconds: number
  readonly tagSeed: string
  /** Our load, for neighbours that ask (RFC 7339). */
  feedback(): OverloadFeedback | undefined
}

export interface ServerLayerSink {
  /** Whether a new request may open a transaction. */
  admits(request: SipRequest, source: SipSource): boolean
  request(request: IncomingRequest): void
  /** What became of an INVITE behind its final, or instead of it. */
  inviteEnded(transaction: ServerTransactionHandle, end: InviteEnd): void
  /** The last unanswered request has been answered. */
  quiet(): void
}

/** Server transactions of an endpoint: matching, merged requests, CANCEL, ACK, bounds (RFC 3261 §17.2.3, §9.2). */
export class ServerLayer {
  readonly #options: ServerLayerOptions
  readonly #sink: ServerLayerSink
  readonly #context: ServerContext
  readonly #byKey = new Map<string, OpenTransaction>()
  readonly #byMergeKey = new Map<string, OpenTransaction>()
  readonly #byAckKey = new Map<string, InviteTransaction>()
  readonly #flattener = new Flattener()
  #unanswered = 0
  draining = false

  constructor(options: ServerLayerOptions, sink: ServerLayerSink) {
    this.#options = options
    this.#sink = sink
    const { wheel, clock, tryingDelayMs, timeoutMs, timers, count } = options
    this.#context = {
      wheel,
      clock,
      tryingDelayMs,
      timeoutMs,
      timers,
      count,
      answered: () => {
        this.#unanswered--
        if (this.#unanswered === 0) sink.quiet()
      },
      remove: (transaction) => this.#remove(transaction),
    }
  }

  /** Open transactions, those that linger in Completed included. */
  get size(): number {
    return this.#byKey.size
  }

  get unanswered(): number {
    return this.#unanswered
  }

  onRequest(request: SipRequest, path: ArrivalPath): void {
    if (request.method === 'ACK') {
      this.#acknowledge(request, path)
      return
    }
    path.answerTo(request)
    const key = this.#flattener.copy(transactionKey(request))
    const known = this.#byKey.get(key)
    if (known !== undefined) known.onRetransmission(path)
    else if (request.method === 'CANCEL') this.#cancel(request, path, key)
    else if (this.draining || this.#byKey.size >= this.#options.maxTransactions)
      this.#refuse(request, path, key, this.draining ? undefined : 'transactionsFull')
    else if (!this.#sink.admits(request, path.source)) this.#refuse(request, path, key, 'notAdmitted')
    else this.#open(request, path, key)
  }

  /** Answers what could not be parsed, without a transaction; what cannot be addressed is dropped. */
  onParseError(error: SipParseError, path: ArrivalPath): void {
    const { transport } = path.source
    const request = error.partial
    if (request === undefined) {
      this.#count('malformedDropped', transport)
      return
    }
    this.#count('malformedAnswered', transport)
    path.answerTo(request)
    this.#stateless(request, path, request.headers.get('via') ?? '', error.status)
  }

  #open(request: SipRequest, path: ArrivalPath, key: string): void {
    const merge = mergeKey(request)
    const toTag = request.to.tag ?? tagOf(this.#options.tagSeed, key)
    const timestamp = request.headers.get('timestamp')
    const copy = (text: string): string => this.#flattener.copy(text)
    const parts = {
      key,
      mergeKey: merge === undefined ? undefined : copy(merge),
      method: copy(request.method),
      toTag: copy(toTag),
      frame: copy(responseFrame(request, path.source, toTag, this.#options.feedback())),
      timestamp: timestamp === undefined ? undefined : copy(timestamp),
    }
    const transaction =
      request.method === 'INVITE'
        ? this.#invite({ ...parts, ackKey: copy(ackKey(request, toTag)) }, path)
        : new ServerTransaction(parts, path, this.#context)
    this.#byKey.set(key, transaction)
    this.#unanswered++
    this.#count('requestReceived', path.source.transport)
    this.#sink.request(new Incoming(request, transaction, this.#mergedWith(transaction)))
  }

  #invite(parts: InviteParts, path: ArrivalPath): InviteTransaction {
    const transaction = new InviteTransaction(parts, path, this.#context, (it, end) =>
      this.#sink.inviteEnded(it, end),
    )
    this.#byAckKey.set(parts.ackKey, transaction)
    return transaction
  }

  /** The ACK of a 2xx is a request of its own; any other belongs to its INVITE's transaction (RFC 3261 §17.1.1.3). */
  #acknowledge(request: SipRequest, path: ArrivalPath): void {
    const invite =
      this.#byKey.get(transactionKey(request, 'INVITE')) ?? this.#byAckKey.get(ownAckKey(request))
    if (invite instanceof InviteTransaction) invite.onAck()
    else this.#count('strayAck', path.source.transport)
  }

  #mergedWith(transaction: OpenTransaction): ServerTransactionHandle | undefined {
    if (transaction.mergeKey === undefined) return undefined
    const earlier = this.#byMergeKey.get(transaction.mergeKey)
    if (earlier === undefined) this.#byMergeKey.set(transaction.mergeKey, transaction)
    else {
      transaction.mergedNext = earlier.mergedNext
      earlier.mergedNext = transaction
    }
    return earlier
  }

  /** A CANCEL ends an INVITE without a final and changes nothing else (RFC 3261 §9.2); it is answered. */
  #cancel(request: SipRequest, path: ArrivalPath, key: string): void {
    let target: OpenTransaction | undefined
    for (const method of KNOWN_METHODS) target ??= this.#byKey.get(transactionKey(request, method))
    this.#count(target === undefined ? 'cancelUnmatched' : 'cancelMatched', path.source.transport)
    this.#stateless(request, path, key, target === undefined ? 481 : 200, undefined, target?.toTag)
    if (target instanceof InviteTransaction) target.onCancel()
  }

  #refuse(request: SipRequest, path: ArrivalPath, key: string, name: SipEventName | undefined): void {
    if (name !== undefined) this.#count(name, path.source.transport)
    this.#stateless(request, path, key, 503, { 'Retry-After': String(this.#options.retryAfterSeconds) })
  }

  /** The same request always gets the same To-tag, so nothing needs to be remembered (RFC 3261 §8.2.7). */
  #stateless(
    request: SipRequest,
    path: ArrivalPath,
    key: string,
    status: number,
    headers?: HeaderInput,
    toTag = tagOf(this.#options.tagSeed, key),
  ): void {
    const frame = responseFrame(request, path.source, toTag, this.#options.feedback())
    const sent = path.send(buildResponse(frame, status, '', headers))
    this.#count(sent ? 'responseSent' : 'unroutable', path.source.transport)
  }

  #remove(transaction: OpenTransaction): void {
    this.#byKey.delete(transaction.key)
    if (transaction instanceof InviteTransaction) this.#byAckKey.delete(transaction.ackKey)
    const { mergeKey: merge } = transaction
    if (merge === undefined || this.#byMergeKey.get(merge) !== transaction) return
    let heir = transaction.mergedNext
    while (heir?.isOver) heir = heir.mergedNext
    if (heir === undefined) this.#byMergeKey.delete(merge)
    else this.#byMergeKey.set(merge, heir)
  }

  #count(name: SipEventName, transport: Transport): void {
    this.#options.count(name, transport)
  }
}

/** Nothing can be answered to an ACK: one with a broken To or From belongs to nobody. */
function ownAckKey(request: SipRequest): string {
  try {
    return ackKey(request, request.to.tag ?? '')
  } catch (error) {
    if (error instanceof SipParseError) return ''
    throw error
  }
}
