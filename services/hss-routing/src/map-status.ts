import type { SmOutcome } from '@ipsmgw/events'
import {
  type Argument,
  internationalNumber,
  type MapClient,
  type MapOutcome,
  SmDeliveryOutcome,
} from '@ipsmgw/map'
import { SccpAddress, Ssn } from '@ipsmgw/sccp'
import type { ReportedNode } from './delivery-status.ts'
import type { StatusQuery, StatusResult } from './status-reporter.ts'

export interface MapStatusOptions {
  /** Own service centre number, digits, as in the routing query. */
  readonly serviceCentre: string
  readonly budgetMs: number
}

type Report = Argument<'reportSmDeliveryStatus'>

/** Tells the HLR how a delivery ended: reportSM-DeliveryStatus (TS 29.002 §12.3), addressed as the routing query was. */
export function createMapStatus(
  map: Pick<MapClient, 'reportSmDeliveryStatus'>,
  { serviceCentre, budgetMs }: MapStatusOptions,
): StatusQuery {
  return async (outcome, nodes) => {
    const { msisdn } = outcome.home
    if (msisdn === undefined) return { kind: 'refused', detail: 'MAP: a subscriber without a number' }
    const argument = argumentOf(outcome, msisdn, serviceCentre, nodes)
    const destination = { remote: SccpAddress.e164(msisdn, Ssn.hlr), timeoutMs: budgetMs }
    return resultOf(await map.reportSmDeliveryStatus(destination, argument))
  }
}

function argumentOf(
  { home }: SmOutcome,
  msisdn: string,
  serviceCentre: string,
  nodes: readonly ReportedNode[],
): Report {
  return {
    msisdn: internationalNumber(msisdn),
    serviceCentreAddress: internationalNumber(serviceCentre),
    ...outcomesOf(nodes),
    ...(home.singleAttempt && { singleAttemptDelivery: true }),
  }
}

/**
 * The outcomes by node (TS 29.002 §12.3.3): the first field is that of the MSC or MME, and of another node only with
 * the indicator that says so; then each other node has fields of its own.
 */
export function outcomesOf(nodes: readonly ReportedNode[]): Partial<Report> {
  const circuit = nodes.find(({ kind }) => kind === 'msc' || kind === 'mme')
  const packet = nodes.find(({ kind }) => kind === 'sgsn')
  const smsf = nodes.find(({ kind }) => kind === 'smsf')
  const [first] = [circuit, packet, smsf].filter((node) => node !== undefined)
  if (first === undefined) return {}
  return {
    smDeliveryOutcome: CODE_OF[first.outcome],
    ...diagnosticOf(first, 'absentSubscriberDiagnosticSM'),
    ...(first === packet && { deliveryOutcomeIndicator: true }),
    ...(first === smsf && { smsf3gppDeliveryOutcomeIndicator: true }),
    ...(packet !== undefined && { gprsSupportIndicator: true }),
    ...(packet !== undefined &&
      first !== packet && {
        additionalSmDeliveryOutcome: CODE_OF[packet.outcome],
        ...diagnosticOf(packet, 'additionalAbsentSubscriberDiagnosticSM'),
      }),
    ...(smsf !== undefined &&
      first !== smsf && {
        smsf3gppDeliveryOutcome: CODE_OF[smsf.outcome],
        ...diagnosticOf(smsf, 'smsf3gppAbsentSubscriberDiagnosticSM'),
      }),
  }
}

const CODE_OF = {
  delivered: SmDeliveryOutcome.successfulTransfer,
  absent: SmDeliveryOutcome.absentSubscriber,
  'memory-full': SmDeliveryOutcome.memoryCapacityExceeded,
} as const satisfies Record<ReportedNode['outcome'], number>

function diagnosticOf<Name extends keyof Report>(
  { outcome, diagnostic }: ReportedNode,
  name: Name,
): Partial<Report> {
  return outcome === 'absent' && diagnostic !== undefined ? { [name]: diagnostic } : {}
}

function resultOf(outcome: MapOutcome<'reportSmDeliveryStatus'>): StatusResult {
  switch (outcome.kind) {
    case 'result':
      return { kind: 'done' }
    case 'error': {
      const { error } = outcome.error
      const detail = `MAP ${error}`
      if (error === 'messageWaitingListFull') return { kind: 'list-full', detail }
      return { kind: error === 'systemFailure' ? 'again' : 'refused', detail }
    }
    case 'rejected':
      return { kind: 'refused', detail: 'MAP: rejected' }
    case 'notExecuted':
    case 'unknown':
      return { kind: 'again', detail: `MAP: ${outcome.reason}` }
  }
}
