import type { ImdnOutbox, MessageCompleted } from '@ipsmgw/events'
import { Deadlines } from '@ipsmgw/runtime'
import type { AboutMessage } from '@ipsmgw/telemetry'
import { type Due, type NotificationPolicy, notificationsOf } from './notifications.ts'

export interface OutboxOptions extends NotificationPolicy {
  /** Records older than this are not read again after a takeover, so they need not be remembered. */
  readonly rememberMs: number
}

export interface OutboxDependencies {
  now(): number
  publish(record: ImdnOutbox): Promise<void>
  publishFailed(error: unknown, message: AboutMessage): void
}

const RETRY_MS = 1_000
/** Notifications that wait for the bus to take them; above it new ones are given up, which is reported. */
const MAXIMUM_OWED = 10_000

/** What old records of one partition say while they are read again. */
interface Replay {
  readonly completions: MessageCompleted[]
  readonly written: Set<string>
}

/**
 * Sees to it that every completion's notifications get into `imdn.outbox`, once: those of live completions at once and
 * until the bus has taken them, those that a predecessor still owed when its records have been read again.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #dependencies: OutboxDependencies
  readonly #replays = new Map<number, Replay>()
  readonly #owed = new Map<string, { readonly record: Due; readonly giveUpAtMs: number }>()
  readonly #retries: Deadlines<string>

  constructor(options: OutboxOptions, dependencies: OutboxDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#retries = new Deadlines({ tickMs: 250, now: dependencies.now }, (id) => this.#write(id))
  }

  /** Notifications that are not on the bus yet. */
  get owed(): number {
    return this.#owed.size
  }

  /** A completion or an amendment that is durable: its sender may be told. */
  completed(completed: MessageCompleted): void {
    for (const record of notificationsOf(completed, this.#options)) this.#owe(record)
  }

  assigned(partitions: readonly number[]): void {
    for (const number of partitions) this.#replays.set(number, { completions: [], written: new Set() })
  }

  /** An old completion, read again. */
  replayCompleted(number: number, completed: MessageCompleted): void {
    if (completed.notification !== undefined) this.#replays.get(number)?.completions.push(completed)
  }

  /** An old record of the outbox, read again. */
  replayWritten(number: number, { notification }: ImdnOutbox): void {
    if (notification !== undefined) this.#replays.get(number)?.written.add(notification.notificationId)
  }

  /** All old records are known: what is missing in the outbox is written now. */
  replayed(number: number): void {
    const replay = this.#replays.get(number)
    this.#replays.delete(number)
    for (const completed of replay?.completions ?? [])
      for (const record of notificationsOf(completed, this.#options))
        if (replay?.written.has(record.notification.notificationId) === false) this.#owe(record)
  }

  revoked(partitions: readonly number[]): void {
    for (const number of partitions) this.#replays.delete(number)
  }

  close(): void {
    this.#retries.close()
  }

  #owe(record: Due): void {
    const { notificationId } = record.notification
    if (this.#owed.has(notificationId)) return
    if (this.#owed.size >= MAXIMUM_OWED) {
      this.#dependencies.publishFailed(
        new RangeError('too many notifications wait for the bus'),
        record.notification,
      )
      return
    }
    this.#owed.set(notificationId, {
      record,
      giveUpAtMs: this.#dependencies.now() + this.#options.rememberMs,
    })
    this.#write(notificationId)
  }

  #write(notificationId: string): void {
    const owed = this.#owed.get(notificationId)
    if (owed === undefined) return
    this.#dependencies.publish(owed.record).then(
      () => this.#owed.delete(notificationId),
      (error: unknown) => {
        this.#dependencies.publishFailed(error, owed.record.notification)
        const now = this.#dependencies.now()
        if (now >= owed.giveUpAtMs) this.#owed.delete(notificationId)
        else this.#retries.set(notificationId, now + RETRY_MS)
      },
    )
  }
}
