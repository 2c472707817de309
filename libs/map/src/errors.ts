import { BerReader, BerWriter } from '@ipsmgw/bytes'
import type { Code } from '@ipsmgw/tcap'
import { type MapVersion, PROTOCOL } from './messages.ts'
import { emptyRes, SEQUENCE } from './parameters.ts'
import { mandatory, optional, sequence } from './sequence.ts'
import {
  boolean,
  flag,
  imsi,
  integer,
  isdnAddress,
  octets,
  opaque,
  signalInfo,
  type Type,
  type ValueOf,
} from './types.ts'

const ENUMERATED = 0x0a
const INTEGER = 0x02
const OCTETS = 0x04
const NULL = 0x05
const BOOLEAN = 0x01

interface ErrorRow {
  readonly code: number
  // biome-ignore lint/suspicious/noExplicitAny: each error has its own parameter
  readonly parameter: Type<any>
}

/**
 * The errors of the short message operations (TS 29.002 §17.6.6, §17.7.7). A parameter may always be missing; what a
 * parameter of an older version is, is read in every version.
 */
export const MAP_ERRORS = {
  unknownSubscriber: {
    code: 1,
    parameter: sequence({
      extensionContainer: optional(SEQUENCE, opaque),
      /** 0 IMSI unknown, 1 packet subscription unknown, 2 NPDB mismatch. */
      unknownSubscriberDiagnostic: optional(ENUMERATED, integer),
    }),
  },
  unidentifiedSubscriber: { code: 5, parameter: emptyRes },
  absentSubscriberSM: {
    code: 6,
    parameter: sequence({
      absentSubscriberDiagnosticSM: optional(INTEGER, integer),
      extensionContainer: optional(SEQUENCE, opaque),
      additionalAbsentSubscriberDiagnosticSM: optional(0x80, integer),
      imsi: optional(0x81, imsi),
      /** Seconds since 1900. */
      requestedRetransmissionTime: optional(0x82, octets(4, 4)),
      userIdentifierAlert: optional(0x83, isdnAddress),
    }),
  },
  illegalSubscriber: { code: 9, parameter: emptyRes },
  teleserviceNotProvisioned: { code: 11, parameter: emptyRes },
  illegalEquipment: { code: 12, parameter: emptyRes },
  callBarred: {
    code: 13,
    parameter: sequence(
      {
        /** 0 barring service active, 1 operator barring. */
        callBarringCause: optional(ENUMERATED, integer, 1),
        extensionContainer: optional(SEQUENCE, opaque),
        unauthorisedMessageOriginator: optional(0x81, flag),
        anonymousCallRejection: optional(0x82, flag),
      },
      { bare: 'callBarringCause', upTo: 2 },
    ),
  },
  facilityNotSupported: { code: 21, parameter: emptyRes },
  /** Versions 1 and 2. */
  absentSubscriber: {
    code: 27,
    parameter: sequence({ mwdSet: optional(BOOLEAN, boolean, 1) }, { bare: 'mwdSet', upTo: 1 }),
  },
  subscriberBusyForMtSms: {
    code: 31,
    parameter: sequence({
      extensionContainer: optional(SEQUENCE, opaque),
      gprsConnectionSuspended: optional(NULL, flag),
    }),
  },
  smDeliveryFailure: {
    code: 32,
    parameter: sequence(
      {
        /** See `DeliveryFailureCause`. */
        cause: mandatory(ENUMERATED, integer),
        /** SMS-DELIVER-REPORT in its error form. */
        diagnosticInfo: optional(OCTETS, signalInfo, 2),
        extensionContainer: optional(SEQUENCE, opaque),
      },
      { bare: 'cause', upTo: 1 },
    ),
  },
  messageWaitingListFull: { code: 33, parameter: emptyRes },
  systemFailure: {
    code: 34,
    parameter: sequence(
      {
        /** See `NetworkResource`. */
        networkResource: optional(ENUMERATED, integer, 1),
        extensionContainer: optional(SEQUENCE, opaque),
        additionalNetworkResource: optional(0x80, integer),
        failureCause: optional(0x81, integer),
      },
      { bare: 'networkResource', upTo: 2 },
    ),
  },
  dataMissing: { code: 35, parameter: emptyRes },
  unexpectedDataValue: {
    code: 36,
    parameter: sequence({
      extensionContainer: optional(SEQUENCE, opaque),
      unexpectedSubscriber: optional(0x80, flag),
    }),
  },
} as const satisfies Record<string, ErrorRow>
export type MapErrorName = keyof typeof MAP_ERRORS

/** An error with its parameter; one this library does not know keeps code and octets. */
export type MapError =
  | {
      readonly [N in MapErrorName]: {
        readonly error: N
        readonly parameter?: ValueOf<(typeof MAP_ERRORS)[N]['parameter']>
      }
    }[MapErrorName]
  | { readonly error: 'unknown'; readonly code: Code; readonly parameter?: Uint8Array }

const NAMES: ReadonlyMap<Code, MapErrorName> = new Map(
  Object.entries(MAP_ERRORS).map(([name, { code }]) => [code, name as MapErrorName]),
)

/** Throws `DecodeError` when the parameter is not one of that error. */
export function decodeMapError(code: Code, octetsOfParameter: Uint8Array | undefined): MapError {
  const name = NAMES.get(code)
  if (name === undefined)
    return {
      error: 'unknown',
      code,
      ...(octetsOfParameter !== undefined && { parameter: octetsOfParameter }),
    }
  if (octetsOfParameter === undefined) return { error: name }
  const reader = new BerReader(octetsOfParameter, PROTOCOL)
  const parameter = MAP_ERRORS[name].parameter.decode(reader, name)
  reader.done(name)
  return { error: name, parameter } as MapError
}

/** Code and parameter as a version writes them; one without a place in that version is left out. */
export function encodeMapError(
  mapError: MapError,
  version: MapVersion,
): { code: Code; parameter?: Uint8Array } {
  if (mapError.error === 'unknown') {
    const { code, parameter } = mapError
    return { code, ...(parameter !== undefined && { parameter }) }
  }
  const { code, parameter: type } = MAP_ERRORS[mapError.error]
  if (mapError.parameter === undefined) return { code }
  const writer = new BerWriter(PROTOCOL, 32)
  ;(type as Type<unknown>).encode(writer, SEQUENCE, mapError.parameter, version)
  const parameter = writer.finish()
  return parameter.length === 0 ? { code } : { code, parameter }
}
