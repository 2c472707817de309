import { type Cause, causeNamed } from '@ipsmgw/causes'
import type { Envelope, ImReceived, MessageCompleted, SmReport, TimelineEntry } from '@ipsmgw/events'

/** A SIP transaction that waits for the final: which ingress holds it. */
export interface Transaction {
  readonly ordinal: number
  readonly bootId: string
}

/** What a completion needs of `im.received`; the text and the rest are for others. */
export interface Received {
  readonly answer: ImReceived['answer']
  readonly parties: Partial<MessageCompleted>
}

/** What is known of one message, whatever the order in which its records came. */
export interface MessageState {
  readonly envelope: Envelope
  /** Of all copies the latest: until then one of them may be forwarded. */
  forwardByMs: number
  /** Of the first copy of `im.received`, whose clocks govern. Undefined while only reports are known. */
  received: Received | undefined
  /** Replaced by `concat`, which takes the room needed; an array that grows takes room for 17 at once. */
  transactions: readonly Transaction[]
  timeline: readonly TimelineEntry[]
  parts: number
  acknowledged: number
  attempted: number
  /** Highest attempt at routing that reached delivery; 0 while none has. */
  routed: number
  /** TP-OA and IMSI, for the completion record. */
  originator: string | undefined
  imsi: string | undefined
  failure:
    | { cause: Cause; outcome: 'proof' | 'unknown'; detail?: string; retryAfterSeconds?: number }
    | undefined
}

/** What the records say so far. */
export type Verdict =
  | { readonly kind: 'open' }
  | { readonly kind: 'delivered' }
  | {
      readonly kind: 'failed'
      readonly cause: Cause
      readonly outcome: 'failed' | 'unknown'
      readonly detail?: string
      readonly retryAfterSeconds?: number
    }

export function newMessage(envelope: Envelope): MessageState {
  return {
    envelope,
    forwardByMs: envelope.forwardByMs,
    received: undefined,
    transactions: [],
    timeline: [],
    parts: 0,
    acknowledged: 0,
    attempted: 0,
    routed: 0,
    originator: undefined,
    imsi: undefined,
    failure: undefined,
  }
}

/** What delivery went by, as far as it is known. */
export function deliveredBy({
  originator,
  imsi,
}: MessageState): Pick<MessageCompleted, 'originator' | 'imsi'> {
  return { ...(originator !== undefined && { originator }), ...(imsi !== undefined && { imsi }) }
}

/**
 * The state behind a decision that a predecessor made without knowing the outcome: what the completion tells, then
 * what else is `known` by now. Entries that the completion holds come first.
 */
export function resumedFrom(completion: MessageCompleted, known: MessageState): MessageState {
  const written = writtenIn(completion)
  const isWritten = (entry: TimelineEntry) => written.some((other) => isSame(other, entry))
  return {
    ...known,
    received: undefined,
    transactions: [],
    timeline: [...written, ...known.timeline.filter((entry) => !isWritten(entry))],
    parts: Math.max(known.parts, completion.parts),
    acknowledged: Math.max(known.acknowledged, completion.partsDelivered),
    attempted: Math.max(known.attempted, 1),
  }
}

/** Entries of a completion that are not its own. */
export function writtenIn({ timeline }: MessageCompleted): TimelineEntry[] {
  return timeline.filter(({ step }) => step !== 'answered')
}

/** Takes a copy of `im.received`: the first one is the message, every one is a transaction to answer. */
export function applyReceived(state: MessageState, received: ImReceived): Transaction {
  state.forwardByMs = Math.max(state.forwardByMs, received.forwardByMs)
  if (state.received === undefined) {
    state.received = { answer: received.answer, parties: partiesOf(received) }
    const { receivedAtMs: atMs, sip } = received
    const entry: TimelineEntry = { step: 'received', by: 'sip-ingress', atMs, peer: sip.peer }
    state.timeline = [entry].concat(state.timeline)
  }
  const known = state.transactions.find(
    (t) => t.ordinal === received.reply.ordinal && t.bootId === received.reply.bootId,
  )
  if (known !== undefined) return known
  state.transactions = state.transactions.concat(received.reply)
  return received.reply
}

/** A message has at most this many timeline entries: 255 parts, attempted and acknowledged, and some. */
const MAXIMUM_TIMELINE = 1000

/** Steps that nothing takes before the message is on its way to delivery. */
const SHOWS_ROUTED: ReadonlySet<SmReport['step']> = new Set(['routed', 'attempted', 'duplicate'])

/** Takes a report. The same report twice (a stage's redelivery) changes nothing but is not an error. */
export function applyReport(state: MessageState, report: SmReport): void {
  state.forwardByMs = Math.max(state.forwardByMs, report.forwardByMs)
  if (state.timeline.some((entry) => isSame(entry, report))) return
  if (state.timeline.length < MAXIMUM_TIMELINE) state.timeline = state.timeline.concat(entryOf(report))
  if (report.parts !== undefined) state.parts = report.parts
  state.originator = report.originator ?? state.originator
  state.imsi = report.imsi ?? state.imsi
  const attempt = report.attempt ?? 1
  if (SHOWS_ROUTED.has(report.step)) state.routed = Math.max(state.routed, attempt)
  switch (report.step) {
    case 'attempted':
      state.attempted = Math.max(state.attempted, report.part ?? 1)
      break
    case 'acknowledged':
      state.acknowledged = Math.max(state.acknowledged, report.part ?? 1)
      break
    case 'failed':
      // A stage that ran again (a copy, a redelivery) has failed; what it handed on the first time is under way.
      if (report.by !== 'sm-delivery' && attempt <= state.routed) break
      state.failure = {
        cause: causeNamed(report.cause),
        outcome: report.outcome ?? 'unknown',
        ...(report.detail !== undefined && { detail: report.detail }),
        ...(report.retryAfterSeconds !== undefined && { retryAfterSeconds: report.retryAfterSeconds }),
      }
      break
    case 'duplicate':
      // Somebody claimed it before, perhaps a process that is gone: that nothing left cannot be shown any more.
      state.attempted = Math.max(state.attempted, 1)
      break
    case 'converted':
    case 'routed':
      break
  }
}

/** 200 only when the phone has acknowledged every part; a failure is final with its cause. */
export function verdictOf(state: MessageState): Verdict {
  if (state.parts > 0 && state.acknowledged === state.parts) return { kind: 'delivered' }
  const { failure } = state
  if (failure === undefined) return { kind: 'open' }
  return {
    kind: 'failed',
    cause: failure.cause,
    outcome: failure.outcome === 'proof' ? 'failed' : 'unknown',
    ...(failure.detail !== undefined && { detail: failure.detail }),
    ...(failure.retryAfterSeconds !== undefined && { retryAfterSeconds: failure.retryAfterSeconds }),
  }
}

function entryOf(report: SmReport): TimelineEntry {
  return {
    step: report.step,
    by: report.by,
    atMs: report.atMs,
    ...(report.part !== undefined && { part: report.part }),
    ...(report.peer !== undefined && { peer: report.peer }),
    ...(report.cause !== undefined && { cause: report.cause }),
    ...(report.outcome !== undefined && { outcome: report.outcome }),
    ...(report.detail !== undefined && { detail: report.detail }),
  }
}

function isSame(
  entry: TimelineEntry,
  report: Pick<TimelineEntry, 'part' | 'atMs' | 'by'> & { step: string },
): boolean {
  return (
    entry.step === report.step &&
    entry.part === report.part &&
    entry.atMs === report.atMs &&
    entry.by === report.by
  )
}

function partiesOf(received: ImReceived): Partial<MessageCompleted> {
  const sender = received.sender.asserted[0] ?? received.sender.from
  return {
    callId: received.sip.callId,
    peer: received.sip.peer,
    sender: sender.number ?? sender.uri,
    recipient: received.recipient.number ?? received.recipient.uri,
    anonymous: received.sender.anonymity !== undefined,
    ...(received.thread !== undefined && { thread: received.thread }),
    ...notificationOf(received),
    ...(received.charging?.icid !== undefined && { icid: received.charging.icid }),
    ...(received.charging?.origIoi !== undefined && { origIoi: received.charging.origIoi }),
  }
}

/** Told at the asserted identity, in the name of the recipient as the network knows it, never as the sender wrote it. */
function notificationOf(received: ImReceived): Pick<MessageCompleted, 'notification'> {
  const { notification, recipient, sender } = received
  if (notification?.dateTime === undefined) return {}
  return {
    notification: {
      ...notification,
      dateTime: notification.dateTime,
      from: recipient.number === undefined ? recipient.uri : `tel:${recipient.number}`,
      to: (sender.asserted[0] ?? sender.from).uri,
    },
  }
}
