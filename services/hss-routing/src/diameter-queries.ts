import { DecodeError } from '@ipsmgw/bytes'
import { type Cause, causeOfRouting, causeOfServiceData } from '@ipsmgw/causes'
import {
  Application,
  DataReference,
  type DiameterNode,
  ExperimentalResult,
  isSuccess,
  MwdStatus,
  type OutgoingRequest,
  type SendResult,
  SmRpMti,
  SrrFlags,
  VENDOR_3GPP,
  value,
} from '@ipsmgw/diameter'
import type { Queries, Refusal, RoutingAnswer } from './router.ts'
import { servingNodesOf } from './serving-nodes.ts'
import { numbersOf } from './sh-data.ts'

export interface DiameterQueriesOptions {
  /** Realm of the home HSS: the recipient is our own subscriber. */
  readonly hssRealm: string
  /** Own service centre number, digits: it keys the waiting list of the HSS and comes back in alerts. */
  readonly serviceCentre: string
  /** Own numbers as IP-SM-GW besides it, digits: an answer that names one is a loop. */
  readonly ownNumbers?: readonly string[]
  /** Own Diameter identity. */
  readonly originHost: string
  /** For one query to one peer. */
  readonly attemptMs: number
  /** An SMSF can be delivered to. */
  readonly smsf: boolean
  /** The HSS keeps no waiting data: there is no store that an alert could release. */
  readonly singleAttempt: boolean
}

type Answer = Extract<SendResult, { kind: 'answer' }>

/** Bit 0 of Feature-List 1 on S6c: without it no SMSF is named. */
const SMSF_SUPPORT = 0x01

/** Step 8 over Diameter: Sh for the number of an identity, S6c for the serving nodes. */
export function createDiameterQueries(
  node: Pick<DiameterNode, 'send'>,
  options: DiameterQueriesOptions,
): Queries {
  return new DiameterQueries(node, options)
}

class DiameterQueries implements Queries {
  readonly #node: Pick<DiameterNode, 'send'>
  readonly #options: DiameterQueriesOptions

  constructor(node: Pick<DiameterNode, 'send'>, options: DiameterQueriesOptions) {
    this.#node = node
    this.#options = options
  }

  /** UDR for the MSISDN (TS 29.328 §6.1.1). */
  async resolve(
    publicIdentity: string,
    budgetMs: number,
  ): Promise<{ kind: 'number'; number: string } | Refusal> {
    const { hssRealm, attemptMs } = this.#options
    const outcome = await this.#node.send(
      'UDR',
      {
        'Destination-Realm': hssRealm,
        'User-Identity': { 'Public-Identity': publicIdentity },
        'Data-Reference': [DataReference.MSISDN],
      },
      { timeoutMs: budgetMs, attemptMs, failover: true },
    )
    if (outcome.kind !== 'answer') return refusal('serviceDataUnavailable', `Sh: ${outcome.reason}`)
    if (!isSuccess(outcome.result)) return refusal(causeOfServiceData(outcome.result), resultText(outcome))
    return reading('serviceDataUnavailable', () => {
      const [number] = numbersOf(value(outcome.message, 'User-Data') ?? Buffer.from('<Sh-Data/>'))
      return number === undefined ? refusal('noSubscriberNumber') : { kind: 'number', number }
    })
  }

  /** SRR for the serving nodes (TS 29.338 §5.2.1). */
  async route(number: string, budgetMs: number): Promise<RoutingAnswer | Refusal> {
    const startedAtMs = performance.now()
    const outcome = await this.#askRouting(number, budgetMs, this.#options.smsf)
    if (outcome.kind !== 'answer' || !this.#options.smsf || !refusesFeature(outcome))
      return this.#read(outcome)
    // An HSS without the feature: once more without it.
    const leftMs = budgetMs - (performance.now() - startedAtMs)
    return this.#read(leftMs > 0 ? await this.#askRouting(number, leftMs, false) : outcome)
  }

  #askRouting(number: string, timeoutMs: number, smsf: boolean): Promise<SendResult> {
    const { hssRealm, serviceCentre, attemptMs, singleAttempt } = this.#options
    const request: OutgoingRequest<'SRR'> = {
      'Destination-Realm': hssRealm,
      MSISDN: number.replace(/^\+/, ''),
      'SC-Address': serviceCentre,
      'SM-RP-MTI': SmRpMti.SM_DELIVER,
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
    if (!isSuccess(outcome.result)) return refusal(causeOfRouting(outcome.result), diagnosticText(outcome))
    return reading('routingFailed', () => this.#readNodes(outcome))
  }

  #readNodes({ message, peer }: Answer): RoutingAnswer | Refusal {
    const { serviceCentre, ownNumbers = [], originHost } = this.#options
    const imsi = value(message, 'User-Name')
    if (imsi === undefined || !IMSI.test(imsi))
      return refusal('routingFailed', 'S6c: success without an IMSI')
    const own = { host: originHost.toLowerCase(), numbers: [serviceCentre, ...ownNumbers] }
    const { nodes, loop, overIms } = servingNodesOf(message, own)
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
  abated: 'routingCongested',
  withdrawn: 'routingNoAnswer',
  stopped: 'routingNoAnswer',
  timeout: 'routingNoAnswer',
  'link-lost': 'routingNoAnswer',
  malformed: 'routingFailed',
} as const satisfies Record<Exclude<SendResult, { kind: 'answer' }>['reason'], Cause>

/** Applications that these queries need. */
export const QUERY_APPLICATIONS: readonly number[] = [Application.SH, Application.S6C]

function refusal(cause: Cause, detail?: string): Refusal {
  return { kind: 'refused', cause, ...(detail !== undefined && { detail }) }
}

/** What an answer holds may be malformed: then the cause is ours to give, the place is named. */
function reading<T>(cause: Cause, read: () => T): T | Refusal {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return refusal(cause, error.message)
  }
}

function refusesFeature({ result }: Answer): boolean {
  return result.vendorId === VENDOR_3GPP && result.code === ExperimentalResult.FEATURE_UNSUPPORTED
}

function resultText({ result, message }: Answer): string {
  const reporter = value(message, 'Error-Reporting-Host')
  const code = result.vendorId === 0 ? `${result.code}` : `${result.vendorId}:${result.code}`
  return `Diameter ${code}${reporter === undefined ? '' : ` from ${reporter}`}`
}

const DIAGNOSTICS = [
  ['MME-Absent-User-Diagnostic-SM', 'MME'],
  ['MSC-Absent-User-Diagnostic-SM', 'MSC'],
  ['SGSN-Absent-User-Diagnostic-SM', 'SGSN'],
  ['SMSF-3GPP-Absent-User-Diagnostic-SM', 'SMSF'],
  ['SMSF-Non-3GPP-Absent-User-Diagnostic-SM', 'SMSF non-3GPP'],
] as const

/** The result with the diagnostics of an absent user (TS 23.040 §3.3.2). */
function diagnosticText(answer: Answer): string {
  const read = (): string =>
    DIAGNOSTICS.map(([avp, node]) => [value(answer.message, avp), node] as const)
      .filter(([diagnostic]) => diagnostic !== undefined)
      .map(([diagnostic, node]) => `, ${node} diagnostic ${diagnostic}`)
      .join('')
  const diagnostics = reading('routingFailed', read)
  return resultText(answer) + (typeof diagnostics === 'string' ? diagnostics : '')
}
