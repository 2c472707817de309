import { causeOfMapRouting } from '@ipsmgw/causes'
import type { ServingNode } from '@ipsmgw/events'
import {
  internationalNumber,
  type MapAddress,
  type MapClient,
  type MapOutcome,
  type Result,
} from '@ipsmgw/map'
import { SccpAddress, Ssn } from '@ipsmgw/sccp'
import type { Refusal, RouteQuery, RoutingAnswer } from './router.ts'

export interface MapRoutingOptions {
  /** Own service centre number, digits. */
  readonly serviceCentre: string
  /** Own numbers besides it, digits, the global title among them: an answer that names one is a loop. */
  readonly ownNumbers: readonly string[]
  /** For one question. */
  readonly attemptMs: number
  /** An SMSF can be delivered to. */
  readonly smsf: boolean
  /** The HLR keeps no waiting data: there is no store that an alert could release. */
  readonly singleAttempt: boolean
}

type Location = Result<'sendRoutingInfoForSM'>['locationInfo']
type Outcome = MapOutcome<'sendRoutingInfoForSM'>

/** HLRs serve ranges of numbers: what one of a range speaks is remembered for the range, never for a subscriber. */
const RANGE_DIGITS = 4
const IMSI = /^[0-9]{5,15}$/

/**
 * Step 8 over MAP: sendRoutingInfoForSM to the HLR (TS 29.002 §12.1), addressed by the recipient's own number, which
 * the STP translates. Where an SMS router answers, the IMSI is a correlation id in disguise: it goes back to the node
 * that the answer names, and nowhere else.
 */
export function createMapRouting(
  map: Pick<MapClient, 'sendRoutingInfoForSM'>,
  options: MapRoutingOptions,
): RouteQuery {
  return async ({ number, smea }, budgetMs) => {
    // The number is the address of the question: without it no STP finds the HLR.
    if (number === undefined)
      return { kind: 'refused', cause: 'noSubscriberNumber', detail: 'MAP asks by number' }
    const untilMs = performance.now() + budgetMs
    for (;;) {
      const leftMs = untilMs - performance.now()
      const outcome = await ask(
        map,
        options,
        { digits: number.replace(/^\+/, ''), smea },
        Math.min(leftMs, options.attemptMs),
      )
      const silent = outcome.kind === 'unknown' && outcome.reason === 'timeout'
      if (!silent || untilMs - performance.now() < SHORTEST_ATTEMPT_MS) return read(outcome, options)
    }
  }
}

/** Below it another question is not worth while. */
const SHORTEST_ATTEMPT_MS = 100

/** sm-RP-MTI of a Short Message, not of a status report. */
const SM_DELIVER = 0

function ask(
  map: Pick<MapClient, 'sendRoutingInfoForSM'>,
  { serviceCentre, smsf, singleAttempt }: MapRoutingOptions,
  { digits, smea }: { readonly digits: string; readonly smea: Buffer | undefined },
  timeoutMs: number,
): Promise<Outcome> {
  return map.sendRoutingInfoForSM(
    {
      remote: SccpAddress.e164(digits, Ssn.hlr),
      peer: `hlr ${digits.slice(0, -RANGE_DIGITS)}`,
      timeoutMs,
    },
    {
      msisdn: internationalNumber(digits),
      smRpPri: true,
      serviceCentreAddress: internationalNumber(serviceCentre),
      gprsSupportIndicator: true,
      // Both or neither: filtering asks what comes, and from whom.
      ...(smea !== undefined && { smRpMti: SM_DELIVER, smRpSmea: smea }),
      ...(singleAttempt && { singleAttemptDelivery: true }),
      ...(smsf && { smsfSupportIndicator: true }),
    },
  )
}

function read(outcome: Outcome, { serviceCentre, ownNumbers }: MapRoutingOptions): RoutingAnswer | Refusal {
  const verdict = causeOfMapRouting(outcome)
  if (verdict !== undefined) {
    const { cause, detail } = verdict
    return { kind: 'refused', cause, detail: `MAP ${[nameOf(outcome), detail].filter(Boolean).join(', ')}` }
  }
  const result = outcome.kind === 'result' ? outcome.result : undefined
  if (result === undefined || !IMSI.test(result.imsi))
    return { kind: 'refused', cause: 'routingFailed', detail: 'MAP: an answer without an IMSI' }
  const own = new Set([serviceCentre, ...ownNumbers])
  const named = nodesOf(result.locationInfo)
  const nodes = named.filter(({ number = '' }) => !own.has(number))
  if (nodes.length === 0 && isIms(result.locationInfo)) {
    const ours = own.has(result.locationInfo.networkNodeNumber?.digits ?? '')
    return { kind: 'refused', cause: ours || named.length > 0 ? 'routingLoop' : 'smsOverImsOnly' }
  }
  if (nodes.length === 0 && named.length > 0) return { kind: 'refused', cause: 'routingLoop' }
  const status = outcome.kind === 'result' ? outcome.inform?.mwStatus : undefined
  const waiting = status !== undefined && !status.includes('scAddressNotIncluded')
  return {
    kind: 'routed',
    imsi: result.imsi,
    nodes,
    peer: 'HLR over MAP',
    home: { protocol: 'map', waiting },
  }
}

/** The error as MAP calls it; other outcomes say all in their detail. */
function nameOf(outcome: Outcome): string | undefined {
  return outcome.kind === 'error' && outcome.error.error !== 'unknown' ? outcome.error.error : undefined
}

/** The nodes that an answer names, in its order (TS 29.002 §17.7.6): each is reached over MAP. */
function nodesOf(location: Location): ServingNode[] {
  const { networkNodeNumber, lmsi, additionalNumber, thirdNumber, smsf3gppNumber, smsfNon3gppNumber } =
    location
  const first = isIms(location) ? undefined : networkNodeNumber
  return [
    ...nodeOf(kindOf(location), first, lmsi),
    ...numbered(additionalNumber),
    ...numbered(thirdNumber),
    ...nodeOf('smsf', smsf3gppNumber),
    ...nodeOf('smsf', smsfNon3gppNumber),
  ]
}

/** The number is that of an IP-SM-GW: delivery is ours, there is nobody to hand it to. */
const isIms = ({ imsNodeIndicator }: Location) => imsNodeIndicator === true

function kindOf(location: Location): ServingNode['kind'] {
  if (location.gprsNodeIndicator) return 'sgsn'
  return location.smsf3gppAddressIndicator || location.smsfNon3gppAddressIndicator ? 'smsf' : 'msc'
}

function numbered(node: Location['additionalNumber']): ServingNode[] {
  if (node === undefined) return []
  return 'sgsn' in node ? nodeOf('sgsn', node.sgsn) : nodeOf('msc', node.msc)
}

function nodeOf(
  kind: ServingNode['kind'],
  address: MapAddress | undefined,
  lmsi?: Uint8Array,
): ServingNode[] {
  const number = address?.digits ?? ''
  if (!DIGITS.test(number)) return []
  // The LMSI is one of the VLR: an SGSN has no use for it.
  const local = lmsi === undefined || kind !== 'msc' ? {} : { lmsi: Buffer.from(lmsi).toString('hex') }
  return [{ kind, protocol: 'map', number, ...local }]
}

const DIGITS = /^[0-9]{1,20}$/
