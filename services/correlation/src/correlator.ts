import { answerFor, type Cause } from '@ipsmgw/causes'
import {
  type Envelope,
  envelopeOf,
  type ImReceived,
  type MessageCompleted,
  type SipFinal,
  type SipFinalStatus,
  type SmReport,
  type TimelineEntry,
} from '@ipsmgw/events'
import { Deadlines } from '@ipsmgw/runtime'
import {
  applyReceived,
  applyReport,
  deliveredBy,
  type MessageState,
  newMessage,
  resumedFrom,
  type Transaction,
  type Verdict,
  verdictOf,
  writtenIn,
} from './message-state.ts'

export interface CorrelatorOptions {
  /** Host name in Warning headers. */
  readonly host: string
  /** Operator's own SIP status per cause. */
  readonly statusOverrides: Readonly<Partial<Record<Cause, number>>>
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

/** What happened, for counters and logs. */
export interface CorrelatorReport {
  decided(completed: MessageCompleted): void
  amended(completed: MessageCompleted): void
  joined(messageId: string): void
  orphanExpired(messageId: string): void
  publishFailed(error: unknown, messageId: string): void
}

interface Decided {
  readonly envelope: Envelope
  completion: MessageCompleted
  /** Live transactions wait until the completion is durable. */
  durable: boolean
  transactions: readonly Transaction[]
  /** Still growing unless the phone has everything: an outcome may come late, or a certainty prove wrong. */
  state: MessageState | undefined
  /** Entries of its timeline that the completion already holds. */
  readonly entriesWritten: number
}

interface Partition {
  readonly open: Map<string, MessageState>
  readonly decided: Map<string, Decided>
  /** False while old records are being read again: nothing is decided until all of them are known. */
  ready: boolean
  /** Time of the youngest own tick that came back: every report before it has been read. */
  tickReadMs: number
  tickSentMs: number
}

const UNKNOWN: Verdict = { kind: 'failed', cause: 'outcomeUnknown', outcome: 'unknown' }
/** The peer's time for a 202 has come; the forward goes on. */
const EARLY: Verdict = { ...UNKNOWN }

/** How soon a deadline is looked at again that passes while old records are being read. */
const NOT_READY_MS = 100
/** Nobody waits for a final any longer: Timer F, and some for clocks. */
const LONGEST_WAIT_MS = 34_000

const LAG_FRESH_MS = 1_000

/**
 * The one truth per message (design §4 rule 3): built from records in any order, decides once, writes the decision
 * before the final leaves, and answers every transaction that joins.
 */
export class Correlator {
  readonly #options: CorrelatorOptions
  readonly #dependencies: CorrelatorDependencies
  readonly #partitions = new Map<number, Partition>()
  readonly #deadlines: Deadlines<string>
  readonly #partitionOf = new Map<string, number>()
  /** How long the last conversion took to be read here, from the arrival of its message. */
  #lag = { ms: 0, seenAtMs: 0 }

  constructor(options: CorrelatorOptions, dependencies: CorrelatorDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#deadlines = new Deadlines({ tickMs: 50, now: dependencies.now }, (messageId) =>
      this.#due(messageId),
    )
  }

  /** Messages without a decision. */
  get openCount(): number {
    let count = 0
    for (const partition of this.#partitions.values()) count += partition.open.size
    return count
  }

  /** Arrival of the oldest message without a decision; undefined when there is none. Maps keep arrival order. */
  oldestOpenMs(): number | undefined {
    let oldest: number | undefined
    for (const partition of this.#partitions.values())
      for (const state of partition.open.values()) {
        if (state.received === undefined) continue
        const at = state.envelope.receivedAtMs
        if (oldest === undefined || at < oldest) oldest = at
        break
      }
    return oldest
  }

  assigned(partitions: readonly number[], ready: boolean): void {
    for (const partition of partitions)
      this.#partitions.set(partition, {
        open: new Map(),
        decided: new Map(),
        ready,
        tickReadMs: 0,
        tickSentMs: 0,
      })
  }

  /** Old records of this partition have all been read: what they decide is decided now. */
  replayed(number: number): void {
    const partition = this.#partition(number)
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
      const partition = this.#partitions.get(number)
      if (partition === undefined) continue
      for (const messageId of [...partition.open.keys(), ...partition.decided.keys()]) this.#forget(messageId)
      this.#partitions.delete(number)
    }
  }

  received(number: number, received: ImReceived): void {
    const partition = this.#partition(number)
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
    const partition = this.#partition(number)
    if (report.step === 'converted' && partition.ready) this.#measure(report.receivedAtMs)
    const decided = partition.decided.get(report.messageId)
    if (decided !== undefined) {
      if (decided.state === undefined) return
      applyReport(decided.state, report)
      if (partition.ready) this.#amend(decided)
      return
    }
    applyReport(this.#open(partition, number, report), report)
    this.#evaluate(report.messageId, partition)
  }

  /** Two hops of the bus and two stages, and nothing of the network's time: what the gateway itself takes. */
  #measure(receivedAtMs: number): void {
    const seenAtMs = this.#dependencies.now()
    this.#lag = { ms: Math.max(0, seenAtMs - receivedAtMs), seenAtMs }
  }

  /** The lag, while it is fresh: told to ingresses with each final, so that they stop taking what would be late. */
  #freshLag(): { lagMs?: number } {
    const { ms: lagMs, seenAtMs } = this.#lag
    return this.#dependencies.now() - seenAtMs < LAG_FRESH_MS ? { lagMs } : {}
  }

  tick(number: number, atMs: number): void {
    const partition = this.#partition(number)
    partition.tickReadMs = Math.max(partition.tickReadMs, atMs)
  }

  /** A completion of our own or of a predecessor, read again: the first decision stands. */
  completed(number: number, completion: MessageCompleted): void {
    const partition = this.#partition(number)
    const { messageId } = completion
    const decided = partition.decided.get(messageId)
    if (completion.kind === 'amendment') {
      if (decided === undefined) return
      decided.completion = { ...decided.completion, outcome: completion.outcome }
      decided.state = undefined
      return
    }
    if (decided !== undefined) return
    const state = partition.open.get(messageId)
    partition.open.delete(messageId)
    const envelope = state?.envelope ?? envelopeFrom(completion)
    this.#remember(partition, number, {
      envelope,
      completion: { ...completion, timeline: [] },
      durable: true,
      transactions: state?.transactions ?? [],
      state:
        completion.outcome === 'unknown' ? resumedFrom(completion, state ?? newMessage(envelope)) : undefined,
      entriesWritten: writtenIn(completion).length,
    })
    if (partition.ready) this.#answerWaiting(partition.decided.get(messageId) as Decided)
  }

  close(): void {
    this.#deadlines.close()
  }

  #partition(number: number): Partition {
    let partition = this.#partitions.get(number)
    if (partition === undefined) {
      this.assigned([number], true)
      partition = this.#partitions.get(number) as Partition
    }
    return partition
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

  /** Early answer, the moment to ask for a tick, or answerBy: whatever is next. */
  #schedule(state: MessageState): void {
    const { envelope, received } = state
    const now = this.#dependencies.now()
    const tickAt = state.forwardByMs + this.#options.clockSkewMs
    const earlyAt = received?.answer.earlyAtMs ?? envelope.answerByMs
    let next = Math.max(Math.min(earlyAt, envelope.answerByMs), now)
    if (tickAt > now && tickAt < next) next = tickAt
    this.#deadlines.set(envelope.messageId, next)
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
    if (!partition.ready) {
      this.#deadlines.set(messageId, now + NOT_READY_MS)
      return
    }
    if (now >= answerByMs) {
      if (state.received === undefined) this.#orphan(messageId, state, partition)
      else this.#decide(messageId, state, partition, this.#lateVerdict(state, partition))
      return
    }
    if (isEarly(state, now)) {
      this.#decide(messageId, state, partition, EARLY)
      return
    }
    const tickAt = state.forwardByMs + this.#options.clockSkewMs
    if (now >= tickAt && state.attempted === 0 && partition.tickSentMs < tickAt) {
      partition.tickSentMs = now
      this.#dependencies
        .publishTick(number, now)
        .catch((error: unknown) => this.#dependencies.report.publishFailed(error, messageId))
    }
    this.#schedule(state)
  }

  /**
   * At answerBy: certainly not sent only if an own tick, produced after forwardBy, has been read behind all
   * reports and none of them said *attempted*. Everything else is unknown.
   */
  #lateVerdict(state: MessageState, partition: Partition): Verdict {
    const provenAt = state.forwardByMs + this.#options.clockSkewMs
    if (state.attempted === 0 && partition.tickReadMs >= provenAt)
      return { kind: 'failed', cause: 'expiredBeforeForward', outcome: 'failed' }
    return UNKNOWN
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
    this.#dependencies.report.orphanExpired(messageId)
  }

  #evaluate(messageId: string, partition: Partition): void {
    const state = partition.open.get(messageId)
    if (state === undefined || !partition.ready) return
    if (state.received === undefined) return
    const verdict = verdictOf(state)
    if (verdict.kind !== 'open') this.#decide(messageId, state, partition, verdict)
    else this.#schedule(state)
  }

  #decide(messageId: string, state: MessageState, partition: Partition, verdict: Verdict): void {
    const completion = this.#completionOf(state, verdict)
    partition.open.delete(messageId)
    const decided: Decided = {
      envelope: state.envelope,
      completion,
      durable: false,
      transactions: state.transactions,
      state: completion.outcome === 'delivered' ? undefined : { ...state, received: undefined },
      entriesWritten: state.timeline.length,
    }
    this.#remember(partition, this.#partitionOf.get(messageId) ?? 0, decided)
    this.#dependencies.publishCompleted(completion).then(
      () => {
        decided.durable = true
        this.#dependencies.report.decided(completion)
        for (const transaction of decided.transactions) this.#answer(completion, transaction)
        this.#dependencies.notify(completion)
        // What waits for a join needs the answer only.
        decided.completion = { ...completion, timeline: [] }
        decided.transactions = []
      },
      (error: unknown) => this.#dependencies.report.publishFailed(error, messageId),
    )
  }

  #remember(partition: Partition, number: number, decided: Decided): void {
    const { messageId } = decided.envelope
    partition.decided.set(messageId, decided)
    this.#partitionOf.set(messageId, number)
    this.#deadlines.set(messageId, this.#dependencies.now() + this.#options.keepDecidedMs)
  }

  /** A copy that arrived on another ingress, or again after the decision: it gets the same answer. */
  #join(decided: Decided, transaction: Transaction, partition: Partition): void {
    this.#dependencies.report.joined(decided.envelope.messageId)
    if (!decided.durable || !partition.ready) decided.transactions = [...decided.transactions, transaction]
    else this.#answer(decided.completion, transaction)
  }

  /** Those that a predecessor may have left without the final; a second one is ignored where it arrives. */
  #answerWaiting(decided: Decided): void {
    const { completion, transactions, envelope } = decided
    if (!decided.durable) return
    decided.transactions = []
    if (this.#dependencies.now() > envelope.receivedAtMs + LONGEST_WAIT_MS) return
    for (const transaction of transactions) this.#answer(completion, transaction)
  }

  #answer(completion: MessageCompleted, transaction: Transaction): void {
    const { messageId, cause, final, traceparent } = completion
    this.#dependencies
      .publishFinal({
        messageId,
        ...transaction,
        cause,
        final,
        ...(traceparent !== undefined && { traceparent }),
        ...this.#freshLag(),
      })
      .catch((error: unknown) => this.#dependencies.report.publishFailed(error, messageId))
  }

  /** A result after the answer: it goes to the record, never into a second final. */
  #amend(decided: Decided): void {
    const { state } = decided
    if (state === undefined) return
    const verdict = verdictOf(state)
    if (verdict.kind === 'open') return
    const outcome = verdict.kind === 'delivered' ? 'delivered' : verdict.outcome
    if (outcome === 'unknown' || outcome === decided.completion.outcome) return
    decided.state = undefined
    const amendment: MessageCompleted = {
      ...decided.completion,
      kind: 'amendment',
      outcome,
      cause: verdict.kind === 'delivered' ? 'delivered' : verdict.cause,
      partsDelivered: state.acknowledged,
      parts: state.parts,
      ...deliveredBy(state),
      timeline: state.timeline.slice(decided.entriesWritten),
    }
    this.#dependencies.publishCompleted(amendment).then(
      () => {
        this.#dependencies.report.amended(amendment)
        this.#dependencies.notify(amendment)
        this.#tellLate(decided.envelope, verdict)
      },
      (error: unknown) => this.#dependencies.report.publishFailed(error, amendment.messageId),
    )
  }

  /** The ingress that answered is told as well: a session that is still open can pass it on. */
  #tellLate({ messageId, reply }: Envelope, verdict: Verdict): void {
    if (reply.bootId === '') return
    const cause: Cause = verdict.kind === 'failed' ? verdict.cause : 'delivered'
    this.#dependencies
      .publishFinal({
        messageId,
        ...reply,
        cause,
        late: true,
        final: this.#finalOf(cause, verdict, undefined),
      })
      .catch((error: unknown) => this.#dependencies.report.publishFailed(error, messageId))
  }

  #completionOf(state: MessageState, verdict: Verdict): MessageCompleted {
    const { envelope, received } = state
    const decidedAtMs = this.#dependencies.now()
    const cause: Cause = verdict.kind === 'failed' ? verdict.cause : 'delivered'
    const final = this.#finalOf(cause, verdict, received)
    const answered: TimelineEntry = { step: 'answered', by: 'correlation', atMs: decidedAtMs, cause }
    return {
      kind: 'completion',
      messageId: envelope.messageId,
      recipientKey: envelope.recipientKey,
      ...(envelope.traceparent !== undefined && { traceparent: envelope.traceparent }),
      outcome: verdict.kind === 'failed' ? verdict.outcome : 'delivered',
      cause,
      partsDelivered: state.acknowledged,
      parts: state.parts,
      receivedAtMs: envelope.receivedAtMs,
      decidedAtMs,
      final,
      ...received?.parties,
      ...deliveredBy(state),
      timeline: [...state.timeline, answered],
    }
  }

  #finalOf(cause: Cause, verdict: Verdict, received: MessageState['received']): SipFinalStatus {
    const { host, statusOverrides } = this.#options
    // What the operator makes of an unknown outcome is for answerBy; before it the forward is still under way.
    if (verdict === EARLY) return answerFor(cause, { host })
    if (cause === 'outcomeUnknown' && received?.answer.unknownOutcome === 480)
      return answerFor(cause, { host, overrides: { outcomeUnknown: 480 } })
    return answerFor(cause, { host, overrides: statusOverrides }, verdict.kind === 'failed' ? verdict : {})
  }

  #forget(messageId: string): void {
    this.#deadlines.delete(messageId)
    this.#partitionOf.delete(messageId)
  }
}

/** The peer wants its 202 by now, whatever is still under way. */
function isEarly({ received }: MessageState, nowMs: number): boolean {
  const earlyAtMs = received?.answer.earlyAtMs
  return earlyAtMs !== undefined && nowMs >= earlyAtMs
}

/** Enough of an envelope for a decision that was made by a predecessor. */
function envelopeFrom(completion: MessageCompleted): Envelope {
  return {
    messageId: completion.messageId,
    recipientKey: completion.recipientKey,
    receivedAtMs: completion.receivedAtMs,
    answerByMs: completion.decidedAtMs,
    forwardByMs: completion.decidedAtMs,
    reply: { ordinal: 0, bootId: '' },
  }
}
