import { DecodeError } from '@ipsmgw/bytes'
import { decodeM3ua, SERVICE_INDICATOR_SCCP } from '@ipsmgw/m3ua'
import {
  contextOf,
  decodeArgument,
  decodeDialoguePdu,
  decodeMapError,
  decodeResult,
  type MapVersion,
  type OperationName,
  operationOf,
} from '@ipsmgw/map'
import { decodeSccp, ReturnCause, type SccpAddress, Ssn } from '@ipsmgw/sccp'
import { decodeDeliver, formatServiceCentreTime, readDeliverReport } from '@ipsmgw/sms'
import {
  type Code,
  type DialogueApdu,
  decodeTcap,
  PAbortCause,
  type ReceivedComponent,
  type ReceivedMessage,
} from '@ipsmgw/tcap'

/** An M3UA message and everything that DATA carries, layer by layer. Throws `DecodeError`. */
export function describeM3ua(octets: Uint8Array): object {
  const { name, messageClass, messageType, parameters } = decodeM3ua(octets)
  const { protocolData, ...rest } = parameters
  const message = { message: name ?? 'unknown', messageClass, messageType, ...rest }
  if (protocolData === undefined) return message
  const { data, ...label } = protocolData
  if (label.si !== SERVICE_INDICATOR_SCCP) return { ...message, protocolData }
  return { ...message, protocolData: label, sccp: inside('data', octets, data, describeSccp) }
}

/** An SCCP message, and the transaction it carries. A segment is shown as octets. Throws `DecodeError`. */
export function describeSccp(octets: Uint8Array): object {
  const message = decodeSccp(octets)
  const { called, calling, data, ...rest } = message
  const isSegment = message.segmentation !== undefined && !isWhole(message.segmentation)
  return {
    ...rest,
    ...('returnCause' in message && { returnCause: named(ReturnCause, message.returnCause) }),
    called: describeAddress(called),
    calling: describeAddress(calling),
    ...(isSegment || isManagement(called)
      ? { data }
      : { transaction: inside('data', octets, data, describeMap) }),
  }
}

/** A TCAP message with the parameters of its components as octets. Throws `DecodeError`. */
export function describeTcap(octets: Uint8Array): object {
  const message = decodeTcap(octets)
  if (message.type === 'abort') return withCause(message)
  for (const component of message.components) mustBeRead(component)
  return message
}

/** A TCAP message with what its components say in MAP, SMS-DELIVER and report included. Throws `DecodeError`. */
export function describeMap(octets: Uint8Array): object {
  const message = decodeTcap(octets)
  const { dialogue } = message
  const described = dialogue === undefined ? {} : { dialogue: describeDialogue(dialogue) }
  if (message.type === 'abort') return { ...withCause(message), ...described }
  const context = contextIn(dialogue)
  return {
    ...message,
    ...described,
    components: message.components.map((it) => describeComponent(octets, it, context)),
  }
}

type Context = ReturnType<typeof contextOf>

function describeComponent(octets: Uint8Array, component: ReceivedComponent, context: Context): object {
  mustBeRead(component)
  switch (component.kind) {
    case 'invoke': {
      const name = operationIn(context, component.operation)
      if (name === undefined) return component
      const { parameter, operation, ...rest } = component
      const argument = inside('argument', octets, parameter, (it) => decodeArgument(name, it))
      return { ...rest, operation: `${name} (${operation})`, argument: withSms(argument) }
    }
    case 'returnResultLast':
    case 'returnResultNotLast': {
      const name = operationIn(context, component.operation)
      if (name === undefined) return component
      const { parameter, operation, ...rest } = component
      const result = inside('result', octets, parameter, (it) => decodeResult(name, it))
      return { ...rest, operation: `${name} (${operation})`, result: withSms(result) }
    }
    case 'returnError': {
      const { kind, invokeId, error: code, parameter } = component
      const told = inside('error', octets, parameter, (it) => decodeMapError(code, it))
      return { kind, invokeId, error: `${told.error} (${code})`, parameter: withSms(told.parameter) }
    }
    default:
      return component
  }
}

/** Operation 46 outside version 3 forwards to a phone; inside a dialogue nothing tells the version. */
function operationIn(context: Context, code: Code | undefined): OperationName | undefined {
  if (code === undefined) return undefined
  const version: MapVersion = context?.version ?? 2
  return operationOf(code, version, context?.name)
}

function contextIn(dialogue: DialogueApdu | undefined): Context {
  return dialogue !== undefined && 'applicationContext' in dialogue
    ? contextOf(dialogue.applicationContext)
    : undefined
}

function describeDialogue(dialogue: DialogueApdu): object {
  const context = contextIn(dialogue)
  const { userInformation } = dialogue
  return {
    ...dialogue,
    ...(context !== undefined && { mapContext: `${context.name} v${context.version}` }),
    ...(userInformation !== undefined && {
      userInformation: decodeDialoguePdu(userInformation) ?? userInformation,
    }),
  }
}

/** TPDUs of an argument, result or error, read where they can be. */
function withSms(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const { smRpUi, diagnosticInfo } = value as { smRpUi?: Uint8Array; diagnosticInfo?: Uint8Array }
  const isDeliver = 'smRpDa' in value
  return {
    ...value,
    ...(smRpUi !== undefined && (isDeliver ? deliverOf(smRpUi) : reportOf(smRpUi))),
    ...(diagnosticInfo !== undefined && reportOf(diagnosticInfo)),
  }
}

function deliverOf(tpdu: Uint8Array): object {
  try {
    const deliver = decodeDeliver(tpdu)
    const serviceCentreTime = formatServiceCentreTime(deliver.serviceCentreTime)
    return { smsDeliver: { ...deliver, serviceCentreTime } }
  } catch (error) {
    // MAP carries a TPDU without looking into it: an odd one is no fault of the message around it.
    if (error instanceof DecodeError) return { smsDeliver: error.message }
    throw error
  }
}

function reportOf(tpdu: Uint8Array): object {
  const { report, fault } = readDeliverReport(tpdu)
  return { smsDeliverReport: fault === undefined ? report : { ...report, fault: fault.message } }
}

function describeAddress({ routeOn, ssn, pointCode, globalTitle }: SccpAddress): object {
  return { routeOn, pointCode, ...(ssn !== undefined && { ssn: named(Ssn, ssn) }), globalTitle }
}

const isManagement = ({ ssn }: SccpAddress) => ssn === Ssn.management
const isWhole = ({ first, remaining }: { first: boolean; remaining: number }) => first && remaining === 0

function withCause(message: ReceivedMessage & { type: 'abort' }): object {
  const { pAbortCause } = message
  return pAbortCause === undefined ? message : { ...message, pAbortCause: named(PAbortCause, pAbortCause) }
}

function mustBeRead(component: ReceivedComponent): void {
  if (component.kind === 'malformed') throw component.fault
}

/** A value of a table of constants with its name. */
function named(table: Readonly<Record<string, number>>, value: number): string {
  const [name = 'unknown'] = Object.entries(table).find(([, it]) => it === value) ?? []
  return `${name} (${value})`
}

/** Decodes a part of `whole`, a view of it; a fault in there is told as seen from the first octet of the whole. */
function inside<T, P extends Uint8Array | undefined>(
  field: string,
  whole: Uint8Array,
  part: P,
  decode: (part: P) => T,
): T {
  try {
    return decode(part)
  } catch (error) {
    if (!(error instanceof DecodeError) || part === undefined) throw error
    throw error.within(field, part.byteOffset - whole.byteOffset)
  }
}
