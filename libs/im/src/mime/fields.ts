/** Media type with its parameters; type, subtype and parameter names in lower case, values as written. */
export interface MediaType {
  /** `type/subtype`. */
  readonly name: string
  readonly type: string
  readonly subtype: string
  readonly parameters: ReadonlyMap<string, string>
}

/** Content-Disposition: its type in lower case and its parameters. */
export interface ContentDisposition {
  readonly name: string
  readonly parameters: ReadonlyMap<string, string>
}

const MAX_FIELD_CHARACTERS = 4096
const MAX_PARAMETERS = 32
const TOKEN = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/

/** Content-Type (RFC 2045 §5.1, RFC 3261 §20.15), or undefined when it does not follow the grammar. */
export function parseMediaType(value: string): MediaType | undefined {
  const field = parseField(value)
  if (field === undefined) return undefined
  const name = field.name.toLowerCase()
  const slash = name.indexOf('/')
  const type = name.slice(0, slash)
  const subtype = name.slice(slash + 1)
  if (slash === -1 || !TOKEN.test(type) || !TOKEN.test(subtype)) return undefined
  return { name, type, subtype, parameters: field.parameters }
}

/** Content-Disposition (RFC 2183, RFC 3261 §20.11), or undefined when it does not follow the grammar. */
export function parseDisposition(value: string): ContentDisposition | undefined {
  const field = parseField(value)
  if (field === undefined || !TOKEN.test(field.name)) return undefined
  return { name: field.name.toLowerCase(), parameters: field.parameters }
}

interface Field {
  readonly name: string
  readonly parameters: ReadonlyMap<string, string>
}

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map()

/** `value *( ; name = token-or-quoted-string )`, white space and an empty parameter tolerated; first of a name wins. */
function parseField(value: string): Field | undefined {
  if (value.length > MAX_FIELD_CHARACTERS) return undefined
  let position = value.indexOf(';')
  if (position === -1) return { name: value.trim(), parameters: NO_PARAMETERS }
  const name = value.slice(0, position).trim()
  const parameters = new Map<string, string>()
  while (position < value.length) {
    const parameter = parseParameter(value, position + 1)
    if (parameter === undefined || parameters.size > MAX_PARAMETERS) return undefined
    position = parameter.next
    if (parameter.name !== '' && !parameters.has(parameter.name))
      parameters.set(parameter.name, parameter.value)
  }
  return { name, parameters }
}

interface Parameter {
  readonly name: string
  readonly value: string
  /** Position of the next semicolon, or the length of the field. */
  readonly next: number
}

function parseParameter(field: string, start: number): Parameter | undefined {
  const semicolon = indexOrEnd(field, ';', start)
  const equals = field.indexOf('=', start)
  if (equals === -1 || equals > semicolon) {
    const name = field.slice(start, semicolon).trim().toLowerCase()
    return name === '' || TOKEN.test(name) ? { name, value: '', next: semicolon } : undefined
  }
  const name = field.slice(start, equals).trim().toLowerCase()
  if (!TOKEN.test(name)) return undefined
  let position = equals + 1
  while (field[position] === ' ' || field[position] === '\t') position++
  if (field[position] === '"') return parseQuoted(field, position, name)
  const value = field.slice(position, semicolon).trim()
  return value === '' || /[\s"]/.test(value) ? undefined : { name, value, next: semicolon }
}

function parseQuoted(field: string, quote: number, name: string): Parameter | undefined {
  let value = ''
  let position = quote + 1
  while (position < field.length && field[position] !== '"') {
    if (field[position] === '\\') position++
    value += field[position++] ?? ''
  }
  if (field[position] !== '"') return undefined
  const next = indexOrEnd(field, ';', position + 1)
  return field.slice(position + 1, next).trim() === '' ? { name, value, next } : undefined
}

function indexOrEnd(text: string, what: string, start: number): number {
  const index = text.indexOf(what, start)
  return index === -1 ? text.length : index
}
