import { type Cause, causeOfRouting } from '@ipsmgw/causes'
import {
  Application,
  type DiameterNode,
  ExperimentalResult,
  isSuccess,
  MwdStatus,
  type OutgoingRequest,
  type SendResult,
  SmRpMti,
  SrrFlags,
  smsmiCorrelationId,
  VENDOR_3GPP,
  value,
} from '@ipsmgw/diameter'
import type { NodeOutcome } from '@ipsmgw/events'
import { type Answer, reading, refusal, resultText } from './diameter-answers.ts'
import type { Refusal, RouteQuery, RoutingAnswer, Sender, Target } from './router.ts'
import { isUndecided } from './routing-order.ts'
import { realmsOverMap, servingNodesOf } from './serving-nodes.ts'

export interface S6cRoutingOptions {
  /** Realm of the home HSS: the recipient is our own subscriber. */
  readonly hssRealm: string
  /** Own service centre number, digits: it keys the waiting list of the HSS and comes back in alerts. */
  readonly serviceCentre: string
  /** Own numbers as IP-SM-GW besides it, digits: an answer that names one is a loop. */
  readonly ownNumbers?: readonly string[]
  /** Own Diameter identity. */
  readonly originHost: string
  /** Networks whose nodes are reached over MAP, by their realms. */
  readonly mapRealms?: readonly string[]
  /** For one query to one peer. */
  readonly attemptMs: number
  /** An SMSF can be delivered to. */
  readonly smsf: boolean
  /** The HSS keeps no waiting data: there is no store that an alert could release. */
  readonly singleAttempt: boolean
}

/** Bit 0 of Feature-List 1 on S6c: without it no SMSF is named. */
const SMSF_SUPPORT = 0x01

/** Step 8 over S6c: SRR for the serving nodes (TS 29.338 §5.2.1). */
export function createS6cRouting(node: Pick<DiameterNode, 'send'>, options: S6cRoutingOptions): RouteQuery {
  const routing = new S6cRouting(node, options)
  return (target, budgetMs) => routing.route(target, budgetMs)
}

class S6cRouting {
  readonly #node: Pick<DiameterNode, 'send'>
  readonly #options: S6cRoutingOptions

  constructor(node: Pick<DiameterNode, 'send'>, options: S6cRoutingOptions) {
    this.#node = node
    this.#options = options
  }

  /** The HSS that is known to have the user first; when that one cannot answer, whichever the realm has. */
  async route({ hss, ...anywhere }: Target & Sender, budgetMs: number): Promise<RoutingAnswer | Refusal> {
    if (hss === undefined) return this.#routeAt(anywhere, budgetMs)
    const untilMs = performance.now() + budgetMs
    const answer = await this.#routeAt({ ...anywhere, hss }, Math.min(budgetMs, this.#options.attemptMs))
    return isUndecided(answer) ? this.#routeAt(anywhere, untilMs - performance.now()) : answer
  }

  async #routeAt(target: Target & Sender, budgetMs: number): Promise<RoutingAnswer | Refusal> {
    const { smsf } = this.#options
    const untilMs = performance.now() + budgetMs
    const outcome = await this.#ask(target, budgetMs, smsf)
    if (outcome.kind !== 'answer' || !smsf || !refusesFeature(outcome)) return this.#read(outcome)
    // An HSS without the feature: once more without it.
    const leftMs = untilMs - performance.now()
    return this.#read(leftMs > 0 ? await this.#ask(target, leftMs, false) : outcome)
  }

  #ask(target: Target & Sender, timeoutMs: number, smsf: boolean): Promise<SendResult> {
    const { hssRealm, serviceCentre, attemptMs, singleAttempt } = this.#options
    const request: OutgoingRequest<'SRR'> = {
      ...(target.hss !== undefined && { 'Destination-Host': target.hss }),
      'Destination-Realm': hssRealm,
      ...subjectOf(target),
      'SC-Address': serviceCentre,
      'SM-RP-MTI': SmRpMti.SM_DELIVER,
      ...(target.smea !== undefined && { 'SM-RP-SMEA': target.smea }),
      'SRR-Flags':
        SrrFlags['GPRS-Indicator'] |
        SrrFlags['SM-RP-PRI'] |
        (singleAttempt ? SrrFlags['Single-Attempt-Delivery'] : 0),
      ...(smsf && { 'Supported-Features': [SMSF_FEATURE] }),
    }
    return this.#node.send('SRR', request, { timeoutMs, attemptMs, failover: true })
  }

  #read(outcome: SendResult): RoutingAnswer | Refusal {
    if (outcome.kind !== 'answer') return refusal(CAUSE_OF_SILENCE[outcome.reason], `S6c: ${outcome.reason}`)
    if (!isSuccess(outcome.result)) return negative(outcome)
    return reading('routingFailed', () => this.#readNodes(outcome))
  }

  #readNodes({ message, peer }: Answer): RoutingAnswer | Refusal {
    const { serviceCentre, ownNumbers = [], originHost, mapRealms } = this.#options
    const imsi = value(message, 'User-Name')
    if (imsi === undefined || !IMSI.test(imsi))
      return refusal('routingFailed', 'S6c: success without an IMSI')
    const own = { host: originHost.toLowerCase(), numbers: [serviceCentre, ...ownNumbers] }
    const { nodes, loop, overIms } = servingNodesOf(message, own, realmsOverMap(mapRealms))
    if (loop && nodes.length === 0) return refusal('routingLoop')
    if (overIms && nodes.length === 0) return refusal('smsOverImsOnly')
    const host = value(message, 'Origin-Host') ?? peer
    const status = value(message, 'MWD-Status')
    const waiting = status !== undefined && (status & MwdStatus['SC-Address-Not-Included']) === 0
    return { kind: 'routed', imsi, nodes, peer: host, home: { protocol: 's6c', host, waiting } }
  }
}

const IMSI = /^[0-9]{5,15}$/

const SMSF_FEATURE = { 'Vendor-Id': VENDOR_3GPP, 'Feature-List-ID': 1, 'Feature-List': SMSF_SUPPORT } as const

const CAUSE_OF_SILENCE = {
  'no-peer': 'routingNoAnswer',
  'window-full': 'routingCongested',
  'rate-limited': 'routingCongested',
  abated: 'routingCongested',
  withdrawn: 'routingNoAnswer',
  stopped: 'routingNoAnswer',
  timeout: 'routingNoAnswer',
  'link-lost': 'routingNoAnswer',
  malformed: 'routingFailed',
} as const satisfies Record<Exclude<SendResult, { kind: 'answer' }>['reason'], Cause>

/** Applications that step 8 needs. */
export const QUERY_APPLICATIONS: readonly number[] = [Application.SH, Application.S6C]

/** Who is meant (TS 29.338 §5.3.2.3): the number where there is one, else the IMSI, else the SIP URI. */
function subjectOf({ number, imsi, correlation }: Target): Partial<OutgoingRequest<'SRR'>> {
  if (number !== undefined) return { MSISDN: number.replace(/^\+/, '') }
  if (correlation === undefined) return imsi === undefined ? {} : { 'User-Name': imsi }
  return { 'User-Name': correlation.hssId, 'SMSMI-Correlation-ID': smsmiCorrelationId(correlation) }
}

function refusesFeature({ result }: Answer): boolean {
  return result.vendorId === VENDOR_3GPP && result.code === ExperimentalResult.FEATURE_UNSUPPORTED
}

const DIAGNOSTICS = [
  ['MME-Absent-User-Diagnostic-SM', 'MME', 'mme'],
  ['MSC-Absent-User-Diagnostic-SM', 'MSC', 'msc'],
  ['SGSN-Absent-User-Diagnostic-SM', 'SGSN', 'sgsn'],
  ['SMSF-3GPP-Absent-User-Diagnostic-SM', 'SMSF', 'smsf'],
  ['SMSF-Non-3GPP-Absent-User-Diagnostic-SM', 'SMSF non-3GPP', 'smsf'],
] as const

/** The result with the diagnostics of an absent user (TS 23.040 §3.3.2), and what the HSS has not noted itself. */
function negative(answer: Answer): Refusal {
  const cause = causeOfRouting(answer.result)
  const read = () =>
    DIAGNOSTICS.flatMap(([avp, name, kind]) => {
      const diagnostic = value(answer.message, avp)
      return diagnostic === undefined ? [] : [{ name, kind, diagnostic }]
    })
  const found = reading('routingFailed', read)
  const diagnostics = Array.isArray(found) ? found : []
  const detail =
    resultText(answer) +
    diagnostics.map(({ name, diagnostic }) => `, ${name} diagnostic ${diagnostic}`).join('')
  const untold =
    cause === 'absentSubscriber' ? reading('routingFailed', () => untoldOf(answer, diagnostics)) : undefined
  return { ...refusal(cause, detail), ...(untold !== undefined && 'home' in untold && { untold }) }
}

/** The HSS notes who asked for an absent user; where it says that it has not, it is told (TS 29.338 §5.2.1). */
function untoldOf(
  { message, peer }: Answer,
  diagnostics: readonly { readonly kind: NodeOutcome['kind']; readonly diagnostic: number }[],
): Refusal['untold'] {
  const status = value(message, 'MWD-Status') ?? 0
  if ((status & MwdStatus['SC-Address-Not-Included']) === 0) return undefined
  const imsi = value(message, 'User-Name')
  return {
    home: { protocol: 's6c', host: value(message, 'Origin-Host') ?? peer, waiting: false },
    ...(imsi !== undefined && IMSI.test(imsi) && { imsi }),
    nodes: diagnostics.map(({ kind, diagnostic }) => ({ kind, outcome: 'absent', diagnostic })),
  }
}
