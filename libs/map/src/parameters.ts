import { alternative, choice, mandatory, optional, sequence, wrapped } from './sequence.ts'
import {
  address,
  bitNames,
  boolean,
  flag,
  imsi,
  integer,
  isdnAddress,
  lmsi,
  octets,
  opaque,
  signalInfo,
} from './types.ts'

export const SEQUENCE = 0x30
const OCTETS = 0x04
const INTEGER = 0x02
const ENUMERATED = 0x0a
const NULL = 0x05
const BITS = 0x03

/** RoutingInfoForSM-Arg (TS 29.002 §17.7.6). */
export const routingInfoArg = sequence({
  msisdn: mandatory(0x80, isdnAddress),
  smRpPri: mandatory(0x81, boolean),
  serviceCentreAddress: mandatory(0x82, address),
  teleservice: optional(0x85, octets(1, 1), 1),
  extensionContainer: optional(0xa6, opaque),
  gprsSupportIndicator: optional(0x87, flag),
  smRpMti: optional(0x88, integer),
  smRpSmea: optional(0x89, octets(1, 12)),
  smDeliveryNotIntended: optional(0x8a, integer),
  ipSmGwGuidanceIndicator: optional(0x8b, flag),
  imsi: optional(0x8c, imsi),
  t4TriggerIndicator: optional(0x8e, flag),
  singleAttemptDelivery: optional(0x8d, flag),
  correlationId: optional(0xaf, opaque),
  smsfSupportIndicator: optional(0x90, flag),
})

const nodeNumber = wrapped(
  choice({ msc: alternative(0x80, isdnAddress), sgsn: alternative(0x81, isdnAddress) }),
)

/** LocationInfoWithLMSI (TS 29.002 §17.7.6); version 1 may name a roaming number instead. */
const locationInfo = sequence({
  roamingNumber: optional(0x80, isdnAddress, 1),
  networkNodeNumber: optional(0x81, isdnAddress, 1),
  lmsi: optional(OCTETS, lmsi, 1),
  extensionContainer: optional(SEQUENCE, opaque),
  gprsNodeIndicator: optional(0x85, flag),
  additionalNumber: optional(0xa6, nodeNumber),
  networkNodeDiameterAddress: optional(0xa7, opaque),
  additionalNetworkNodeDiameterAddress: optional(0xa8, opaque),
  thirdNumber: optional(0xa9, nodeNumber),
  thirdNetworkNodeDiameterAddress: optional(0xaa, opaque),
  imsNodeIndicator: optional(0x8b, flag),
  smsf3gppNumber: optional(0x8c, isdnAddress),
  smsf3gppDiameterAddress: optional(0xad, opaque),
  smsfNon3gppNumber: optional(0x8e, isdnAddress),
  smsfNon3gppDiameterAddress: optional(0xaf, opaque),
  smsf3gppAddressIndicator: optional(0x90, flag),
  smsfNon3gppAddressIndicator: optional(0x91, flag),
})

/** RoutingInfoForSM-Res (TS 29.002 §17.7.6). */
export const routingInfoRes = sequence({
  imsi: mandatory(OCTETS, imsi),
  locationInfo: mandatory(0xa0, locationInfo),
  mwdSet: optional(0x82, boolean, 1),
  extensionContainer: optional(0xa4, opaque),
  /** Seconds, 30 to 600. */
  ipSmGwGuidance: optional(
    0xa5,
    sequence({
      minimumDeliveryTimeSeconds: mandatory(INTEGER, integer),
      recommendedDeliveryTimeSeconds: mandatory(INTEGER, integer),
      extensionContainer: optional(SEQUENCE, opaque),
    }),
  ),
})

/** MW-Status, bit 0 first. */
export const mwStatus = bitNames(
  ['scAddressNotIncluded', 'mnrfSet', 'mcefSet', 'mnrgSet', 'mnr5gSet', 'mnr5gn3gSet'],
  6,
)

/** InformServiceCentreArg (TS 29.002 §17.7.6). */
export const informServiceCentreArg = sequence({
  storedMsisdn: optional(OCTETS, isdnAddress, 1),
  mwStatus: optional(BITS, mwStatus, 1),
  extensionContainer: optional(SEQUENCE, opaque),
  absentSubscriberDiagnosticSM: optional(INTEGER, integer),
  additionalAbsentSubscriberDiagnosticSM: optional(0x80, integer),
  smsf3gppAbsentSubscriberDiagnosticSM: optional(0x81, integer),
  smsfNon3gppAbsentSubscriberDiagnosticSM: optional(0x82, integer),
})

const smRpDa = choice({
  imsi: alternative(0x80, imsi),
  lmsi: alternative(0x81, lmsi),
  roamingNumber: alternative(0x83, isdnAddress),
  serviceCentreAddressDa: alternative(0x84, address),
  noSmRpDa: alternative(0x85, flag),
})

const smRpOa = choice({
  msisdn: alternative(0x82, isdnAddress),
  serviceCentreAddressOa: alternative(0x84, address),
  noSmRpOa: alternative(0x85, flag),
})

/** MT-ForwardSM-Arg of version 3, ForwardSM-Arg of versions 1 and 2 (TS 29.002 §17.7.6). */
export const mtForwardArg = sequence({
  smRpDa,
  smRpOa,
  /** SMS-DELIVER. */
  smRpUi: mandatory(OCTETS, signalInfo),
  moreMessagesToSend: optional(NULL, flag, 2),
  extensionContainer: optional(SEQUENCE, opaque),
  /** 30 to 600. */
  smDeliveryTimerSeconds: optional(INTEGER, integer),
  /** Seconds since 1900. */
  smDeliveryStartTime: optional(OCTETS, octets(4, 4)),
  smsOverIpOnlyIndicator: optional(0x80, flag),
  correlationId: optional(0xa1, opaque),
  maximumRetransmissionTime: optional(0x82, octets(4, 4)),
  smsGmscAddress: optional(0x83, isdnAddress),
  smsGmscDiameterAddress: optional(0xa4, opaque),
})

/** MO-ForwardSM-Arg, version 3 (TS 29.002 §17.7.6). */
export const moForwardArg = sequence({
  smRpDa,
  smRpOa,
  smRpUi: mandatory(OCTETS, signalInfo),
  extensionContainer: optional(SEQUENCE, opaque),
  imsi: optional(OCTETS, imsi),
  correlationId: optional(0xa0, opaque),
  smDeliveryOutcome: optional(0x81, integer),
})

/** MT-ForwardSM-Res and MO-ForwardSM-Res: the SMS-DELIVER-REPORT of a success. */
export const forwardRes = sequence({
  smRpUi: optional(OCTETS, signalInfo),
  extensionContainer: optional(SEQUENCE, opaque),
})

/** ReportSM-DeliveryStatusArg (TS 29.002 §17.7.6). Outcomes are `SmDeliveryOutcome`. */
export const reportArg = sequence({
  msisdn: mandatory(OCTETS, isdnAddress),
  serviceCentreAddress: mandatory(OCTETS, address),
  smDeliveryOutcome: optional(ENUMERATED, integer, 2),
  absentSubscriberDiagnosticSM: optional(0x80, integer),
  extensionContainer: optional(0xa1, opaque),
  gprsSupportIndicator: optional(0x82, flag),
  deliveryOutcomeIndicator: optional(0x83, flag),
  additionalSmDeliveryOutcome: optional(0x84, integer),
  additionalAbsentSubscriberDiagnosticSM: optional(0x85, integer),
  ipSmGwIndicator: optional(0x86, flag),
  ipSmGwSmDeliveryOutcome: optional(0x87, integer),
  ipSmGwAbsentSubscriberDiagnosticSM: optional(0x88, integer),
  imsi: optional(0x89, imsi),
  singleAttemptDelivery: optional(0x8a, flag),
  correlationId: optional(0xab, opaque),
  smsf3gppDeliveryOutcomeIndicator: optional(0x8c, flag),
  smsf3gppDeliveryOutcome: optional(0x8d, integer),
  smsf3gppAbsentSubscriberDiagnosticSM: optional(0x8e, integer),
  smsfNon3gppDeliveryOutcomeIndicator: optional(0x8f, flag),
  smsfNon3gppDeliveryOutcome: optional(0x90, integer),
  smsfNon3gppAbsentSubscriberDiagnosticSM: optional(0x91, integer),
})

/** ReportSM-DeliveryStatusRes; version 2 has the number without a SEQUENCE around it. */
export const reportRes = sequence(
  {
    storedMsisdn: optional(OCTETS, isdnAddress, 1),
    extensionContainer: optional(SEQUENCE, opaque),
  },
  { bare: 'storedMsisdn', upTo: 2 },
)

/** AlertServiceCentreArg (TS 29.002 §17.7.6). */
export const alertArg = sequence({
  msisdn: mandatory(OCTETS, isdnAddress),
  serviceCentreAddress: mandatory(OCTETS, address),
  imsi: optional(OCTETS, imsi),
  correlationId: optional(SEQUENCE, opaque),
  /** Seconds since 1900. */
  maximumUeAvailabilityTime: optional(0x80, octets(4, 4)),
  smsGmscAlertEvent: optional(0x81, integer),
  smsGmscDiameterAddress: optional(0xa2, opaque),
  newSgsnNumber: optional(0x83, isdnAddress),
  newSgsnDiameterAddress: optional(0xa4, opaque),
  newMmeNumber: optional(0x85, isdnAddress),
  newMmeDiameterAddress: optional(0xa6, opaque),
  newMscNumber: optional(0x87, isdnAddress),
})

/** ReadyForSM-Arg (TS 29.002 §17.7.6). `alertReason` 0 present, 1 memory available. */
export const readyForSmArg = sequence({
  imsi: mandatory(0x80, imsi),
  alertReason: mandatory(ENUMERATED, integer),
  alertReasonIndicator: optional(NULL, flag, 2),
  extensionContainer: optional(SEQUENCE, opaque),
  additionalAlertReasonIndicator: optional(0x81, flag),
  maximumUeAvailabilityTime: optional(OCTETS, octets(4, 4)),
})

/** A result of which only extensions are defined. */
export const emptyRes = sequence({ extensionContainer: optional(SEQUENCE, opaque) })
