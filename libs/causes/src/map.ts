import type { MapError, MapErrorName, MapOutcome, NotExecuted } from '@ipsmgw/map'
import { readDeliverReport, readFailureCause } from '@ipsmgw/sms'
import { DELIVERY_FAILURE_CAUSES } from './diameter.ts'
import { type Cause, causeRow, type ForwardOutcome } from './table.ts'

/** What a MAP outcome means: the cause, what it proves about the phone, and a diagnostic for humans. */
export interface MapVerdict {
  readonly cause: Cause
  readonly outcome: ForwardOutcome
  readonly detail?: string
}

/** Errors of an HLR: nothing was forwarded, so that every cause is certain (TS 29.002 §17.6.6). */
const ROUTING_ERRORS = {
  unknownSubscriber: 'unknownSubscriber',
  unidentifiedSubscriber: 'unknownSubscriber',
  absentSubscriberSM: 'absentSubscriber',
  absentSubscriber: 'absentSubscriber',
  illegalSubscriber: 'illegalSubscriber',
  illegalEquipment: 'illegalEquipment',
  teleserviceNotProvisioned: 'teleserviceNotProvisioned',
  callBarred: 'callBarred',
  facilityNotSupported: 'facilityNotSupported',
  subscriberBusyForMtSms: 'routingFailed',
  smDeliveryFailure: 'routingFailed',
  messageWaitingListFull: 'routingFailed',
  systemFailure: 'routingFailed',
  dataMissing: 'protocolDefect',
  unexpectedDataValue: 'protocolDefect',
} as const satisfies Record<MapErrorName, Cause>

/** Errors of a serving node. Those it has no business with prove nothing. */
const FORWARD_ERRORS = {
  unknownSubscriber: 'systemFailure',
  unidentifiedSubscriber: 'unidentifiedSubscriber',
  absentSubscriberSM: 'absentSubscriber',
  absentSubscriber: 'absentSubscriber',
  illegalSubscriber: 'illegalSubscriber',
  illegalEquipment: 'illegalEquipment',
  teleserviceNotProvisioned: 'systemFailure',
  callBarred: 'systemFailure',
  facilityNotSupported: 'facilityNotSupported',
  subscriberBusyForMtSms: 'subscriberBusyForMtSms',
  smDeliveryFailure: 'equipmentProtocolError',
  messageWaitingListFull: 'systemFailure',
  systemFailure: 'systemFailure',
  dataMissing: 'protocolDefect',
  unexpectedDataValue: 'protocolDefect',
} as const satisfies Record<MapErrorName, Cause>

type SendReason = Extract<NotExecuted, { reason: 'notSent' }>['sendReason']

/** Whether a message did not leave for lack of room, ours or the network's. */
const LACKS_ROOM = {
  notActive: false,
  destinationUnavailable: false,
  userPartUnavailable: false,
  destinationCongested: true,
  queueFull: true,
  tooLong: false,
  noTranslation: false,
  subsystemProhibited: false,
  noSegmentation: false,
  forbidden: false,
  tooManyDialogues: true,
  closed: false,
} as const satisfies Record<SendReason, boolean>
const RESOURCE_LIMITATION = 4
const SUBSYSTEM_CONGESTION = 2
const NETWORK_CONGESTION = 6

/** mt-ForwardSM and forwardSM: what became of one part. */
export function causeOfMapForward(outcome: MapOutcome<'mtForwardSM'>): MapVerdict {
  switch (outcome.kind) {
    case 'result':
      return verdict('delivered')
    case 'error':
      return ofForwardError(outcome.error)
    case 'rejected':
      return verdict('protocolDefect', `rejected, ${outcome.problem.type} problem ${outcome.problem.code}`)
    case 'notExecuted':
      return verdict(isBusy(outcome) ? 'servingNodeBusy' : 'noRouteToServingNode', describe(outcome))
    case 'unknown':
      return verdict('outcomeUnknown', outcome.reason)
  }
}

/** sendRoutingInfoForSM: why there is no routing; undefined when there is one. */
export function causeOfMapRouting(outcome: MapOutcome<'sendRoutingInfoForSM'>): MapVerdict | undefined {
  switch (outcome.kind) {
    case 'result':
      return outcome.result === undefined ? routing('routingFailed', 'empty result') : undefined
    case 'error': {
      const { error } = outcome
      if (error.error === 'unknown') return routing('routingFailed', `MAP error ${error.code}`)
      return routing(ROUTING_ERRORS[error.error], diagnosticOf(error))
    }
    case 'rejected':
      return routing('protocolDefect', `rejected, ${outcome.problem.type} problem ${outcome.problem.code}`)
    case 'notExecuted':
      return routing(isBusy(outcome) ? 'routingCongested' : 'routingNoAnswer', describe(outcome))
    case 'unknown':
      return routing('routingNoAnswer', outcome.reason)
  }
}

function verdict(cause: Cause, detail?: string, outcome = causeRow(cause).outcome): MapVerdict {
  return { cause, outcome, ...(detail !== undefined && { detail }) }
}

/** Whatever a routing query ends with, nothing was forwarded. */
function routing(cause: Cause, detail?: string): MapVerdict {
  return verdict(cause, detail, 'proof')
}

function ofForwardError(error: MapError): MapVerdict {
  if (error.error === 'unknown') return verdict('systemFailure', `MAP error ${error.code}`)
  if (error.error !== 'smDeliveryFailure') return verdict(FORWARD_ERRORS[error.error], diagnosticOf(error))
  const { cause = 1, diagnosticInfo } = error.parameter ?? {}
  const failure = DELIVERY_FAILURE_CAUSES[cause] ?? 'equipmentProtocolError'
  return ofPhoneReport(failure, diagnosticInfo) ?? verdict(failure)
}

/**
 * A TP-FCS is the word of the phone itself (TS 23.040 §9.2.3.22): it refused the message, or has it already. Without
 * one, an equipment protocol error may hide a time-out on the radio.
 */
function ofPhoneReport(failure: Cause, diagnosticInfo: Uint8Array | undefined): MapVerdict | undefined {
  const code = diagnosticInfo && readDeliverReport(diagnosticInfo).report.failureCause
  if (code === undefined) return undefined
  const { name, outcome } = readFailureCause(code)
  if (outcome === 'delivered') return verdict('delivered', name)
  const cause = outcome === 'memoryFull' ? 'memoryCapacityExceeded' : failure
  return verdict(cause, name, 'proof')
}

function diagnosticOf(error: Exclude<MapError, { error: 'unknown' }>): string | undefined {
  switch (error.error) {
    case 'absentSubscriberSM': {
      const diagnostic = error.parameter?.absentSubscriberDiagnosticSM
      return diagnostic === undefined ? undefined : `diagnostic ${diagnostic}`
    }
    case 'systemFailure': {
      const resource = error.parameter?.networkResource
      return resource === undefined ? undefined : `network resource ${resource}`
    }
    default:
      return undefined
  }
}

function isBusy(why: NotExecuted): boolean {
  if (why.reason === 'notSent') return LACKS_ROOM[why.sendReason]
  if (why.reason === 'abortedAtOnce') return why.pAbortCause === RESOURCE_LIMITATION
  return (
    why.reason === 'returned' &&
    (why.returnCause === SUBSYSTEM_CONGESTION || why.returnCause === NETWORK_CONGESTION)
  )
}

function describe(why: NotExecuted): string {
  switch (why.reason) {
    case 'notSent':
      return `not sent: ${why.sendReason}`
    case 'returned':
      return `returned, cause ${why.returnCause}`
    case 'abortedAtOnce':
      return `aborted at once, cause ${why.pAbortCause}`
    case 'refused':
      return 'dialogue refused'
    case 'neverOpened':
      return 'dialogue not accepted, the message never left'
  }
}
