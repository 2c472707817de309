import { type BerReader, type BerWriter, EncodeError } from '@ipsmgw/bytes'
import { type MapVersion, PROTOCOL } from './messages.ts'
import type { Type } from './types.ts'

/** A field of a SEQUENCE: where its value stands and how it is written. */
export interface Field<T, O extends boolean = boolean> {
  readonly optional: O
  /** Written from this version on only; read always. */
  readonly since: MapVersion
  matches(tag: number): boolean
  decode(reader: BerReader, field: string): T
  encode(writer: BerWriter, value: T, version: MapVersion): void
}

// biome-ignore lint/suspicious/noExplicitAny: the value types of a table's fields differ
type Fields = Readonly<Record<string, Field<any>>>

type FieldValue<F> = F extends Field<infer T> ? T : never
type OptionalNames<F extends Fields> = {
  [K in keyof F]: F[K] extends { optional: true } ? K : never
}[keyof F]

/** What a table of fields holds, and elements it does not know, whole, in their order. */
export type Sequence<F extends Fields> = {
  readonly [K in Exclude<keyof F, OptionalNames<F>>]: FieldValue<F[K]>
} & { readonly [K in OptionalNames<F>]?: FieldValue<F[K]> } & { readonly unknown?: readonly Uint8Array[] }

function tagged<T, O extends boolean>(
  tag: number,
  type: Type<T>,
  optional: O,
  since: MapVersion,
): Field<T, O> {
  return {
    optional,
    since,
    matches: (found) => found === tag,
    decode: (reader, field) => type.decode(reader, field),
    encode: (writer, value, version) => type.encode(writer, tag, value, version),
  }
}

export function mandatory<T>(tag: number, type: Type<T>): Field<T, false> {
  return tagged(tag, type, false, 1)
}

export function optional<T>(tag: number, type: Type<T>, since: MapVersion = 3): Field<T, true> {
  return tagged(tag, type, true, since)
}

interface Alternative<T> {
  readonly tag: number
  readonly type: Type<T>
}

export function alternative<T>(tag: number, type: Type<T>): Alternative<T> {
  return { tag, type }
}

// biome-ignore lint/suspicious/noExplicitAny: the value types of the alternatives differ
type Alternatives = Readonly<Record<string, Alternative<any>>>

/** Exactly one of the names. */
export type Choice<A extends Alternatives> = {
  readonly [K in keyof A]: { readonly [P in K]: A[K] extends Alternative<infer T> ? T : never }
}[keyof A]

/** A CHOICE whose alternatives stand in the SEQUENCE under their own tags. */
export function choice<A extends Alternatives>(alternatives: A): Field<Choice<A>, false> {
  const names = new Map(Object.entries(alternatives).map(([name, { tag }]) => [tag, name]))
  return {
    optional: false,
    since: 1,
    matches: (tag) => names.has(tag),
    decode(reader, field) {
      const name = names.get(reader.peek())
      if (name === undefined) return reader.fail(field, 'invalid', `tag ${reader.peek()}`)
      return { [name]: alternatives[name]?.type.decode(reader, name) } as Choice<A>
    },
    encode(writer, value, version) {
      const [entry, more] = Object.entries(value)
      const found = entry && alternatives[entry[0]]
      if (entry === undefined || found === undefined || more !== undefined)
        throw new EncodeError(PROTOCOL, 'choice', Object.keys(value).join())
      found.type.encode(writer, found.tag, entry[1], version)
    },
  }
}

/** A CHOICE under a context tag, which is explicit (X.680 §31.2.7). */
export function wrapped<T>(field: Field<T>): Type<T> {
  return {
    decode(reader, name) {
      reader.enter(name)
      const value = field.decode(reader, name)
      reader.leave()
      return value
    },
    encode(writer, tag, value, version) {
      writer.open(tag)
      field.encode(writer, value, version)
      writer.close()
    },
  }
}

/** Versions up to `upTo` write one field without the SEQUENCE around it. Read in every version. */
export interface BareForm<F extends Fields> {
  readonly bare: keyof F & string
  readonly upTo: MapVersion
}

/** An extensible SEQUENCE by its table. Unknown elements are kept and written behind the known ones. */
export function sequence<const F extends Fields>(fields: F, form?: BareForm<F>): Type<Sequence<F>> {
  const names = Object.keys(fields)
  const list = Object.values(fields)
  const bare = form && fields[form.bare]
  return {
    decode(reader, name) {
      if (form !== undefined && bare?.matches(reader.peek()))
        return { [form.bare]: bare.decode(reader, form.bare) } as unknown as Sequence<F>
      reader.enter(name)
      const value = readFields(reader, names, list) as unknown as Sequence<F>
      reader.leave()
      return value
    },
    encode(writer, tag, value, version) {
      const given = value as Readonly<Record<string, unknown>>
      if (form !== undefined && version <= form.upTo) {
        if (given[form.bare] !== undefined) bare?.encode(writer, given[form.bare], version)
        return
      }
      writer.open(tag)
      writeFields(writer, given, names, list, version)
      for (const element of value.unknown ?? []) writer.raw(element)
      writer.close()
    },
  }
}

function readFields(reader: BerReader, names: readonly string[], list: readonly Field<unknown>[]): object {
  const value: Record<string, unknown> = {}
  const unknown: Uint8Array[] = []
  let next = 0
  for (let tag = reader.peek(); tag !== 0; tag = reader.peek()) {
    const at = indexOf(list, next, tag)
    if (at === -1) unknown.push(reader.element('unknown'))
    else {
      const name = names[at] as string
      value[name] = list[at]?.decode(reader, name)
      next = at + 1
    }
  }
  for (; next < list.length; next++)
    if (list[next]?.optional === false) reader.fail(names[next] as string, 'missing')
  return unknown.length === 0 ? value : { ...value, unknown }
}

function writeFields(
  writer: BerWriter,
  given: Readonly<Record<string, unknown>>,
  names: readonly string[],
  list: readonly Field<unknown>[],
  version: MapVersion,
): void {
  for (let i = 0; i < list.length; i++) {
    const field = list[i] as Field<unknown>
    const value = given[names[i] as string]
    if (value === undefined) {
      if (!field.optional) throw new EncodeError(PROTOCOL, names[i] as string, 'missing')
    } else if (version >= field.since) field.encode(writer, value, version)
  }
}

/** The field that an element is, from `next` on and not past a mandatory one; -1 when it is none. */
function indexOf(list: readonly Field<unknown>[], next: number, tag: number): number {
  for (let i = next; i < list.length; i++) {
    const field = list[i] as Field<unknown>
    if (field.matches(tag)) return i
    if (!field.optional) return -1
  }
  return -1
}
