import {
  type Envelope,
  envelopeOf,
  type ImReceived,
  type MessageCompleted,
  type SipFinal,
  type SmReport,
} from '@ipsmgw/events'
import { Deadlines } from '@ipsmgw/runtime'
import { amendmentOf, completionOf, type Decision, EARLY, type FinalOptions, finalOf } from './completion.ts'
import { type Answer, answerIn, type Decided, decidedBefore, decidedNow } from './decided.ts'
import { isEarly, lateDecision, nextLookMs, provenAtMs } from './due.ts'
import {
  applyReceived,
  applyReport,
  type MessageState,
  newMessage,
  type Transaction,
  verdictOf,
} from './message-state.ts'
import { type Partition, Partitions } from './partitions.ts'
import { PipelineLag } from './pipeline-lag.ts'
import type { CorrelatorReport } from './report.ts'

export interface CorrelatorOptions extends FinalOptions {
  /** Decided messages are remembered this long, for copies that join late and for late results. */
  readonly keepDecidedMs: number
  /** What clocks of two instances may differ by. */
  readonly clockSkewMs: number
}

export interface CorrelatorDependencies {
  now(): number
  /** Durable before the final leaves. */
  publishCompleted(completed: MessageCompleted): Promise<void>
  publishFinal(final: SipFinal): Promise<void>
  /** A completion or an amendment is durable, and its final is on its way: who is to be told of it is told now. */
  notify(completed: MessageCompleted): void
  /** Puts a mark of our own into this partition of `sm.reports`. */
  publishTick(partition: number, atMs: number): Promise<void>
  readonly report: CorrelatorReport
}

/** How soon a deadline is looked at again that passes while old records are being read. */
const NOT_READY_MS = 100
/** Nobody waits for a final any longer: Timer F, and some for clocks. */
const LONGEST_WAIT_MS = 34_000

/**
 * The one truth per message (design §4 rule 3): built from records in any order, decides once, writes the decision
 * before the final leaves, and answers every transaction that joins.
 */
export class Correlator {
  readonly #options: CorrelatorOptions
  readonly #dependencies: CorrelatorDependencies
  readonly #partitions = new Partitions()
  readonly #deadlines: Deadlines<string>
  readonly #partitionOf = new Map<string, number>()
  readonly #lag: PipelineLag

  constructor(options: CorrelatorOptions, dependencies: CorrelatorDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#lag = new PipelineLag(dependencies.now)
    this.#deadlines = new Deadlines({ tickMs: 50, now: dependencies.now }, (messageId) =>
      this.#due(messageId),
    )
  }

  /** Messages without a decision. */
  get openCount(): number {
    return this.#partitions.openCount
  }

  /** Arrival of the oldest message without a decision; undefined when there is none. */
  oldestOpenMs(): number | undefined {
    return this.#partitions.oldestOpenMs()
  }

  assigned(partitions: readonly number[], ready: boolean): void {
    for (const number of partitions) this.#partitions.add(number, ready)
  }

  /** Old records of this partition have all been read: what they decide is decided now. */
  replayed(number: number): void {
    const partition = this.#partitions.of(number)
    if (partition.ready) return
    partition.ready = true
    for (const messageId of [...partition.open.keys()]) this.#evaluate(messageId, partition)
    for (const decided of [...partition.decided.values()]) {
      this.#amend(decided)
      this.#answerWaiting(decided)
    }
  }

  revoked(partitions: readonly number[]): void {
    for (const number of partitions) {
      const partition = this.#partitions.remove(number)
      if (partition === undefined) continue
      for (const messageId of [...partition.open.keys(), ...partition.decided.keys()]) this.#forget(messageId)
    }
  }

  received(number: number, received: ImReceived): void {
    const partition = this.#partitions.of(number)
    const decided = partition.decided.get(received.messageId)
    if (decided !== undefined) {
      this.#join(decided, received.reply, partition)
      return
    }
    const state = this.#open(partition, number, received)
    if (state.received !== undefined) this.#dependencies.report.joined(received.messageId)
    applyReceived(state, received)
    this.#evaluate(received.messageId, partition)
  }

  reported(number: number, report: SmReport): void {
    const partition = this.#partitions.of(number)
    if (report.step === 'converted' && partition.ready) this.#lag.seen(report.receivedAtMs)
    const decided = partition.decided.get(report.messageId)
    if (decided !== undefined) {
      if (decided.unsettled === undefined) return
      applyReport(decided.unsettled.state, report)
      if (partition.ready) this.#amend(decided)
      return
    }
    applyReport(this.#open(partition, number, report), report)
    this.#evaluate(report.messageId, partition)
  }

  tick(number: number, atMs: number): void {
    const partition = this.#partitions.of(number)
    partition.tickReadMs = Math.max(partition.tickReadMs, atMs)
  }

  /** A completion of our own or of a predecessor, read again: the first decision stands. */
  completed(number: number, completion: MessageCompleted): void {
    const partition = this.#partitions.of(number)
    const { messageId } = completion
    const decided = partition.decided.get(messageId)
    if (completion.kind === 'amendment') {
      if (decided !== undefined) decided.unsettled = undefined
      return
    }
    if (decided !== undefined) return
    const before = decidedBefore(completion, partition.open.get(messageId))
    partition.open.delete(messageId)
    this.#remember(partition, number, before)
    if (partition.ready) this.#answerWaiting(before)
  }

  close(): void {
    this.#deadlines.close()
  }

  #open(partition: Partition, number: number, envelope: Envelope): MessageState {
    let state = partition.open.get(envelope.messageId)
    if (state === undefined) {
      state = newMessage(envelopeOf(envelope))
      partition.open.set(envelope.messageId, state)
      this.#partitionOf.set(envelope.messageId, number)
      this.#schedule(state)
    }
    return state
  }

  #schedule(state: MessageState): void {
    const nextMs = nextLookMs(state, this.#dependencies.now(), this.#options.clockSkewMs)
    this.#deadlines.set(state.envelope.messageId, nextMs)
  }

  #due(messageId: string): void {
    const number = this.#partitionOf.get(messageId)
    const partition = number === undefined ? undefined : this.#partitions.get(number)
    if (number === undefined || partition === undefined) return
    if (partition.decided.has(messageId)) {
      this.#forget(messageId)
      partition.decided.delete(messageId)
      return
    }
    const state = partition.open.get(messageId)
    if (state === undefined) return
    this.#overdue(messageId, state, number, partition)
  }

  #overdue(messageId: string, state: MessageState, number: number, partition: Partition): void {
    const now = this.#dependencies.now()
    const { answerByMs } = state.envelope
    const { clockSkewMs } = this.#options
    if (!partition.ready) {
      this.#deadlines.set(messageId, now + NOT_READY_MS)
      return
    }
    if (now >= answerByMs) {
      if (state.received === undefined) this.#orphan(messageId, state, partition)
      else this.#decide(messageId, state, partition, lateDecision(state, partition.tickReadMs, clockSkewMs))
      return
    }
    if (isEarly(state, now)) {
      this.#decide(messageId, state, partition, EARLY)
      return
    }
    const provenAt = provenAtMs(state, clockSkewMs)
    if (now >= provenAt && state.attempted === 0 && partition.tickSentMs < provenAt) {
      partition.tickSentMs = now
      this.#dependencies
        .publishTick(number, now)
        .catch((error: unknown) => this.#dependencies.report.publishFailed(error, state.envelope))
    }
    this.#schedule(state)
  }

  /** Reports without `im.received`, which may still come late: what they showed must not be forgotten until then. */
  #orphan(messageId: string, state: MessageState, partition: Partition): void {
    const expiresAtMs = state.envelope.answerByMs + this.#options.keepDecidedMs
    if (this.#dependencies.now() < expiresAtMs) {
      this.#deadlines.set(messageId, expiresAtMs)
      return
    }
    partition.open.delete(messageId)
    this.#forget(messageId)
    this.#dependencies.report.orphanExpired(state.envelope)
  }

  #evaluate(messageId: string, partition: Partition): void {
    const state = partition.open.get(messageId)
    if (state === undefined || !partition.ready) return
    if (state.received === undefined) return
    const verdict = verdictOf(state)
    if (verdict.kind !== 'open') this.#decide(messageId, state, partition, verdict)
    else this.#schedule(state)
  }

  #decide(messageId: string, state: MessageState, partition: Partition, decision: Decision): void {
    const final = finalOf(decision, state.received, this.#options)
    const completion = completionOf(state, decision, final, this.#dependencies.now())
    const decided = decidedNow(completion, state)
    partition.open.delete(messageId)
    this.#remember(partition, this.#partitionOf.get(messageId) ?? 0, decided)
    this.#dependencies.publishCompleted(completion).then(
      () => {
        decided.durable = true
        this.#dependencies.report.decided(completion)
        for (const transaction of decided.transactions) this.#answer(decided.answer, transaction)
        decided.transactions = []
        this.#dependencies.notify(completion)
      },
      (error: unknown) => this.#dependencies.report.publishFailed(error, completion),
    )
  }

  #remember(partition: Partition, number: number, decided: Decided): void {
    const { messageId } = decided.answer
    partition.decided.set(messageId, decided)
    this.#partitionOf.set(messageId, number)
    this.#deadlines.set(messageId, this.#dependencies.now() + this.#options.keepDecidedMs)
  }

  /** A copy that arrived on another ingress, or again after the decision: it gets the same answer. */
  #join(decided: Decided, transaction: Transaction, partition: Partition): void {
    this.#dependencies.report.joined(decided.answer.messageId)
    if (!decided.durable || !partition.ready) decided.transactions = [...decided.transactions, transaction]
    else this.#answer(decided.answer, transaction)
  }

  /** Those that a predecessor may have left without the final; a second one is ignored where it arrives. */
  #answerWaiting(decided: Decided): void {
    const { answer, transactions, receivedAtMs } = decided
    if (!decided.durable) return
    decided.transactions = []
    if (this.#dependencies.now() > receivedAtMs + LONGEST_WAIT_MS) return
    for (const transaction of transactions) this.#answer(answer, transaction)
  }

  #answer(answer: Answer, transaction: Transaction): void {
    this.#dependencies
      .publishFinal({ ...answer, ...transaction, ...this.#lag.fresh() })
      .catch((error: unknown) => this.#dependencies.report.publishFailed(error, answer))
  }

  /** A result after the answer: it goes to the record, never into a second final. */
  #amend(decided: Decided): void {
    const { unsettled, answer } = decided
    if (unsettled === undefined) return
    const verdict = verdictOf(unsettled.state)
    if (verdict.kind === 'open') return
    const amendment = amendmentOf(unsettled, verdict)
    if (amendment === undefined) return
    decided.unsettled = undefined
    this.#dependencies.publishCompleted(amendment).then(
      () => {
        this.#dependencies.report.amended(amendment)
        this.#dependencies.notify(amendment)
        this.#tellLate(decided, amendment, verdict)
      },
      (error: unknown) => this.#dependencies.report.publishFailed(error, answer),
    )
  }

  /** The ingress that answered is told as well: a session that is still open can pass it on. */
  #tellLate({ reply }: Decided, amendment: MessageCompleted, decision: Decision): void {
    if (reply.bootId === '') return
    const final = finalOf(decision, undefined, this.#options)
    this.#dependencies
      .publishFinal({ ...answerIn({ ...amendment, final }), ...reply, late: true })
      .catch((error: unknown) => this.#dependencies.report.publishFailed(error, amendment))
  }

  #forget(messageId: string): void {
    this.#deadlines.delete(messageId)
    this.#partitionOf.delete(messageId)
  }
}
