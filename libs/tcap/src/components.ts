import { type BerReader, type BerWriter, DecodeError } from '@ipsmgw/bytes'
import {
  type Code,
  type Component,
  ComponentTag,
  GeneralProblem,
  type Problem,
  ProblemTag,
  type ProblemType,
  type ReceivedComponent,
} from './messages.ts'

const INTEGER = 0x02
const NULL = 0x05
const OID = 0x06
const SEQUENCE = 0x30
const LINKED_ID = 0x80
/** Components of one message that are read. */
const MOST_COMPONENTS = 32

const PROBLEM_TYPES: Readonly<Record<number, ProblemType>> = Object.fromEntries(
  Object.entries(ProblemTag).map(([type, tag]) => [tag, type as ProblemType]),
)

/** Component portion (Q.773 §3.2). A component that cannot be read ends the list as `malformed`. */
export function readComponents(reader: BerReader): ReceivedComponent[] {
  const components: ReceivedComponent[] = []
  const depth = reader.depth
  while (reader.peek() !== 0) {
    if (components.length === MOST_COMPONENTS)
      reader.fail('component', 'overlength', `more than ${MOST_COMPONENTS} components`)
    let invokeId: number | undefined
    const tag = reader.peek()
    try {
      reader.enter('component')
      if (isKnown(tag) && (tag !== ComponentTag.reject || reader.peek() === INTEGER))
        invokeId = readInvokeId(reader)
      components.push(readComponent(reader, tag, invokeId))
      reader.leave()
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      components.push(malformed(tag, invokeId, error))
      reader.leaveTo(depth)
      reader.skipRest()
    }
  }
  return components
}

function isKnown(tag: number): boolean {
  return Object.values<number>(ComponentTag).includes(tag)
}

function malformed(tag: number, invokeId: number | undefined, fault: DecodeError): ReceivedComponent {
  const code = isKnown(tag) ? GeneralProblem.badlyStructuredComponent : GeneralProblem.unrecognizedComponent
  return { kind: 'malformed', invokeId, problem: { type: 'general', code }, fault }
}

function readInvokeId(reader: BerReader): number {
  if (reader.peek() !== INTEGER) reader.fail('invokeId', 'missing')
  const value = reader.integer('invokeId')
  if (value < -128 || value > 127) reader.fail('invokeId', 'invalid', `${value}`)
  return value
}

function readComponent(reader: BerReader, tag: number, invokeId: number | undefined): Component {
  if (tag === ComponentTag.reject) {
    if (invokeId === undefined) reader.null('invokeId')
    return { kind: 'reject', invokeId, problem: readProblem(reader) }
  }
  if (invokeId === undefined) return reader.fail('component', 'invalid', `tag ${tag}`)
  switch (tag) {
    case ComponentTag.invoke: {
      const linkedId = reader.peek() === LINKED_ID ? reader.integer('linkedId') : undefined
      const operation = readCode(reader, 'operation')
      const parameter = readParameter(reader)
      if (linkedId === undefined && parameter !== undefined)
        return { kind: 'invoke', invokeId, operation, parameter }
      return {
        kind: 'invoke',
        invokeId,
        ...(linkedId !== undefined && { linkedId }),
        operation,
        ...(parameter && { parameter }),
      }
    }
    case ComponentTag.returnError: {
      const error = readCode(reader, 'error')
      const parameter = readParameter(reader)
      return { kind: 'returnError', invokeId, error, ...(parameter && { parameter }) }
    }
    case ComponentTag.returnResultLast:
      return readResult(reader, 'returnResultLast', invokeId)
    default:
      return readResult(reader, 'returnResultNotLast', invokeId)
  }
}

function readResult(
  reader: BerReader,
  kind: 'returnResultLast' | 'returnResultNotLast',
  invokeId: number,
): Component {
  if (reader.peek() === 0) return { kind, invokeId }
  if (reader.peek() !== SEQUENCE) reader.fail('result', 'invalid', `tag ${reader.peek()}`)
  reader.enter('result')
  const operation = readCode(reader, 'operation')
  const parameter = readParameter(reader)
  reader.leave()
  return { kind, invokeId, operation, ...(parameter && { parameter }) }
}

function readCode(reader: BerReader, field: string): Code {
  if (reader.peek() === INTEGER) return reader.integer(field)
  if (reader.peek() === OID) return reader.oid(field)
  return reader.fail(field, reader.peek() === 0 ? 'missing' : 'invalid', 'neither a local nor a global code')
}

function readParameter(reader: BerReader): Uint8Array | undefined {
  return reader.peek() === 0 ? undefined : reader.element('parameter')
}

function readProblem(reader: BerReader): Problem {
  const type = PROBLEM_TYPES[reader.peek()]
  if (type === undefined) return reader.fail('problem', reader.peek() === 0 ? 'missing' : 'invalid')
  return { type, code: reader.integer('problem') }
}

export function writeComponents(writer: BerWriter, components: readonly Component[]): void {
  for (const component of components) {
    writer.open(ComponentTag[component.kind])
    if (component.invokeId === undefined) writer.null(NULL)
    else writer.integer(INTEGER, component.invokeId)
    writeBody(writer, component)
    writer.close()
  }
}

function writeBody(writer: BerWriter, component: Component): void {
  switch (component.kind) {
    case 'invoke':
      if (component.linkedId !== undefined) writer.integer(LINKED_ID, component.linkedId)
      writeCode(writer, component.operation)
      break
    case 'returnError':
      writeCode(writer, component.error)
      break
    case 'reject':
      writer.integer(ProblemTag[component.problem.type], component.problem.code)
      return
    default:
      if (component.operation === undefined) return
      writer.open(SEQUENCE)
      writeCode(writer, component.operation)
      if (component.parameter !== undefined) writer.raw(component.parameter)
      writer.close()
      return
  }
  if (component.parameter !== undefined) writer.raw(component.parameter)
}

function writeCode(writer: BerWriter, code: Code): void {
  if (typeof code === 'number') writer.integer(INTEGER, code)
  else writer.oid(OID, code)
}
