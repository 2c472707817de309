export const PROTOCOL = 'MAP'

/** Local operation codes (TS 29.002 §17.5). */
export const OperationCode = {
  sendRoutingInfoForSM: 45,
  mtForwardSM: 44,
  /** forwardSM of versions 1 and 2, mo-ForwardSM of version 3. */
  forwardSM: 46,
  reportSmDeliveryStatus: 47,
  alertServiceCentreWithoutResult: 49,
  informServiceCentre: 63,
  alertServiceCentre: 64,
  readyForSM: 66,
} as const

/** MAP versions that the short message contexts know. */
export type MapVersion = 1 | 2 | 3

/** Numbers of the application contexts, 0.4.0.0.1.0.number.version (TS 29.002 §17.3.3), and their newest version. */
export const CONTEXTS = {
  shortMsgGateway: { number: 20, newest: 3 },
  shortMsgMoRelay: { number: 21, newest: 3 },
  shortMsgAlert: { number: 23, newest: 2 },
  mwdMngt: { number: 24, newest: 3 },
  shortMsgMtRelay: { number: 25, newest: 3 },
} as const satisfies Record<string, { number: number; newest: MapVersion }>
export type ContextName = keyof typeof CONTEXTS

export interface ApplicationContext {
  readonly name: ContextName
  readonly version: MapVersion
}

const CONTEXT_PREFIX = '0.4.0.0.1.0.'

/** The object identifier of a context, dotted. Version 1 has one, too, though it is never on the wire. */
export function contextOid({ name, version }: ApplicationContext): string {
  return `${CONTEXT_PREFIX}${CONTEXTS[name].number}.${version}`
}

/** The context of an object identifier; undefined when it is none of ours. */
export function contextOf(oid: string): ApplicationContext | undefined {
  if (!oid.startsWith(CONTEXT_PREFIX)) return undefined
  const [number, version, more] = oid.slice(CONTEXT_PREFIX.length).split('.').map(Number)
  if (more !== undefined || (version !== 1 && version !== 2 && version !== 3)) return undefined
  for (const [name, context] of Object.entries(CONTEXTS))
    if (context.number === number) return { name: name as ContextName, version }
  return undefined
}

/** ISDN-AddressString and AddressString (TS 29.002 §17.7.8). */
export interface MapAddress {
  /** Nature of address: 1 international. */
  readonly nature: number
  /** Numbering plan: 1 E.164, 6 E.212. */
  readonly plan: number
  readonly digits: string
}

export const AddressNature = {
  unknown: 0,
  international: 1,
  nationalSignificant: 2,
  networkSpecific: 3,
  subscriber: 4,
  abbreviated: 6,
} as const
export const AddressPlan = {
  unknown: 0,
  e164: 1,
  x121: 3,
  telex: 4,
  e212: 6,
  national: 8,
  private: 9,
} as const

/** An international E.164 number. */
export function internationalNumber(digits: string): MapAddress {
  return { nature: AddressNature.international, plan: AddressPlan.e164, digits }
}

/** An IMSI where an address stands. */
export function imsiAddress(digits: string): MapAddress {
  return { nature: AddressNature.international, plan: AddressPlan.e212, digits }
}

/** SM-DeliveryOutcome (TS 29.002 §17.7.6). */
export const SmDeliveryOutcome = {
  memoryCapacityExceeded: 0,
  absentSubscriber: 1,
  successfulTransfer: 2,
} as const

/** SM-EnumeratedDeliveryFailureCause (TS 29.002 §17.7.7). */
export const DeliveryFailureCause = {
  memoryCapacityExceeded: 0,
  equipmentProtocolError: 1,
  equipmentNotSmEquipped: 2,
  unknownServiceCentre: 3,
  scCongestion: 4,
  invalidSmeAddress: 5,
  subscriberNotScSubscriber: 6,
} as const

/** AbsentSubscriberDiagnosticSM (TS 23.040 §3.3.2). Values of the future stay numbers. */
export const AbsentSubscriberDiagnostic = {
  noPagingResponseMsc: 0,
  imsiDetached: 1,
  roamingRestriction: 2,
  deregisteredNonGprs: 3,
  purgedNonGprs: 4,
  noPagingResponseSgsn: 5,
  gprsDetached: 6,
  deregisteredGprs: 7,
  purgedGprs: 8,
  unidentifiedMsc: 9,
  unidentifiedSgsn: 10,
  deregisteredIms: 11,
  noResponseIpSmGw: 12,
  temporarilyUnavailable: 13,
} as const

/** NetworkResource (TS 29.002 §17.7.7). */
export const NetworkResource = {
  plmn: 0,
  hlr: 1,
  vlr: 2,
  pvlr: 3,
  controllingMsc: 4,
  vmsc: 5,
  eir: 6,
  rss: 7,
} as const
