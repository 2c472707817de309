import { causeOfMapForward } from '@ipsmgw/causes'
import type { ServingNode } from '@ipsmgw/events'
import {
  internationalNumber,
  type MapClient,
  type MapOutcome,
  type ForwardSession as MapSession,
} from '@ipsmgw/map'
import { SccpAddress, Ssn } from '@ipsmgw/sccp'
import type { Forwarder, ForwardResult, ForwardSession, PartForward } from './forwarder.ts'

export interface MapForwarderOptions {
  /** Own service centre number, digits. */
  readonly serviceCentre: string
  /** Timer ml: how long the node may take for one part. */
  readonly mapTimerSeconds: number
}

const NAMELESS: ForwardResult = {
  kind: 'not-sent',
  cause: 'noRouteToServingNode',
  detail: 'a node without a number',
}

/** Between the era of the times in MAP, 1900, and that of the clock. */
const SECONDS_1900_TO_1970 = 2_208_988_800
const LONGEST_RETRY_AFTER_SECONDS = 86_400
/** Serving nodes are few and written to again and again: their addresses are built once. */
const MOST_ADDRESSES = 10_000

/**
 * Forwards parts over MAP (TS 29.002 §12.9): mt-ForwardSM, or forwardSM where the node is older; the parts of one
 * message over one dialogue while the node keeps it. Nothing is repeated but what a node refused for its version.
 */
export function createMapForwarder(
  map: Pick<MapClient, 'forward'>,
  options: MapForwarderOptions,
  now: () => number = Date.now,
): Forwarder {
  const serviceCentreAddress = internationalNumber(options.serviceCentre)
  const timeoutMs = options.mapTimerSeconds * 1000
  const addresses = new Map<string, SccpAddress>()
  const addressOf = (number: string, ssn: number): SccpAddress => {
    const key = `${number}/${ssn}`
    let address = addresses.get(key)
    if (address === undefined) {
      address = SccpAddress.e164(number, ssn)
      if (addresses.size >= MOST_ADDRESSES) addresses.clear()
      addresses.set(key, address)
    }
    return address
  }
  const open = ({ node, imsi }: PartForward, number: string): MapSession =>
    map.forward({
      remote: addressOf(number, subsystemOf(node)),
      imsi,
      ...(node.lmsi !== undefined && { lmsi: Buffer.from(node.lmsi, 'hex') }),
      serviceCentreAddress,
      timeoutMs,
    })
  return { session: () => new MapForwardSession(open, now) }
}

class MapForwardSession implements ForwardSession {
  readonly #open: (part: PartForward, number: string) => MapSession
  readonly #now: () => number
  #session: MapSession | undefined

  constructor(open: (part: PartForward, number: string) => MapSession, now: () => number) {
    this.#open = open
    this.#now = now
  }

  forward(part: PartForward): Promise<ForwardResult> {
    const { number } = part.node
    if (number === undefined) return Promise.resolve(NAMELESS)
    this.#session ??= this.#open(part, number)
    return this.#session.forward(part).then((outcome) => resultOf(outcome, this.#now()))
  }

  close(): void {
    this.#session?.close()
  }
}

/** MSC, MME, SMSF and SMS router are all asked as an MSC. */
function subsystemOf({ kind }: ServingNode): number {
  return kind === 'sgsn' ? Ssn.sgsn : Ssn.msc
}

function resultOf(outcome: MapOutcome<'mtForwardSM'>, nowMs: number): ForwardResult {
  const { cause, outcome: proves, detail } = causeOfMapForward(outcome)
  const told = `MAP ${[nameOf(outcome), detail].filter(Boolean).join(', ')}`
  if (proves === 'delivered') return { kind: 'delivered', ...(detail !== undefined && { detail: told }) }
  if (cause === 'outcomeUnknown') return { kind: 'unknown', detail: told }
  if (outcome.kind === 'notExecuted') return { kind: 'not-sent', cause, detail: told }
  return {
    kind: 'refused',
    cause,
    ...(proves === 'proof' && { proof: true }),
    detail: told,
    ...diagnosticOf(outcome),
    ...retryAfter(outcome, nowMs),
  }
}

/** AbsentSubscriberDiagnosticSM (TS 29.002 §17.7.7). */
function diagnosticOf(outcome: MapOutcome<'mtForwardSM'>): { diagnostic?: number } {
  if (outcome.kind !== 'error' || outcome.error.error !== 'absentSubscriberSM') return {}
  const diagnostic = outcome.error.parameter?.absentSubscriberDiagnosticSM
  return diagnostic === undefined ? {} : { diagnostic }
}

/** The error as MAP calls it; other outcomes say all in their detail. */
function nameOf(outcome: MapOutcome<'mtForwardSM'>): string | undefined {
  return outcome.kind === 'error' && outcome.error.error !== 'unknown' ? outcome.error.error : undefined
}

/** RequestedRetransmissionTime: when the phone will listen again (TS 29.002 §17.7.7). */
function retryAfter(outcome: MapOutcome<'mtForwardSM'>, nowMs: number): { retryAfterSeconds?: number } {
  if (outcome.kind !== 'error' || outcome.error.error !== 'absentSubscriberSM') return {}
  const time = outcome.error.parameter?.requestedRetransmissionTime
  if (time === undefined) return {}
  const since1900 = Buffer.from(time).readUInt32BE()
  const seconds = Math.ceil(since1900 - SECONDS_1900_TO_1970 - nowMs / 1000)
  return seconds > 0 ? { retryAfterSeconds: Math.min(seconds, LONGEST_RETRY_AFTER_SECONDS) } : {}
}
