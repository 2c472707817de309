import type { Cause } from '@ipsmgw/causes'
import {
  envelopeOf,
  type Home,
  type NodeOutcome,
  type ServingNode,
  type SmOutcome,
  type SmPrepared,
  type SmReport,
  type SmRouted,
  type SmsmiCorrelation,
} from '@ipsmgw/events'
import type { KeyMaker } from '@ipsmgw/numbering'
import type { AboutMessage } from '@ipsmgw/telemetry'
import type { Origin, Originators } from './originators.ts'
import type { Recipients } from './recipients.ts'
import type { ImsState } from './sh/user-data.ts'

/** A query's negative answer, as a value. */
export interface Refusal {
  readonly kind: 'refused'
  readonly cause: Cause
  readonly detail?: string
  /** The home network has not noted this failure, and would have to be told. */
  readonly untold?: {
    readonly home: HomeAnswer
    readonly imsi?: string
    readonly nodes: readonly NodeOutcome[]
  }
}

type HomeAnswer = Omit<Home, 'msisdn' | 'singleAttempt' | 'correlation'>

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
  readonly home?: HomeAnswer
}

/** Whom routing is asked about: the number, without one the IMSI, without both the user of a SIP URI. */
export interface Target {
  /** With `+`. */
  readonly number?: string
  readonly imsi?: string
  readonly correlation?: SmsmiCorrelation
  /** Diameter identity of the HSS that has the user, where Sh was asked. */
  readonly hss?: string
  /** Sh was asked, and no HSS has the user. */
  readonly unknownToHss?: boolean
  /** Said by the HSS; for the record. */
  readonly imsState?: ImsState
}

/** Who sends, as HSS and HLR may be told it: octets of TP-OA. */
export interface Sender {
  readonly smea?: Buffer
}

/** Serving nodes of a recipient (S6c SRR, MAP sendRoutingInfoForSM); `message`: for whose sake it is asked. */
export type RouteQuery = (
  target: Target & Sender,
  budgetMs: number,
  message?: AboutMessage,
) => Promise<RoutingAnswer | Refusal>

export interface RouterOptions {
  /** Kinds of node in the operator's order of preference; others are not used. */
  readonly preference: readonly ServingNode['kind'][]
  /** HSS and HLR are asked to keep nothing for a message: nobody here would act on an alert. */
  readonly singleAttempt: boolean
  /** For all queries of one message together. */
  readonly budgetMs: number
}

export interface RouterDependencies {
  readonly recipients: Pick<Recipients, 'target'>
  readonly originators: Pick<Originators, 'of'>
  readonly route: RouteQuery
  readonly keys: KeyMaker
  now(): number
  publishRouted(routed: SmRouted): Promise<void>
  publishReport(report: SmReport): Promise<void>
  /** For whom the home network must be told of. */
  publishOutcome(outcome: SmOutcome): Promise<void>
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
    const { now, recipients, originators, route } = this.#dependencies
    // With part 1 on the phone the rest is sent even when it is late.
    const latestMs = prepared.routing.firstPart === 1 ? prepared.forwardByMs : Number.POSITIVE_INFINITY
    if (now() >= latestMs) return this.#fail(prepared, { kind: 'refused', cause: 'expiredBeforeForward' })
    const untilMs = Math.min(now() + this.#options.budgetMs, latestMs)
    const [target, origin] = await Promise.all([
      recipients.target(prepared, untilMs - now()),
      originators.of(prepared, untilMs - now()),
    ])
    if (!owned()) return
    if (target.kind === 'refused') return this.#fail(prepared, target)
    if (origin.kind === 'refused') return this.#fail(prepared, origin)
    const { smea } = origin
    const answer = await route({ ...target, ...(smea !== undefined && { smea }) }, untilMs - now(), prepared)
    if (!owned()) return
    if (answer.kind === 'routed') return this.#routed(prepared, target, origin, answer)
    await this.#tellHome(prepared, target, answer)
    await this.#fail(prepared, { ...answer, detail: detailOf(answer.detail, target) })
  }

  async #routed(prepared: SmPrepared, target: Target, origin: Origin, answer: RoutingAnswer): Promise<void> {
    const nodes = this.#ordered(answer.nodes)
    if (nodes.length === 0)
      return this.#fail(prepared, {
        kind: 'refused',
        cause: 'noUsableServingNode',
        detail: detailOf(answer.nodes.map((node) => node.kind).join(' '), target),
      })
    // In one request: else a process that ends in between leaves a message under way that nobody knows of, and a failure
    // that the next one finds is believed.
    const routed = this.#dependencies.publishRouted({
      ...envelopeOf(prepared),
      deliveryKey: this.#deliveryKey(target, answer.imsi),
      imsi: answer.imsi,
      recipient: prepared.recipient,
      nodes,
      tpdus: origin.tpdus,
      routing: prepared.routing,
      ...(prepared.expiresAtMs !== undefined && { expiresAtMs: prepared.expiresAtMs }),
      early: prepared.early,
      ...(target.correlation !== undefined && { correlation: target.correlation }),
      // The way may have to be asked for again, and by then nobody knows it otherwise.
      ...(origin.smea !== undefined && { hidden: false }),
      ...this.#homeOf(answer, target),
    })
    const detail = detailOf(nodes.map((node) => node.kind).join(' '), target)
    await Promise.all([
      routed,
      this.#report(prepared, {
        ...{ step: 'routed', peer: answer.peer, detail, imsi: target.imsi ?? answer.imsi },
        ...(origin.shown !== undefined && { originator: origin.shown }),
      }),
    ])
  }

  /** One phone is one lane: by its number, else by its IMSI, never by what an SMS router put in the IMSI's place. */
  #deliveryKey({ number, imsi }: Target, routedTo: string): string {
    return this.#dependencies.keys.keyOf(number ?? imsi ?? routedTo)
  }

  /** Whom to tell how it ends, when there is anything that it would have to know. */
  #homeOf({ home }: RoutingAnswer, target: Target): { home?: Home } {
    const { singleAttempt } = this.#options
    if (home === undefined || (singleAttempt && !home.waiting)) return {}
    return { home: this.#homeFor(home, target) }
  }

  #homeFor(home: HomeAnswer, { number, correlation }: Target): Home {
    return {
      ...home,
      singleAttempt: this.#options.singleAttempt,
      ...(number !== undefined && { msisdn: number.replace(/^\+/, '') }),
      ...(correlation !== undefined && { correlation }),
    }
  }

  /** A home network that has not noted the failure itself is told, if it is to keep anything at all. */
  async #tellHome(prepared: SmPrepared, target: Target, { untold }: Refusal): Promise<void> {
    const { singleAttempt, preference } = this.#options
    const imsi = untold?.imsi ?? target.imsi
    const subject = target.number ?? imsi
    if (untold === undefined || singleAttempt || subject === undefined) return
    const [kind = 'mme'] = preference
    await this.#dependencies.publishOutcome({
      ...envelopeOf(prepared),
      deliveryKey: this.#dependencies.keys.keyOf(subject),
      atMs: this.#dependencies.now(),
      ...(imsi !== undefined && { imsi }),
      home: this.#homeFor(untold.home, target),
      ending: 'failed',
      nodes: untold.nodes.length > 0 ? [...untold.nodes] : [{ kind, outcome: 'absent' }],
    })
  }

  #ordered(nodes: readonly ServingNode[]): ServingNode[] {
    const ordered = this.#options.preference.flatMap((kind) => nodes.filter((node) => node.kind === kind))
    // An array that has grown keeps room for 17; the copy, which stays until the phone answers, has just its own.
    return ordered.slice()
  }

  #fail(prepared: SmPrepared, refusal: Refusal): Promise<void> {
    return this.#report(prepared, {
      step: 'failed',
      cause: refusal.cause,
      outcome: 'proof',
      ...(refusal.detail && { detail: refusal.detail.slice(0, LONGEST_DETAIL) }),
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

/** What the record says of a routing; with IMSUserState, where it was asked for. */
function detailOf(text: string | undefined, { imsState }: Target): string {
  return [text, imsState && `IMS: ${imsState}`].filter(Boolean).join(', ')
}
