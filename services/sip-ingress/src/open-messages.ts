import { answerFor, type Cause } from '@ipsmgw/causes'
import type { ImReceived, SipFinal } from '@ipsmgw/events'
import type { KeyMaker } from '@ipsmgw/numbering'
import { decide, type Policy } from '@ipsmgw/policy'
import { Deadlines } from '@ipsmgw/runtime'
import type { ServerTransactionHandle } from '@ipsmgw/sip'
import type { TraceSpan } from '@ipsmgw/telemetry'
import type { LoadSample } from './admission.ts'
import type { ContentCheck } from './content-check.ts'
import type { LargeMessages } from './large-messages.ts'
import { endMessageSpan } from './message-span.ts'
import type { RecordOptions } from './record.ts'
import type { RefusalRecords } from './refusal-records.ts'
import type { IngressReport } from './report.ts'
import type { Taps } from './taps.ts'

/** The own guard fires this long after an answer is due, early or by answerBy: correlation's comes first. */
const GUARD_MS = 1_000

export interface OpenMessagesOptions {
  /** Host name in Warning headers. */
  readonly host: string
  readonly reply: RecordOptions['reply']
}

export interface OpenMessagesDependencies {
  readonly keys: KeyMaker
  policy(): Policy
  now(): number
  /** Resolves when the record is durable. */
  publish(record: ImReceived): Promise<void>
  /** Whether that failure proves that the record is not on the bus. */
  provablyNotPublished(error: unknown): boolean
  readonly contentCheck: ContentCheck
  /** Those whose answer may be followed by what becomes known later. */
  readonly sessions?: Pick<LargeMessages, 'late'>
  readonly refusals: RefusalRecords
  /** Sees every message that is taken, and what becomes of it. */
  readonly taps: Pick<Taps, 'see' | 'ended' | 'late'>
  readonly report: IngressReport
}

interface Pending {
  readonly transactions: ServerTransactionHandle[]
  readonly guardAtMs: number
  readonly startedAtMs: number
  readonly span: TraceSpan
}

/** Why a message ends here and what its sender is told; of what is not known there is no result. */
type Ending = Pick<SipFinal, 'cause' | 'final' | 'result'>

const NOTHING_SENT: NonNullable<Ending['result']> = { outcome: 'failed', partsDelivered: 0, parts: 0 }

/** Causes by which networks behind the gateway say that they have too much to do. */
const CONGESTION: ReadonlySet<string> = new Set<Cause>(['routingCongested', 'servingNodeBusy'])

/** Messages that were taken, from the record to the SIP answer: records out, finals in. Holds the transactions. */
export class OpenMessages {
  readonly #options: OpenMessagesOptions
  readonly #dependencies: OpenMessagesDependencies
  readonly #pending = new Map<string, Pending>()
  readonly #guards: Deadlines<string>
  /** Records that the bus has not confirmed, by when they were handed to it. */
  readonly #unpublished = new Map<string, number>()
  #lagMs = 0
  #finals = 0
  #congested = 0
  #idle: (() => void) | undefined

  constructor(options: OpenMessagesOptions, dependencies: OpenMessagesDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#guards = new Deadlines({ tickMs: 100, now: dependencies.now }, (messageId) =>
      this.#guard(messageId),
    )
  }

  get size(): number {
    return this.#pending.size
  }

  has(messageId: string): boolean {
    return this.#pending.has(messageId)
  }

  /** Arrival of the oldest of them. */
  oldestMs(): number | undefined {
    for (const pending of this.#pending.values()) return pending.startedAtMs
    return undefined
  }

  /** What was seen since the last look: of the pipeline's lag, of finals and of the bus. */
  waiting(nowMs: number): Omit<LoadSample, 'utilisation' | 'delayMs' | 'arrived'> {
    const told = { nowMs, lagMs: this.#lagMs, finals: this.#finals, congested: this.#congested }
    this.#lagMs = 0
    this.#finals = 0
    this.#congested = 0
    for (const sinceMs of this.#unpublished.values()) return { ...told, oldestUnpublishedMs: nowMs - sinceMs }
    return { ...told, oldestUnpublishedMs: 0 }
  }

  /** Nobody waits for a final any more. */
  drained(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle = resolve
    })
  }

  close(): void {
    this.#guards.close()
  }

  /** A message is on its way from here on. */
  take(record: ImReceived, transaction: ServerTransactionHandle, span: TraceSpan, policy: Policy): void {
    const { messageId, receivedAtMs, answerByMs } = record
    const guardAtMs = Math.min(record.answer.earlyAtMs ?? answerByMs, answerByMs) + GUARD_MS
    this.#pending.set(messageId, { transactions: [transaction], guardAtMs, startedAtMs: receivedAtMs, span })
    this.#guards.set(messageId, guardAtMs)
    this.#dependencies.report.accepted(record)
    this.#dependencies.taps.see(record)
    const { contentCheck } = policy
    if (contentCheck === undefined) this.#publish(record)
    else this.#check(record, contentCheck).catch((error: unknown) => this.#uncheckable(record, error))
  }

  /** A copy over another way while the first is under way: both get the one answer. */
  join(messageId: string, transaction: ServerTransactionHandle): void {
    this.#pending.get(messageId)?.transactions.push(transaction)
    this.#dependencies.report.joined()
  }

  /** The final of a message this instance holds transactions for. Others are counted, never answered. */
  final(final: SipFinal): void {
    const { messageId, lagMs } = final
    if (lagMs !== undefined) this.#lagMs = Math.max(this.#lagMs, lagMs)
    const isOwn = final.bootId === this.#options.reply.bootId
    if (final.late === true) {
      if (!isOwn) return
      this.#dependencies.sessions?.late(messageId, final.final.status, final.final.headers)
      this.#dependencies.taps.late(final)
      return
    }
    const pending = isOwn ? this.#pending.get(messageId) : undefined
    if (pending === undefined) {
      // The own guard may have been earlier.
      if (isOwn) this.#dependencies.taps.late(final)
      this.#dependencies.report.strayFinal()
      return
    }
    this.#finals++
    if (CONGESTION.has(final.cause)) this.#congested++
    this.#answer(messageId, pending, final)
  }

  /** A fault of ours before the record was handed on: nothing is under way, and the sender is told so. */
  #uncheckable(record: ImReceived, error: unknown): void {
    this.#dependencies.report.handlerFault(error, record)
    const pending = this.#pending.get(record.messageId)
    if (pending !== undefined) this.#stop(record, pending, 'internalError')
  }

  /** Only what the policy would deliver is shown to others. Answered by half of the time there is. */
  async #check(record: ImReceived, settings: NonNullable<Policy['contentCheck']>): Promise<void> {
    const { messageId } = record
    const { policy, keys, contentCheck, report } = this.#dependencies
    if (decide(record, policy(), keys).kind === 'convert') {
      const withinMs = (record.answerByMs - record.receivedAtMs) / 2
      const { verdict, by } = await contentCheck.ask(record, settings, withinMs)
      report.contentChecked(verdict, by)
      const pending = this.#pending.get(messageId)
      if (pending === undefined) return
      if (verdict === 'refuse') {
        this.#stop(record, pending, by === 'checker' ? 'contentRefused' : 'contentUnchecked')
        return
      }
    }
    this.#publish(record)
  }

  #publish(record: ImReceived): void {
    const { messageId } = record
    this.#unpublished.set(messageId, this.#dependencies.now())
    this.#dependencies.publish(record).then(
      () => this.#unpublished.delete(messageId),
      (error: unknown) => {
        this.#unpublished.delete(messageId)
        this.#notPublished(record, error)
      },
    )
  }

  /** Not on the bus for certain: ours to refuse. Perhaps on it: the guard answers, unless the final comes first. */
  #notPublished(record: ImReceived, error: unknown): void {
    const { messageId } = record
    this.#dependencies.report.publishFailed(record, error)
    const pending = this.#pending.get(messageId)
    if (pending === undefined || !this.#dependencies.provablyNotPublished(error)) return
    this.#stop(record, pending, 'overloaded')
  }

  /** Correlation did not answer in time: the message may be under way, so only 202 is true. */
  #guard(messageId: string): void {
    const pending = this.#pending.get(messageId)
    if (pending === undefined) return
    this.#dependencies.report.guardFired({ messageId, traceparent: pending.span.traceparent })
    const final = answerFor('outcomeUnknown', { host: this.#options.host })
    this.#answer(messageId, pending, { cause: 'outcomeUnknown', final })
  }

  /** Taken, and certainly not in the pipeline: refused after all. */
  #stop(record: ImReceived, pending: Pending, cause: Cause): void {
    const { status, reasonPhrase, headers } = answerFor(cause, { host: this.#options.host })
    const final = { status, reasonPhrase, headers }
    this.#dependencies.refusals.message(record, { why: cause, final })
    this.#answer(record.messageId, pending, { cause, final, result: NOTHING_SENT })
  }

  #answer(messageId: string, pending: Pending, { cause, final, result }: Ending): void {
    const { status, reasonPhrase, headers } = final
    const { traceparent } = pending.span
    this.#pending.delete(messageId)
    this.#guards.delete(messageId)
    for (const transaction of pending.transactions) {
      const outcome = transaction.respond(status, reasonPhrase, { headers })
      this.#dependencies.report.finalSent(
        { messageId, traceparent },
        status,
        cause,
        outcome,
        this.#dependencies.now() - pending.startedAtMs,
      )
    }
    endMessageSpan(pending.span, status, cause)
    this.#dependencies.taps.ended(messageId, { status, cause, ...(result !== undefined && { result }) })
    if (this.#pending.size === 0) this.#idle?.()
  }
}
