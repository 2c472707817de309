import type { Cause } from '@ipsmgw/causes'
import {
  envelopeOf,
  type Home,
  type ServingNode,
  type SmPrepared,
  type SmReport,
  type SmRouted,
} from '@ipsmgw/events'
import type { KeyMaker } from '@ipsmgw/numbering'

/** A query's negative answer, as a value. */
export interface Refusal {
  readonly kind: 'refused'
  readonly cause: Cause
  readonly detail?: string
}

/** Where the recipient is, as HSS or HLR say. */
export interface RoutingAnswer {
  readonly kind: 'routed'
  /** For the serving node alone. An SMS router puts a correlation id in its place, so it tells nothing of the phone. */
  readonly imsi: string
  /** Every node named, in the order of the answer; nodes of this gateway itself are left out already. */
  readonly nodes: readonly ServingNode[]
  /** Diameter identity or masked address of who answered. */
  readonly peer: string
  /** Who gave it, and what it keeps of this recipient; absent: nobody can be told how it ends. */
  readonly home?: Omit<Home, 'msisdn' | 'singleAttempt'>
}

/** Serving nodes of a number (S6c SRR, MAP sendRoutingInfoForSM). */
export type RouteQuery = (number: string, budgetMs: number) => Promise<RoutingAnswer | Refusal>

export interface Queries {
  /** Number of a public identity (Sh UDR). */
  resolve(publicIdentity: string, budgetMs: number): Promise<{ kind: 'number'; number: string } | Refusal>
  readonly route: RouteQuery
}

export interface RouterOptions {
  /** Kinds of node in the operator's order of preference; others are not used. */
  readonly preference: readonly ServingNode['kind'][]
  /** HSS and HLR are asked to keep nothing for a message: nobody here would act on an alert. */
  readonly singleAttempt: boolean
  /** For all queries of one message together. */
  readonly budgetMs: number
}

export interface RouterDependencies {
  readonly queries: Queries
  readonly keys: KeyMaker
  /** Whether the operator's policy serves this number; asked for those that only the HSS knew. */
  serves(number: string): boolean
  now(): number
  publishRouted(routed: SmRouted): Promise<void>
  publishReport(report: SmReport): Promise<void>
}

/** What a report holds; a longer one could not be read. */
const LONGEST_DETAIL = 256

/** Step 8: identity to number where needed, number to serving nodes, nodes in the operator's order. */
export class Router {
  readonly #options: RouterOptions
  readonly #dependencies: RouterDependencies

  constructor(options: RouterOptions, dependencies: RouterDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  /** `owned`: the record is still this instance's; after the queries, which take their time, it may be another's. */
  async handle(prepared: SmPrepared, owned: () => boolean): Promise<void> {
    const { now, keys, publishRouted } = this.#dependencies
    // With part 1 on the phone the rest is sent even when it is late.
    const latestMs = prepared.routing.firstPart === 1 ? prepared.forwardByMs : Number.POSITIVE_INFINITY
    if (now() >= latestMs) return this.#fail(prepared, { kind: 'refused', cause: 'expiredBeforeForward' })
    const untilMs = Math.min(now() + this.#options.budgetMs, latestMs)
    const number = await this.#number(prepared, untilMs)
    if (!owned()) return
    if (number.kind === 'refused') return this.#fail(prepared, number)
    const answer = await this.#dependencies.queries.route(number.number, untilMs - now())
    if (!owned()) return
    if (answer.kind === 'refused') return this.#fail(prepared, answer)
    const nodes = this.#ordered(answer.nodes)
    if (nodes.length === 0)
      return this.#fail(prepared, {
        kind: 'refused',
        cause: 'noUsableServingNode',
        detail: answer.nodes.map((node) => node.kind).join(' '),
      })
    // In one request: else a process that ends in between leaves a message under way that nobody knows of, and a failure
    // that the next one finds is believed.
    const routed = publishRouted({
      ...envelopeOf(prepared),
      deliveryKey: keys.keyOf(number.number),
      imsi: answer.imsi,
      recipient: prepared.recipient,
      nodes,
      tpdus: prepared.tpdus,
      routing: prepared.routing,
      ...(prepared.expiresAtMs !== undefined && { expiresAtMs: prepared.expiresAtMs }),
      early: prepared.early,
      ...this.#homeOf(answer, number.number),
    })
    const detail = nodes.map((node) => node.kind).join(' ')
    await Promise.all([routed, this.#report(prepared, { step: 'routed', peer: answer.peer, detail })])
  }

  async #number(
    prepared: SmPrepared,
    untilMs: number,
  ): Promise<{ kind: 'number'; number: string } | Refusal> {
    const { number, uri } = prepared.recipient
    if (number !== undefined) return { kind: 'number', number }
    const { queries, serves, now } = this.#dependencies
    const resolved = await queries.resolve(uri, untilMs - now())
    return resolved.kind === 'refused' || serves(resolved.number)
      ? resolved
      : { kind: 'refused', cause: 'notAuthorised' }
  }

  /** Whom to tell how it ends, when there is anything that it would have to know. */
  #homeOf({ home }: RoutingAnswer, number: string): { home?: Home } {
    const { singleAttempt } = this.#options
    if (home === undefined || (singleAttempt && !home.waiting)) return {}
    return { home: { ...home, singleAttempt, msisdn: number.replace(/^\+/, '') } }
  }

  #ordered(nodes: readonly ServingNode[]): ServingNode[] {
    return this.#options.preference.flatMap((kind) => nodes.filter((node) => node.kind === kind))
  }

  #fail(prepared: SmPrepared, refusal: Refusal): Promise<void> {
    return this.#report(prepared, {
      step: 'failed',
      cause: refusal.cause,
      outcome: 'proof',
      ...(refusal.detail !== undefined && { detail: refusal.detail.slice(0, LONGEST_DETAIL) }),
    })
  }

  #report(prepared: SmPrepared, rest: Partial<SmReport> & { step: SmReport['step'] }): Promise<void> {
    return this.#dependencies.publishReport({
      ...envelopeOf(prepared),
      by: 'hss-routing',
      atMs: this.#dependencies.now(),
      attempt: prepared.routing.attempt,
      ...rest,
    })
  }
}
