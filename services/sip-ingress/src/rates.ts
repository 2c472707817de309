import type { ImReceived } from '@ipsmgw/events'
import { domainOf, identityOf, type Policy, type Rate } from '@ipsmgw/policy'

export interface RateLimiterOptions {
  /** Instances that share the load: each grants its share. */
  readonly replicas: number
  /** Senders and domains remembered; the one that was silent longest goes first, and starts anew. */
  readonly capacity: number
}

/**
 * Token buckets for senders and domains, kept as the time at which each bucket is full again (GCRA). In memory only:
 * who sends is written nowhere.
 */
export class RateLimiter {
  readonly #options: RateLimiterOptions
  /** Per sender or domain one time for each of its rates. */
  readonly #fullAgainMs = new Map<string, number[]>()

  constructor(options: RateLimiterOptions) {
    this.#options = options
  }

  /** Counts the message, or says after how many seconds the sender may try again; then nothing is counted. */
  take(sender: ImReceived['sender'], { rates }: Policy, nowMs: number): number | undefined {
    if (rates.sender.length === 0 && rates.domain.length === 0) return undefined
    const identity = sender.asserted[0] ?? sender.from
    const domain = domainOf(sender.asserted.find(({ uri }) => domainOf(uri))?.uri ?? '') ?? ''
    const buckets = [
      this.#bucket(`s ${identity.number ?? identityOf(identity.uri)}`, rates.sender),
      this.#bucket(`d ${domain}`, rates.domain),
    ]
    const waitMs = Math.max(...buckets.map(({ times, steps }) => waitOf(times, steps, nowMs)))
    if (waitMs > 0) return Math.ceil(waitMs / 1000)
    for (const { times, steps } of buckets)
      for (const [i, { stepMs }] of steps.entries()) times[i] = Math.max(times[i] ?? 0, nowMs) + stepMs
    return undefined
  }

  #bucket(key: string, rates: readonly Rate[]): Bucket {
    let times = this.#fullAgainMs.get(key)
    // A changed policy counts anew.
    if (times?.length !== rates.length) times = rates.map(() => 0)
    this.#fullAgainMs.delete(key)
    if (rates.length > 0) this.#fullAgainMs.set(key, times)
    if (this.#fullAgainMs.size > this.#options.capacity)
      for (const oldest of this.#fullAgainMs.keys()) {
        this.#fullAgainMs.delete(oldest)
        break
      }
    return { times, steps: rates.map((rate) => this.#step(rate)) }
  }

  #step({ messages, withinSeconds }: Rate): Step {
    const share = messages / this.#options.replicas
    const stepMs = (withinSeconds * 1000) / share
    // A share below one message still lets one through after its time.
    return { stepMs, slackMs: (Math.max(1, share) - 1) * stepMs }
  }
}

interface Step {
  /** Time that pays for one message. */
  readonly stepMs: number
  /** How far ahead of its time a sender may be. */
  readonly slackMs: number
}

interface Bucket {
  readonly times: number[]
  readonly steps: readonly Step[]
}

function waitOf(times: readonly number[], steps: readonly Step[], nowMs: number): number {
  return Math.max(0, ...steps.map(({ slackMs }, i) => Math.max(times[i] ?? 0, nowMs) - nowMs - slackMs))
}
