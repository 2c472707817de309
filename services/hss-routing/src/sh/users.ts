import { publicIdentityOf } from './public-identity.ts'
import type { HomeUser, ShQueries, Subscription, UserAnswer, UserQuestion } from './sh-client.ts'
import type { UserData } from './user-data.ts'

export interface UsersOptions {
  /** Users kept; above, the one that was used longest ago goes. */
  readonly maximumEntries: number
  /** How long an answer holds. 0: nothing is kept. */
  readonly ttlMs: number
  /** How long it holds that the HSS knows no such user. */
  readonly negativeTtlMs: number
  /** How long an answer holds while the HSS tells of changes; undefined: it is not asked to. */
  readonly subscriptionMs?: number
}

/** How a question about a user was answered. */
export type Lookup = 'hit' | 'negative-hit' | 'shared' | 'miss'
/** Why a user is kept no longer. */
export type Dropped = 'pushed' | 'expired' | 'evicted'

export interface UsersReport {
  looked(lookup: Lookup): void
  dropped(reason: Dropped): void
  subscribed(outcome: Subscription['kind'] | 'too-many'): void
}

export interface UsersDependencies {
  readonly sh: ShQueries
  readonly report: UsersReport
  now(): number
}

interface Entry {
  readonly question: UserQuestion
  answer: UserAnswer
  untilMs: number
  /** From then on a use of it renews the subscription. */
  renewFromMs: number
}

interface Running {
  readonly question: UserQuestion
  readonly untilMs: number
  readonly answer: Promise<UserAnswer>
  /** The HSS has told of a change since it was asked: the answer serves, and is not kept. */
  changed: boolean
}

/** Subscriptions under way; above, an answer simply holds for its own time. */
const MAXIMUM_SUBSCRIBING = 256
/** An HSS that notifies nobody is not asked to for so long. */
const NOT_ALLOWED_FOR_MS = 3_600_000
const MAXIMUM_NOT_ALLOWED = 256
/** A subscription in use is renewed in the last part of its time. */
const RENEWED_IN_LAST = 0.25

/**
 * Users as the HSS described them, kept for a short time, or longer while the HSS itself tells of changes (Sh-Subs-Notif,
 * Sh-Notif). Nothing is served beyond its time, whatever the state of the HSS. Several questions about one user at once
 * are one question.
 */
export class Users {
  readonly #options: UsersOptions
  readonly #dependencies: UsersDependencies
  /** In the order of use. */
  readonly #entries = new Map<string, Entry>()
  readonly #running = new Map<string, Running>()
  readonly #notAllowed = new Map<string, number>()
  #subscribing = 0

  constructor(options: UsersOptions, dependencies: UsersDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  /** Users kept, those included whose time is over and who were not asked for since. */
  get size(): number {
    return this.#entries.size
  }

  async lookup(question: UserQuestion, budgetMs: number): Promise<UserAnswer> {
    const { now, report } = this.#dependencies
    const kept = this.#kept(question)
    if (kept !== undefined) {
      report.looked(kept.answer.kind === 'user' ? 'hit' : 'negative-hit')
      if (now() >= kept.renewFromMs) void this.#subscribe(kept)
      return kept.answer
    }
    const untilMs = now() + budgetMs
    const running = this.#running.get(question.publicIdentity)
    if (running !== undefined && covers(running.question, question) && running.untilMs <= untilMs) {
      report.looked('shared')
      const answer = await running.answer
      // Whoever asked first had less time.
      const undecided = answer.kind === 'refused' && answer.cause === 'serviceDataUnavailable'
      return undecided && now() < untilMs ? this.#dependencies.sh.read(question, untilMs - now()) : answer
    }
    report.looked('miss')
    return this.#ask(question, untilMs)
  }

  /** The HSS tells of a change (PNR): what is known of the user holds no longer. False: nothing was known. */
  changed(identity: string): boolean {
    const publicIdentity = publicIdentityOf(identity)
    const running = this.#running.get(publicIdentity)
    if (running !== undefined) running.changed = true
    const dropped = this.#entries.has(publicIdentity)
    if (dropped) this.#drop(publicIdentity, 'pushed')
    return dropped || running !== undefined
  }

  #kept(question: UserQuestion): Entry | undefined {
    const { publicIdentity } = question
    const entry = this.#entries.get(publicIdentity)
    if (entry === undefined) return undefined
    if (this.#dependencies.now() >= entry.untilMs) {
      this.#drop(publicIdentity, 'expired')
      return undefined
    }
    if (!covers(entry.question, question)) return undefined
    this.#entries.delete(publicIdentity)
    this.#entries.set(publicIdentity, entry)
    return entry
  }

  #ask(question: UserQuestion, untilMs: number): Promise<UserAnswer> {
    const { sh, now } = this.#dependencies
    const { publicIdentity } = question
    const answer = sh.read(question, untilMs - now())
    // Another one, about more or with less time, is under way: then that one is kept.
    if (this.#running.has(publicIdentity)) return answer
    const running: Running = { question, untilMs, answer, changed: false }
    this.#running.set(publicIdentity, running)
    return answer
      .then((it) => {
        if (!running.changed) this.#keep(question, it)
        return it
      })
      .finally(() => this.#running.delete(publicIdentity))
  }

  #keep(question: UserQuestion, answer: UserAnswer): void {
    const { ttlMs, negativeTtlMs, maximumEntries } = this.#options
    const negative = answer.kind === 'refused'
    // What may be another answer in a moment is asked again.
    if (negative && answer.cause !== 'unknownSubscriber') return
    const heldMs = negative ? negativeTtlMs : ttlMs
    if (heldMs === 0) return
    const untilMs = this.#dependencies.now() + heldMs
    const entry = { question, answer, untilMs, renewFromMs: Number.POSITIVE_INFINITY }
    this.#entries.delete(question.publicIdentity)
    this.#entries.set(question.publicIdentity, entry)
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > maximumEntries && oldest !== undefined) this.#drop(oldest, 'evicted')
    void this.#subscribe(entry)
  }

  async #subscribe(entry: Entry): Promise<void> {
    const { subscriptionMs } = this.#options
    const { now, sh, report } = this.#dependencies
    const { question, answer } = entry
    entry.renewFromMs = Number.POSITIVE_INFINITY
    if (subscriptionMs === undefined || answer.kind === 'refused') return
    const { host } = answer.user
    if ((this.#notAllowed.get(host) ?? 0) > now()) return
    if (this.#subscribing >= MAXIMUM_SUBSCRIBING) return report.subscribed('too-many')
    this.#subscribing += 1
    const subscription = await sh.subscribe(question, host, now() + subscriptionMs)
    this.#subscribing -= 1
    report.subscribed(subscription.kind)
    if (subscription.kind === 'not-allowed') this.#remember(host)
    // Gone, or another one by now: the HSS drops the subscription when it tells of a change to nobody.
    if (subscription.kind !== 'subscribed' || this.#entries.get(question.publicIdentity) !== entry) return
    const { untilMs, data } = subscription
    entry.untilMs = Math.max(untilMs, now())
    entry.renewFromMs = untilMs - (untilMs - now()) * RENEWED_IN_LAST
    // What has changed between the answer and the subscription would be told to nobody.
    if (data !== undefined) entry.answer = { kind: 'user', user: renewed(answer.user, data) }
  }

  #remember(host: string): void {
    this.#notAllowed.delete(host)
    this.#notAllowed.set(host, this.#dependencies.now() + NOT_ALLOWED_FOR_MS)
    const [oldest] = this.#notAllowed.keys()
    if (this.#notAllowed.size > MAXIMUM_NOT_ALLOWED && oldest !== undefined) this.#notAllowed.delete(oldest)
  }

  #drop(publicIdentity: string, reason: Dropped): void {
    this.#entries.delete(publicIdentity)
    this.#dependencies.report.dropped(reason)
  }
}

/** Whether the answer to one question answers the other. */
function covers(asked: UserQuestion, wanted: UserQuestion): boolean {
  if (asked.numberOnly === true && wanted.numberOnly !== true) return false
  return wanted.serviceIndication === undefined || asked.serviceIndication === wanted.serviceIndication
}

/** The user with what can be subscribed to as it is now. */
function renewed({ imsState: _state, grant: _grant, ...rest }: HomeUser, data: UserData): HomeUser {
  const { imsState, grant } = data
  return { ...rest, ...(imsState !== undefined && { imsState }), ...(grant !== undefined && { grant }) }
}
