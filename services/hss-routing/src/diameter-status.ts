import {
  type DiameterNode,
  ExperimentalResult,
  isSuccess,
  type OutgoingRequest,
  RdrFlags,
  ResultCode,
  type SendResult,
  SmDeliveryCause,
  smsmiCorrelationId,
  VENDOR_3GPP,
} from '@ipsmgw/diameter'
import type { SmOutcome } from '@ipsmgw/events'
import type { ReportedNode } from './delivery-status.ts'
import type { StatusQuery, StatusResult } from './status-reporter.ts'

export interface DiameterStatusOptions {
  readonly hssRealm: string
  /** Own service centre number, digits, as in the routing query. */
  readonly serviceCentre: string
  readonly attemptMs: number
  /** For one report over all peers; nobody waits for it. */
  readonly budgetMs: number
}

/** Tells the HSS how a delivery ended: RDR (TS 29.338 §5.2.3). */
export function createDiameterStatus(
  node: Pick<DiameterNode, 'send'>,
  options: DiameterStatusOptions,
): StatusQuery {
  return async (outcome, nodes, attempt) => {
    const { attemptMs, budgetMs } = options
    const settings = { timeoutMs: budgetMs, attemptMs, failover: true } as const
    return resultOf(await node.send('RDR', requestOf(outcome, nodes, attempt, options), settings))
  }
}

function requestOf(
  { home, imsi }: SmOutcome,
  nodes: readonly ReportedNode[],
  attempt: number,
  { hssRealm, serviceCentre }: DiameterStatusOptions,
): OutgoingRequest<'RDR'> {
  return {
    // The HSS that gave the routing; when it does not answer, whichever the realm has.
    ...(home.host !== undefined && attempt === 1 && { 'Destination-Host': home.host }),
    'Destination-Realm': hssRealm,
    'User-Identifier': {
      ...(home.msisdn !== undefined && { MSISDN: home.msisdn }),
      ...(home.msisdn === undefined && imsi !== undefined && { 'User-Name': imsi }),
    },
    ...(home.correlation !== undefined && { 'SMSMI-Correlation-ID': smsmiCorrelationId(home.correlation) }),
    'SC-Address': serviceCentre,
    'SM-Delivery-Outcome': Object.fromEntries(nodes.map((node) => [AVP_OF[node.kind], groupOf(node)])),
    ...(home.singleAttempt && { 'RDR-Flags': RdrFlags['Single-Attempt-Delivery'] }),
  }
}

const AVP_OF = {
  msc: 'MSC-SM-Delivery-Outcome',
  mme: 'MME-SM-Delivery-Outcome',
  sgsn: 'SGSN-SM-Delivery-Outcome',
  smsf: 'SMSF-3GPP-SM-Delivery-Outcome',
} as const satisfies Record<ReportedNode['kind'], string>

const CAUSE_OF = {
  delivered: SmDeliveryCause.SUCCESSFUL_TRANSFER,
  absent: SmDeliveryCause.ABSENT_USER,
  'memory-full': SmDeliveryCause.UE_MEMORY_CAPACITY_EXCEEDED,
} as const satisfies Record<ReportedNode['outcome'], number>

function groupOf({ outcome, diagnostic }: ReportedNode) {
  return {
    'SM-Delivery-Cause': CAUSE_OF[outcome],
    ...(outcome === 'absent' && diagnostic !== undefined && { 'Absent-User-Diagnostic-SM': diagnostic }),
  }
}

function resultOf(outcome: SendResult): StatusResult {
  if (outcome.kind !== 'answer') return { kind: 'again', detail: `S6c: ${outcome.reason}` }
  const { vendorId, code } = outcome.result
  if (isSuccess(outcome.result)) return { kind: 'done' }
  if (vendorId === VENDOR_3GPP && code === ExperimentalResult.MWD_LIST_FULL)
    return { kind: 'list-full', detail: 'S6c 5558' }
  const detail = `S6c ${vendorId === 0 ? '' : `${vendorId}:`}${code}`
  const certain = code >= PERMANENT && code !== ResultCode.UNABLE_TO_COMPLY
  return { kind: certain ? 'refused' : 'again', detail }
}

/** Results from here on will not change (RFC 6733 §7.1.5), 5012 apart: it says nothing of the request. */
const PERMANENT = 5_000
