import type { SmOutcome } from '@ipsmgw/events'
import { type ReportedNode, reportedNodes } from './delivery-status.ts'

/** What the home network did with a report. */
export type StatusResult =
  | { readonly kind: 'done' }
  /** It takes no more service centres for this phone: no alert will come. */
  | { readonly kind: 'list-full'; readonly detail: string }
  /** It will never take it. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** Nobody could be reached, or not now. A report may be repeated: it says how things are. */
  | { readonly kind: 'again'; readonly detail: string }

/** One report to HSS or HLR; `attempt` counts from 1. */
export type StatusQuery = (
  outcome: SmOutcome,
  nodes: readonly ReportedNode[],
  attempt: number,
) => Promise<StatusResult>

export interface StatusReporterOptions {
  /** Pause after the first attempt; doubled each time up to the maximum. */
  readonly firstDelayMs: number
  readonly maximumDelayMs: number
  /** Older outcomes are not reported: the network knows better by then. */
  readonly maximumAgeMs: number
}

export interface StatusReporterDependencies {
  /** By the protocol that gave the routing. */
  readonly queries: Readonly<Partial<Record<SmOutcome['home']['protocol'], StatusQuery>>>
  now(): number
  /** Resolves after the pause, or at once when the process drains. */
  wait(delayMs: number): Promise<void>
  /** The process drains: what is not reported yet goes back to its topic. */
  draining(): boolean
  giveBack(outcome: SmOutcome): Promise<void>
  reported(result: StatusResult['kind'] | 'given-up', outcome: SmOutcome, detail: string | undefined): void
}

/**
 * Reports outcomes to the home network, away from any message that is under way: each until it is taken, refused or
 * too old. An outcome counts as done only then, so that a crash hands it over again.
 */
export class StatusReporter {
  readonly #options: StatusReporterOptions
  readonly #dependencies: StatusReporterDependencies

  constructor(options: StatusReporterOptions, dependencies: StatusReporterDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  async handle(outcome: SmOutcome): Promise<void> {
    const nodes = reportedNodes(outcome)
    const query = this.#dependencies.queries[outcome.home.protocol]
    if (nodes.length === 0 || query === undefined) return
    const { now, wait, draining, giveBack, reported } = this.#dependencies
    let delayMs = this.#options.firstDelayMs
    for (let attempt = 1; ; attempt++) {
      const result = await query(outcome, nodes, attempt)
      const detail = result.kind === 'done' ? undefined : result.detail
      if (result.kind !== 'again') return reported(result.kind, outcome, detail)
      if (now() - outcome.atMs + delayMs > this.#options.maximumAgeMs)
        return reported('given-up', outcome, detail)
      reported('again', outcome, detail)
      if (!draining()) await wait(delayMs)
      if (draining()) return giveBack(outcome)
      delayMs = Math.min(delayMs * 2, this.#options.maximumDelayMs)
    }
  }
}
