import { BerReader, BerWriter } from '@ipsmgw/bytes'
import type { Code } from '@ipsmgw/tcap'
import { type ContextName, type MapVersion, OperationCode, PROTOCOL } from './messages.ts'
import {
  alertArg,
  emptyRes,
  forwardRes,
  informServiceCentreArg,
  moForwardArg,
  mtForwardArg,
  readyForSmArg,
  reportArg,
  reportRes,
  routingInfoArg,
  routingInfoRes,
  SEQUENCE,
} from './parameters.ts'
import type { Type, ValueOf } from './types.ts'

interface OperationRow {
  readonly code: number
  readonly context: ContextName
  readonly versions: readonly MapVersion[]
  /** 1 success and failure are reported, 4 nothing is (Q.771 §3.1.3.2). */
  readonly class: 1 | 4
  // biome-ignore lint/suspicious/noExplicitAny: each operation has its own argument
  readonly argument: Type<any>
  // biome-ignore lint/suspicious/noExplicitAny: each operation has its own result
  readonly result: Type<any>
}

/** The short message operations (TS 29.002 §17.6.6). A result may always be missing. */
export const OPERATIONS = {
  sendRoutingInfoForSM: {
    code: OperationCode.sendRoutingInfoForSM,
    context: 'shortMsgGateway',
    versions: [1, 2, 3],
    class: 1,
    argument: routingInfoArg,
    result: routingInfoRes,
  },
  mtForwardSM: {
    code: OperationCode.mtForwardSM,
    context: 'shortMsgMtRelay',
    versions: [3],
    class: 1,
    argument: mtForwardArg,
    result: forwardRes,
  },
  /** The same towards older nodes. */
  forwardSM: {
    code: OperationCode.forwardSM,
    context: 'shortMsgMtRelay',
    versions: [1, 2],
    class: 1,
    argument: mtForwardArg,
    result: forwardRes,
  },
  moForwardSM: {
    code: OperationCode.forwardSM,
    context: 'shortMsgMoRelay',
    versions: [3],
    class: 1,
    argument: moForwardArg,
    result: forwardRes,
  },
  reportSmDeliveryStatus: {
    code: OperationCode.reportSmDeliveryStatus,
    context: 'shortMsgGateway',
    versions: [1, 2, 3],
    class: 1,
    argument: reportArg,
    result: reportRes,
  },
  informServiceCentre: {
    code: OperationCode.informServiceCentre,
    context: 'shortMsgGateway',
    versions: [2, 3],
    class: 4,
    argument: informServiceCentreArg,
    result: emptyRes,
  },
  alertServiceCentre: {
    code: OperationCode.alertServiceCentre,
    context: 'shortMsgAlert',
    versions: [2],
    class: 1,
    argument: alertArg,
    result: emptyRes,
  },
  alertServiceCentreWithoutResult: {
    code: OperationCode.alertServiceCentreWithoutResult,
    context: 'shortMsgAlert',
    versions: [1],
    class: 4,
    argument: alertArg,
    result: emptyRes,
  },
  readyForSM: {
    code: OperationCode.readyForSM,
    context: 'mwdMngt',
    versions: [2, 3],
    class: 1,
    argument: readyForSmArg,
    result: emptyRes,
  },
} as const satisfies Record<string, OperationRow>
export type OperationName = keyof typeof OPERATIONS
export type Argument<N extends OperationName> = ValueOf<(typeof OPERATIONS)[N]['argument']>
export type Result<N extends OperationName> = ValueOf<(typeof OPERATIONS)[N]['result']>

/** The operation that a code means in a version; code 46 is three of them. Undefined when it is none of ours. */
export function operationOf(
  code: Code,
  version: MapVersion,
  context?: ContextName,
): OperationName | undefined {
  if (code === OperationCode.forwardSM) {
    if (version === 3) return 'moForwardSM'
    return context === 'shortMsgMoRelay' && version === 2 ? 'moForwardSM' : 'forwardSM'
  }
  return BY_CODE.get(code)
}

const BY_CODE: ReadonlyMap<Code, OperationName> = new Map(
  Object.entries(OPERATIONS).map(([name, { code }]) => [code, name as OperationName]),
)

/** Throws `DecodeError`; a missing argument is one. */
export function decodeArgument<N extends OperationName>(
  name: N,
  parameter: Uint8Array | undefined,
): Argument<N> {
  return decodeWhole(OPERATIONS[name].argument, parameter ?? NOTHING, `${name}Arg`) as Argument<N>
}

/** Undefined when the result has no parameter. Throws `DecodeError`. */
export function decodeResult<N extends OperationName>(
  name: N,
  parameter: Uint8Array | undefined,
): Result<N> | undefined {
  if (parameter === undefined) return undefined
  return decodeWhole(OPERATIONS[name].result, parameter, `${name}Res`) as Result<N>
}

const NOTHING = new Uint8Array(0)

function decodeWhole(type: Type<unknown>, parameter: Uint8Array, field: string): unknown {
  const reader = new BerReader(parameter, PROTOCOL)
  const value = type.decode(reader, field)
  reader.done(field)
  return value
}

/** The argument as that version writes it: what the version does not know is left out. Throws `EncodeError`. */
export function encodeArgument<N extends OperationName>(
  name: N,
  argument: Argument<N>,
  version: MapVersion,
): Buffer {
  const writer = new BerWriter(PROTOCOL)
  ;(OPERATIONS[name].argument as Type<unknown>).encode(writer, SEQUENCE, argument, version)
  return writer.finish()
}

/** Undefined when that version has nothing to write. Throws `EncodeError`. */
export function encodeResult<N extends OperationName>(
  name: N,
  result: Result<N>,
  version: MapVersion,
): Buffer | undefined {
  const writer = new BerWriter(PROTOCOL, 64)
  ;(OPERATIONS[name].result as Type<unknown>).encode(writer, SEQUENCE, result, version)
  const parameter = writer.finish()
  return parameter.length === 0 ? undefined : parameter
}
