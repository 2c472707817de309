import { EncodeError } from '@ipsmgw/bytes'
import type { ImdnOutbox, Notification, NotificationOutcome, NotificationToSend } from '@ipsmgw/events'
import { type OutgoingRequest, type RequestOutcome, SipParseError, type SipResponse } from '@ipsmgw/sip'
import Type, { type Static } from 'typebox'
import { notificationRequest } from './notification-request.ts'
import type { PeerConfig } from './peers.ts'

/** How notifications to senders are sent. */
export const notificationSchema = Type.Object(
  {
    attempts: Type.Integer({ default: 6, minimum: 1, maximum: 50, description: 'then a dead letter' }),
    firstDelayMs: Type.Integer({
      default: 1_000,
      minimum: 10,
      description: 'before the second attempt; doubles for each further one',
    }),
    maximumDelayMs: Type.Integer({ default: 60_000, minimum: 10, description: 'between two attempts' }),
    maximumInFlight: Type.Integer({
      default: 200,
      minimum: 1,
      description: 'notifications being sent or waiting for their next attempt',
    }),
  },
  { additionalProperties: false, default: {} },
)

export interface NotifierOptions extends Static<typeof notificationSchema> {
  readonly host: string
  readonly peers: readonly PeerConfig[]
}

export interface NotifierReport {
  notified(notification: NotificationToSend, outcome: NotificationOutcome, status: number | undefined): void
  notificationRepeated(kind: Notification): void
  notificationRetried(kind: Notification): void
}

export interface NotifierDependencies {
  now(): number
  request(request: OutgoingRequest): Promise<RequestOutcome>
  publish(record: ImdnOutbox): Promise<void>
  /** Resolves after the time, or at once when the signal is given. */
  wait(delayMs: number, signal: AbortSignal): Promise<void>
  readonly report: NotifierReport
}

/** Nobody took a notification: its record becomes a dead letter. */
export class NotificationError extends Error {
  override readonly name = 'NotificationError'
  readonly code: 'unsendable' | 'unreachable'
  readonly retryable = false

  constructor(code: NotificationError['code']) {
    super(`notification to a sender: ${code}`)
    this.code = code
  }
}

interface Ended {
  readonly outcome: NotificationOutcome
  readonly status?: number
  /** The outbox says so too. */
  readonly written?: boolean
}

/** Outcomes remembered, so that the same notification is not sent twice; the oldest is forgotten first. */
const MAXIMUM_REMEMBERED = 50_000
/** A notification of old records without outcome waits this long for one that is still to be read. */
const LEFTOVER_DELAY_MS = 5_000

/**
 * Sends the notifications of `imdn.outbox`, each at least once and mostly once: an outcome is written behind every
 * one, and what a crash left without outcome is put into the outbox again.
 */
export class Notifier {
  readonly #options: NotifierOptions
  readonly #dependencies: NotifierDependencies
  readonly #routes: ReadonlyMap<string, string>
  readonly #ended = new Map<string, Ended>()
  readonly #underWay = new Set<string>()
  readonly #leftovers = new Map<number, Map<string, ImdnOutbox>>()
  readonly #stopping = new AbortController()

  constructor(options: NotifierOptions, dependencies: NotifierDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#routes = new Map(
      options.peers.flatMap(({ name, notificationRoute }) =>
        notificationRoute === undefined ? [] : [[name, notificationRoute] as const],
      ),
    )
  }

  /** Nothing waits for a further attempt any more: what is not sent goes back into the outbox. */
  stop(): void {
    this.#stopping.abort()
  }

  /** An old record, read again. */
  replay(partition: number, record: ImdnOutbox): void {
    const { notification, settled } = record
    const leftovers = this.#leftovers.get(partition) ?? new Map<string, ImdnOutbox>()
    this.#leftovers.set(partition, leftovers)
    if (notification !== undefined) leftovers.set(notification.notificationId, record)
    if (settled === undefined) return
    leftovers.delete(settled.notificationId)
    this.#remember(settled.notificationId, { ...settled, written: true })
  }

  /** All old records are known. What has no outcome by now, and gets none, is put into the outbox again. */
  async replayed(partition: number): Promise<void> {
    const leftovers = this.#leftovers.get(partition)
    this.#leftovers.delete(partition)
    if (leftovers === undefined || leftovers.size === 0) return
    await this.#dependencies.wait(LEFTOVER_DELAY_MS, this.#stopping.signal)
    if (this.#stopping.signal.aborted) return
    for (const [id, record] of leftovers)
      if (!this.#ended.has(id) && !this.#underWay.has(id)) await this.#dependencies.publish(record)
  }

  /** Throws NotificationError for what nobody took, and whatever the bus throws. */
  async handle(record: ImdnOutbox, owned: () => boolean): Promise<void> {
    const { notification, settled } = record
    if (settled !== undefined) this.#remember(settled.notificationId, { ...settled, written: true })
    if (notification === undefined) return
    const { notificationId: id } = notification
    if (this.#underWay.has(id) || this.#ended.get(id)?.written === true) {
      this.#dependencies.report.notificationRepeated(notification.kind)
      return
    }
    this.#underWay.add(id)
    try {
      await this.#settle(record, notification, owned)
    } finally {
      this.#underWay.delete(id)
    }
  }

  async #settle(record: ImdnOutbox, notification: NotificationToSend, owned: () => boolean): Promise<void> {
    const { notificationId } = notification
    const { now, publish, report } = this.#dependencies
    let ended = this.#ended.get(notificationId)
    if (ended === undefined) {
      ended = await this.#send(notification, owned)
      if (ended === undefined) {
        // Stopping: the next owner finds it at the end of the outbox. Not ours any more: it has it already.
        if (owned()) await publish(record)
        return
      }
      this.#remember(notificationId, ended)
      report.notified(notification, ended.outcome, ended.status)
    }
    const { outcome, status } = ended
    const settled = { notificationId, outcome, ...(status !== undefined && { status }), atMs: now() }
    await publish({ recipientKey: record.recipientKey, settled })
    this.#remember(notificationId, { ...ended, written: true })
    if (outcome === 'unsendable' || outcome === 'unreachable') throw new NotificationError(outcome)
  }

  /** Undefined: not ended here. */
  async #send(notification: NotificationToSend, owned: () => boolean): Promise<Ended | undefined> {
    const route = this.#routes.get(notification.peer)
    if (route === undefined) return { outcome: 'unrouted' }
    const { attempts, firstDelayMs, maximumDelayMs, host } = this.#options
    const { signal } = this.#stopping
    for (let attempt = 1; ; attempt++) {
      if (signal.aborted || !owned()) return undefined
      const answer = await this.#attempt(notification, { route, host, attempt })
      if (answer === 'unsendable') return { outcome: 'unsendable' }
      if (answer !== undefined && answer.status !== 503) {
        const outcome = answer.status < 300 ? 'sent' : 'refused'
        return { outcome, status: answer.status }
      }
      if (attempt === attempts)
        return { outcome: 'unreachable', ...(answer !== undefined && { status: answer.status }) }
      this.#dependencies.report.notificationRetried(notification.kind)
      const backoffMs = Math.max(firstDelayMs * 2 ** (attempt - 1), retryAfterMs(answer))
      await this.#dependencies.wait(Math.min(backoffMs, maximumDelayMs), signal)
    }
  }

  /** The final answer; undefined without one. */
  async #attempt(
    notification: NotificationToSend,
    options: { route: string; host: string; attempt: number },
  ): Promise<SipResponse | 'unsendable' | undefined> {
    try {
      const outcome = await this.#dependencies.request(notificationRequest(notification, options))
      return outcome.kind === 'response' ? outcome.response : undefined
    } catch (error) {
      // Identities as somebody else wrote them may have no wire form; asking again changes nothing.
      if (error instanceof EncodeError || error instanceof SipParseError) return 'unsendable'
      throw error
    }
  }

  #remember(id: string, { outcome, status, written = false }: Ended): void {
    this.#ended.set(id, { outcome, ...(status !== undefined && { status }), written })
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= MAXIMUM_REMEMBERED) break
      this.#ended.delete(oldest)
    }
  }
}

function retryAfterMs(answer: SipResponse | undefined): number {
  const seconds = /^\s*(\d{1,6})/.exec(answer?.headers.get('retry-after') ?? '')?.[1]
  return seconds === undefined ? 0 : Number(seconds) * 1000
}
