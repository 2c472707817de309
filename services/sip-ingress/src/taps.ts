import { unwatchFile, watchFile } from 'node:fs'
import type { ImReceived, SipFinal, SipFinalResult, TapEvent, TapOutcome } from '@ipsmgw/events'
import { identityOf } from '@ipsmgw/policy'
import { digestOf, readTargets } from './tap-targets.ts'

export interface TapDependencies {
  now(): number
  /** Resolves when the event is durable. */
  publish(event: TapEvent): Promise<void>
  /** An event could not be written; says nothing of whom it was about. */
  failed(error: unknown): void
}

/** How a message ended for its sender. */
export interface TapEnding {
  readonly status: number
  readonly cause: string
  /** What correlation knows; undefined when it was not asked or did not answer. */
  readonly result?: SipFinalResult
}

type About = Pick<TapOutcome, 'targets' | 'messageId' | 'sip' | 'recipient' | 'sender'>

interface Ended {
  readonly about: About
  readonly outcome: TapOutcome['outcome']
  readonly untilMs: number
}

const LOOK_EVERY_MS = 2_000
/** Longer than correlation remembers a decision, and so tells late outcomes. */
const LATE_MS = 10 * 60_000
/** Ended messages that may yet turn out otherwise; the oldest are forgotten first. */
const MOST_ENDED = 10_000

/**
 * Copies the messages of targets to a topic of their own, with real parties and text, and tells there what became of
 * them. Who is a target is decided when the message is taken, and known to this object alone. The list is a file that
 * others manage; it is read again when it changes, and one that is wrong leaves the old one in force. Off without a file.
 */
export class Taps {
  readonly #file: string
  readonly #instance: string
  readonly #dependencies: TapDependencies
  #targets: ReadonlyMap<string, readonly string[]> = new Map()
  /** As many at the most as senders wait: each of these ends. */
  readonly #open = new Map<string, About>()
  readonly #ended = new Map<string, Ended>()

  constructor(options: { readonly file: string; readonly instance: string }, dependencies: TapDependencies) {
    this.#file = options.file
    this.#instance = options.instance
    this.#dependencies = dependencies
  }

  /** Reads the list; one that is wrong at the start is an error that the caller sees. Throws `ConfigError`. */
  start(): void {
    if (this.#file === '') return
    this.#targets = readTargets(this.#file)
    this.#audit('loaded')
    watchFile(this.#file, { interval: LOOK_EVERY_MS, persistent: false }, this.reload)
  }

  stop(): void {
    if (this.#file !== '') unwatchFile(this.#file, this.reload)
  }

  readonly reload = (): void => {
    try {
      this.#targets = readTargets(this.#file)
      this.#audit('loaded')
    } catch {
      this.#audit('refused')
    }
  }

  /** Copies the message when a party of it is a target. Never holds up the message. */
  see(message: ImReceived): void {
    if (this.#targets.size === 0) return
    const targets = this.#referencesOf(message)
    if (targets.length === 0) return
    const { messageId, receivedAtMs, sip, recipient, sender, text, contentType, thread, charging } = message
    const about = { targets, messageId, sip, recipient, sender }
    this.#open.set(messageId, about)
    this.#tell({
      copy: {
        ...{ ...about, receivedAtMs, text, contentType },
        ...(thread !== undefined && { thread }),
        ...(charging !== undefined && { charging }),
      },
    })
  }

  /** The sender has its final answer. */
  ended(messageId: string, { status, cause, result }: TapEnding): void {
    const about = this.#open.get(messageId)
    if (about === undefined) return
    this.#open.delete(messageId)
    const outcome = outcomeOf({ cause, result })
    this.#tell({ outcome: { ...about, state: 'ended', outcome, cause, status, ...partsOf(result) } })
    if (outcome !== 'delivered') this.#follow(about, outcome)
  }

  /** What is known after the answer; told only if it is something else. */
  late(final: Pick<SipFinal, 'messageId' | 'cause' | 'result' | 'late'>): void {
    const { messageId, cause, result } = final
    const ended = this.#ended.get(messageId)
    const outcome = outcomeOf(final)
    if (ended === undefined || outcome === ended.outcome) return
    this.#ended.delete(messageId)
    this.#tell({ outcome: { ...ended.about, state: 'amended', outcome, cause, ...partsOf(result) } })
    if (outcome !== 'delivered') this.#follow(ended.about, outcome)
  }

  #follow(about: About, outcome: TapOutcome['outcome']): void {
    const nowMs = this.#dependencies.now()
    for (const [messageId, { untilMs }] of this.#ended) {
      if (untilMs > nowMs && this.#ended.size < MOST_ENDED) break
      this.#ended.delete(messageId)
    }
    this.#ended.set(about.messageId, { about, outcome, untilMs: nowMs + LATE_MS })
  }

  #referencesOf({ sender, recipient }: ImReceived): string[] {
    const parties = [recipient, ...sender.asserted, sender.from]
    const keys = parties.flatMap(({ uri, number }) => [
      identityOf(uri),
      ...(number === undefined ? [] : [number]),
    ])
    return [...new Set(keys.flatMap((key) => this.#targets.get(key) ?? []))]
  }

  #audit(state: 'loaded' | 'refused'): void {
    this.#tell({ list: { state, targets: this.#targets.size, digest: digestOf(this.#file) } })
  }

  #tell(event: Pick<TapEvent, 'copy' | 'outcome' | 'list'>): void {
    const { now, publish, failed } = this.#dependencies
    publish({ atMs: now(), instance: this.#instance, ...event }).catch(failed)
  }
}

function partsOf(result: SipFinalResult | undefined): Pick<TapOutcome, 'partsDelivered' | 'parts'> {
  return result === undefined ? {} : { partsDelivered: result.partsDelivered, parts: result.parts }
}

/** Where no result is told: late finals are certain, others may not be. */
function outcomeOf({
  cause,
  result,
  late,
}: Pick<SipFinal, 'cause' | 'late'> & { result?: SipFinalResult | undefined }) {
  if (result !== undefined) return result.outcome
  if (late !== true) return 'unknown'
  return cause === 'delivered' ? 'delivered' : 'failed'
}
