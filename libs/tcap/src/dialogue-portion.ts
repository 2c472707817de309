import { type BerReader, type BerWriter, encodeOid } from '@ipsmgw/bytes'
import type { DialogueApdu, External } from './messages.ts'

const EXTERNAL = 0x28
const OID = 0x06
const INTEGER = 0x02
const SINGLE_ASN1 = 0xa0
const PROTOCOL_VERSION = 0x80
const CONTEXT_NAME = 0xa1
const RESULT = 0xa2
const DIAGNOSTIC = 0xa3
const DIAGNOSTIC_USER = 0xa1
const DIAGNOSTIC_PROVIDER = 0xa2
const ABORT_SOURCE = 0x80
const USER_INFORMATION = 0xbe
const AARQ = 0x60
const AARE = 0x61
const ABRT = 0x64

/** Abstract syntaxes of the dialogue portion (Q.773 §4.2.3). */
const DIALOGUE_AS = '0.0.17.773.1.1.1'
const UNIDIALOGUE_AS = '0.0.17.773.1.2.1'
const DIALOGUE_OID = encodeOid(DIALOGUE_AS)
const UNIDIALOGUE_OID = encodeOid(UNIDIALOGUE_AS)
/** A BIT STRING with bit 0: version 1. */
const VERSION_1 = Uint8Array.of(0x07, 0x80)
const MOST_EXTERNALS = 8

/** The EXTERNAL of the dialogue portion (Q.773 §3.2, §4.2.3). The reader stands inside the portion. */
export function readDialogue(reader: BerReader): DialogueApdu {
  if (reader.peek() !== EXTERNAL) reader.fail('EXTERNAL', reader.peek() === 0 ? 'missing' : 'invalid')
  reader.enter('EXTERNAL')
  const syntax = reader.oid('abstractSyntax')
  if (syntax !== DIALOGUE_AS && syntax !== UNIDIALOGUE_AS)
    reader.fail('abstractSyntax', 'unsupported', syntax)
  if (reader.peek() !== SINGLE_ASN1) reader.fail('singleAsn1', 'invalid', `tag ${reader.peek()}`)
  reader.enter('singleAsn1')
  const apdu = readApdu(reader, syntax === UNIDIALOGUE_AS)
  reader.leave()
  reader.leave()
  return apdu
}

function readApdu(reader: BerReader, unidirectional: boolean): DialogueApdu {
  const tag = reader.peek()
  switch (tag) {
    case AARQ: {
      reader.enter(unidirectional ? 'AUDT' : 'AARQ')
      const applicationContext = readContext(reader)
      const userInformation = readUserInformation(reader)
      reader.leave()
      const apdu = unidirectional ? 'AUDT' : 'AARQ'
      return { apdu, applicationContext, ...(userInformation && { userInformation }) }
    }
    case AARE:
      return readAare(reader)
    case ABRT: {
      reader.enter('ABRT')
      if (reader.peek() !== ABORT_SOURCE) reader.fail('source', 'missing')
      const source = reader.integer('source') === 0 ? 'user' : 'provider'
      const userInformation = readUserInformation(reader)
      reader.leave()
      return { apdu: 'ABRT', source, ...(userInformation && { userInformation }) }
    }
    default:
      return reader.fail('apdu', tag === 0 ? 'missing' : 'invalid', `tag ${tag}`)
  }
}

function readAare(reader: BerReader): DialogueApdu {
  reader.enter('AARE')
  const applicationContext = readContext(reader)
  const result = readInside(reader, RESULT, 'result')
  if (reader.peek() !== DIAGNOSTIC) reader.fail('diagnostic', 'missing')
  reader.enter('diagnostic')
  const source = reader.peek() === DIAGNOSTIC_PROVIDER ? 'provider' : 'user'
  const code = readInside(reader, source === 'user' ? DIAGNOSTIC_USER : DIAGNOSTIC_PROVIDER, 'code')
  reader.leave()
  const userInformation = readUserInformation(reader)
  reader.leave()
  return {
    apdu: 'AARE',
    applicationContext,
    result,
    diagnostic: { source, code },
    ...(userInformation && { userInformation }),
  }
}

/** The protocol version, which may be missing, and the name of the application context. */
function readContext(reader: BerReader): string {
  if (reader.peek() === PROTOCOL_VERSION) {
    const version = reader.octets('protocolVersion', 2, 8)
    if (((version[1] as number) & 0x80) === 0) reader.fail('protocolVersion', 'unsupported', 'no version 1')
  }
  if (reader.peek() !== CONTEXT_NAME) reader.fail('applicationContext', 'missing')
  reader.enter('applicationContext')
  if (reader.peek() !== OID) reader.fail('name', 'missing')
  const name = reader.oid('name')
  reader.leave()
  return name
}

/** An INTEGER in an explicit tag. */
function readInside(reader: BerReader, tag: number, field: string): number {
  if (reader.peek() !== tag) reader.fail(field, 'missing')
  reader.enter(field)
  if (reader.peek() !== INTEGER) reader.fail(field, 'missing')
  const value = reader.integer(field)
  reader.leave()
  return value
}

function readUserInformation(reader: BerReader): External[] | undefined {
  if (reader.peek() !== USER_INFORMATION) return undefined
  reader.enter('userInformation')
  const externals: External[] = []
  while (reader.peek() === EXTERNAL) {
    if (externals.length === MOST_EXTERNALS) reader.fail('EXTERNAL', 'overlength')
    reader.enter('EXTERNAL')
    const syntax = reader.oid('syntax')
    if (reader.peek() !== SINGLE_ASN1) reader.fail('singleAsn1', 'unsupported', `tag ${reader.peek()}`)
    reader.enter('singleAsn1')
    externals.push({ syntax, value: reader.element('value') })
    reader.leave()
    reader.leave()
  }
  reader.leave()
  return externals
}

export function writeDialogue(writer: BerWriter, apdu: DialogueApdu): void {
  writer.open(EXTERNAL).octets(OID, apdu.apdu === 'AUDT' ? UNIDIALOGUE_OID : DIALOGUE_OID)
  writer.open(SINGLE_ASN1)
  switch (apdu.apdu) {
    case 'AARQ':
    case 'AUDT':
      writeContext(writer.open(AARQ), apdu.applicationContext)
      break
    case 'AARE':
      writeContext(writer.open(AARE), apdu.applicationContext)
      writer.open(RESULT).integer(INTEGER, apdu.result).close()
      writer.open(DIAGNOSTIC)
      writer.open(apdu.diagnostic.source === 'user' ? DIAGNOSTIC_USER : DIAGNOSTIC_PROVIDER)
      writer.integer(INTEGER, apdu.diagnostic.code).close().close()
      break
    case 'ABRT':
      writer.open(ABRT).integer(ABORT_SOURCE, apdu.source === 'user' ? 0 : 1)
      break
  }
  if (apdu.userInformation !== undefined) writeUserInformation(writer, apdu.userInformation)
  writer.close().close().close()
}

function writeContext(writer: BerWriter, name: string): void {
  writer.octets(PROTOCOL_VERSION, VERSION_1).open(CONTEXT_NAME).oid(OID, name).close()
}

function writeUserInformation(writer: BerWriter, externals: readonly External[]): void {
  writer.open(USER_INFORMATION)
  for (const { syntax, value } of externals)
    writer.open(EXTERNAL).oid(OID, syntax).open(SINGLE_ASN1).raw(value).close().close()
  writer.close()
}
