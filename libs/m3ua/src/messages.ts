import type { ParameterName, Parameters } from './parameters.ts'

/** Message classes (RFC 4666 §3.1.2). */
export const MessageClass = { mgmt: 0, transfer: 1, ssnm: 2, aspsm: 3, asptm: 4, rkm: 9 } as const

interface MessageDefinition {
  readonly messageClass: number
  readonly messageType: number
  readonly mandatory: readonly ParameterName[]
}

const define = (
  messageClass: number,
  messageType: number,
  ...mandatory: ParameterName[]
): MessageDefinition => ({ messageClass, messageType, mandatory })

/** Every message of RFC 4666 §3.3 to §3.8 with the parameters it must have. */
export const MESSAGES = {
  ERR: define(0, 0, 'errorCode'),
  NTFY: define(0, 1, 'status'),
  DATA: define(1, 1, 'protocolData'),
  DUNA: define(2, 1, 'affectedPointCodes'),
  DAVA: define(2, 2, 'affectedPointCodes'),
  DAUD: define(2, 3, 'affectedPointCodes'),
  SCON: define(2, 4, 'affectedPointCodes'),
  DUPU: define(2, 5, 'affectedPointCodes', 'userCause'),
  DRST: define(2, 6, 'affectedPointCodes'),
  ASPUP: define(3, 1),
  ASPDN: define(3, 2),
  BEAT: define(3, 3),
  ASPUP_ACK: define(3, 4),
  ASPDN_ACK: define(3, 5),
  BEAT_ACK: define(3, 6),
  ASPAC: define(4, 1),
  ASPIA: define(4, 2),
  ASPAC_ACK: define(4, 3),
  ASPIA_ACK: define(4, 4),
  REG_REQ: define(9, 1, 'routingKeys'),
  REG_RSP: define(9, 2, 'registrationResults'),
  DEREG_REQ: define(9, 3, 'routingContexts'),
  DEREG_RSP: define(9, 4, 'deregistrationResults'),
} as const satisfies Record<string, MessageDefinition>
export type MessageName = keyof typeof MESSAGES

/**
 * An M3UA message. `name` is undefined for a class or type that RFC 4666 does not know; its parameters are read
 * all the same. Parameters are encoded in the order of their keys; those received keep their order.
 */
export interface M3uaMessage {
  readonly name: MessageName | undefined
  readonly messageClass: number
  readonly messageType: number
  readonly parameters: Parameters
}

/** A message to send. */
export interface OutgoingMessage {
  readonly name: MessageName
  readonly parameters: Parameters
}

/** Traffic modes (RFC 4666 §3.7.1). */
export const TrafficMode = { override: 1, loadshare: 2, broadcast: 3 } as const
export type TrafficMode = (typeof TrafficMode)[keyof typeof TrafficMode]

/** Error codes (RFC 4666 §3.8.1). */
export const ErrorCode = {
  invalidVersion: 0x01,
  unsupportedMessageClass: 0x03,
  unsupportedMessageType: 0x04,
  unsupportedTrafficMode: 0x05,
  unexpectedMessage: 0x06,
  protocolError: 0x07,
  invalidStreamIdentifier: 0x09,
  refusedManagementBlocking: 0x0d,
  aspIdentifierRequired: 0x0e,
  invalidAspIdentifier: 0x0f,
  invalidParameterValue: 0x11,
  parameterFieldError: 0x12,
  unexpectedParameter: 0x13,
  destinationStatusUnknown: 0x14,
  invalidNetworkAppearance: 0x15,
  missingParameter: 0x16,
  invalidRoutingContext: 0x19,
  noConfiguredAs: 0x1a,
} as const
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode]

/** Status of NTFY (RFC 4666 §3.8.2): type and information together. */
export const NotifyStatus = {
  asInactive: { type: 1, information: 2 },
  asActive: { type: 1, information: 3 },
  asPending: { type: 1, information: 4 },
  insufficientResources: { type: 2, information: 1 },
  alternateAspActive: { type: 2, information: 2 },
  aspFailure: { type: 2, information: 3 },
} as const
export type NotifyStatus = keyof typeof NotifyStatus

/** Registration status (RFC 4666 §3.6.2). */
export const RegistrationStatus = {
  registered: 0,
  unknownError: 1,
  invalidDpc: 2,
  invalidNetworkAppearance: 3,
  invalidRoutingKey: 4,
  permissionDenied: 5,
  cannotSupportUniqueRouting: 6,
  routingKeyNotProvisioned: 7,
  insufficientResources: 8,
  unsupportedRoutingKeyField: 9,
  unsupportedTrafficMode: 10,
  changeRefused: 11,
  alreadyRegistered: 12,
} as const

/** Deregistration status (RFC 4666 §3.6.4). */
export const DeregistrationStatus = {
  deregistered: 0,
  unknownError: 1,
  invalidRoutingContext: 2,
  permissionDenied: 3,
  notRegistered: 4,
  aspActive: 5,
} as const

/** Service indicator of the SCCP (Q.704). */
export const SERVICE_INDICATOR_SCCP = 3
/** SCTP payload protocol identifier (RFC 4666 §7.1). */
export const M3UA_PPID = 3
/** Octets of an offending message that an ERR returns (RFC 4666 §3.8.1). */
export const DIAGNOSTIC_OCTETS = 40
/** Registered port (RFC 4666 §1.4.6). */
export const M3UA_PORT = 2905

/** Name of a class and type; undefined when unknown. */
export function messageName(messageClass: number, messageType: number): MessageName | undefined {
  return NAME_OF.get((messageClass << 8) | messageType)
}

/** Whether some message of that class is known. */
export function isKnownClass(messageClass: number): boolean {
  return KNOWN_CLASSES.has(messageClass)
}

const NAME_OF: ReadonlyMap<number, MessageName> = new Map(
  (Object.keys(MESSAGES) as MessageName[]).map((name) => [
    (MESSAGES[name].messageClass << 8) | MESSAGES[name].messageType,
    name,
  ]),
)
const KNOWN_CLASSES: ReadonlySet<number> = new Set(Object.values(MessageClass))
