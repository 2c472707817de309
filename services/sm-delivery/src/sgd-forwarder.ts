import { DecodeError } from '@ipsmgw/bytes'
import { causeOfForward } from '@ipsmgw/causes'
import {
  Application,
  type AvpName,
  type AvpValue,
  type DiameterMessage,
  type DiameterNode,
  isSuccess,
  type OutgoingRequest,
  ResultCode,
  type SendResult,
  smsmiCorrelationId,
  TfrFlags,
  value,
} from '@ipsmgw/diameter'
import type { Forwarder, ForwardResult, ForwardSession, PartForward } from './forwarder.ts'
import { readPhoneRefusal } from './phone-refusal.ts'

export interface SgdForwarderOptions {
  /** Own service centre number, digits. */
  readonly serviceCentre: string
  /** SM-Delivery-Timer: how long the node may take. */
  readonly smDeliveryTimerSeconds: number
  /** Agents, by Diameter identity, whose 3002 and 3004 prove that a request went no further. */
  readonly certainAgents?: readonly string[]
}

type Answer = Extract<SendResult, { kind: 'answer' }>

const NAMELESS: ForwardResult = {
  kind: 'not-sent',
  cause: 'noRouteToServingNode',
  detail: 'a node without a Diameter name',
}

/** How much longer than the node's own timer its answer is waited for. */
const ANSWER_MARGIN_MS = 5_000
const LONGEST_RETRY_AFTER_SECONDS = 86_400

/** Applications that this forwarder needs. */
export const FORWARD_APPLICATIONS: readonly number[] = [Application.SGD]

/**
 * Forwards parts over SGd (TS 29.338 §6.2.2): one TFR, never repeated, never moved to another peer. What no answer
 * proves is `unknown`.
 */
export function createSgdForwarder(
  node: Pick<DiameterNode, 'send'>,
  options: SgdForwarderOptions,
  now: () => number = Date.now,
): Forwarder {
  const certainAgents = new Set(options.certainAgents?.map((identity) => identity.toLowerCase()))
  const session: ForwardSession = {
    forward(part) {
      const { host, realm } = part.node
      if (host === undefined || realm === undefined) return Promise.resolve(NAMELESS)
      const timeoutMs = options.smDeliveryTimerSeconds * 1000 + ANSWER_MARGIN_MS
      // No `await`: its frame would keep the part's octets for as long as the phone takes.
      return node
        .send('TFR', requestOf(part, host, realm, options), { timeoutMs })
        .then((outcome) => resultOf(outcome, certainAgents, now()))
    },
    close() {},
  }
  // A TFR stands alone: nothing is kept from part to part.
  return { session: () => session }
}

function requestOf(
  { node, imsi, correlation, tpdu, moreMessagesToSend, startedAtMs }: PartForward,
  host: string,
  realm: string,
  { serviceCentre, smDeliveryTimerSeconds }: SgdForwarderOptions,
): OutgoingRequest<'TFR'> {
  const { kind, number } = node
  return {
    'Destination-Host': host,
    'Destination-Realm': realm,
    'User-Name': imsi,
    ...(correlation !== undefined && { 'SMSMI-Correlation-ID': smsmiCorrelationId(correlation) }),
    'SC-Address': serviceCentre,
    'SM-RP-UI': tpdu,
    ...(kind === 'mme' && number !== undefined && { 'MME-Number-for-MT-SMS': number }),
    ...(kind === 'sgsn' && number !== undefined && { 'SGSN-Number': number }),
    ...(moreMessagesToSend && { 'TFR-Flags': TfrFlags['More-Messages-To-Send'] }),
    'SM-Delivery-Timer': smDeliveryTimerSeconds,
    'SM-Delivery-Start-Time': new Date(startedAtMs),
  }
}

/** Reasons that pass: the same node may take the part later. */
const CONGESTED: ReadonlySet<string> = new Set(['window-full', 'rate-limited', 'abated'])

function resultOf(outcome: SendResult, certainAgents: ReadonlySet<string>, nowMs: number): ForwardResult {
  switch (outcome.kind) {
    case 'answer':
      if (isSuccess(outcome.result)) return { kind: 'delivered' }
      return givenBack(outcome, certainAgents) ?? refusalOf(outcome, nowMs)
    case 'not-sent':
      return {
        kind: 'not-sent',
        cause: CONGESTED.has(outcome.reason) ? 'servingNodeBusy' : 'noRouteToServingNode',
        detail: `SGd: ${outcome.reason}`,
      }
    case 'no-answer':
      return { kind: 'unknown', detail: `SGd: ${outcome.reason} at ${outcome.peer}` }
  }
}

/** 3002 or 3004 of an agent that says so only of requests it has not forwarded. */
function givenBack({ result, peer }: Answer, certainAgents: ReadonlySet<string>): ForwardResult | undefined {
  if (result.vendorId !== 0 || !certainAgents.has(peer.toLowerCase())) return undefined
  if (result.code === ResultCode.UNABLE_TO_DELIVER)
    return { kind: 'not-sent', cause: 'noRouteToServingNode', detail: `SGd: 3002 of ${peer}` }
  if (result.code === ResultCode.TOO_BUSY)
    return { kind: 'not-sent', cause: 'servingNodeBusy', detail: `SGd: 3004 of ${peer}` }
  return undefined
}

function refusalOf(answer: Answer, nowMs: number): ForwardResult {
  const { result, message } = answer
  const failure = readable(message, 'SM-Delivery-Failure-Cause')
  const deliveryFailureCause = failure?.['SM-Enumerated-Delivery-Failure-Cause']
  const cause = causeOfForward({
    ...result,
    ...(deliveryFailureCause !== undefined && { deliveryFailureCause }),
  })
  const code = `SGd ${result.vendorId === 0 ? '' : `${result.vendorId}:`}${result.code}`
  if (cause === 'outcomeUnknown') return { kind: 'unknown', detail: code }
  const phone = readPhoneRefusal(failure?.['SM-Diagnostic-Info'])
  if (phone?.kind === 'delivered') return { kind: 'delivered', detail: `${code}, ${phone.detail}` }
  const diagnostic = readable(message, 'Absent-User-Diagnostic-SM')
  const retryAt = readable(message, 'Requested-Retransmission-Time')
  return {
    kind: 'refused',
    cause: phone?.cause ?? cause,
    ...(phone !== undefined && { proof: true }),
    detail: [code, phone?.detail, diagnostic !== undefined && `diagnostic ${diagnostic}`]
      .filter(Boolean)
      .join(', '),
    ...(diagnostic !== undefined && { diagnostic }),
    ...retryAfter(retryAt, nowMs),
  }
}

function retryAfter(retryAt: Date | undefined, nowMs: number): { retryAfterSeconds?: number } {
  const seconds = retryAt === undefined ? 0 : Math.ceil((retryAt.getTime() - nowMs) / 1000)
  return seconds > 0 ? { retryAfterSeconds: Math.min(seconds, LONGEST_RETRY_AFTER_SECONDS) } : {}
}

/** A detail that cannot be read does not change what the result says. */
function readable<N extends AvpName>(message: DiameterMessage, name: N): AvpValue<N> | undefined {
  try {
    return value(message, name)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
