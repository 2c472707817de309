import { isClass, skipLws, skipQuoted, skipToken, TOKEN, trimEnd } from './chars.ts'
import { SipParseError } from './errors.ts'

/** One `;name=value`. A flag has no value; a quoted value keeps its quotes. */
export interface SipParam {
  readonly name: string
  readonly value: string | undefined
}

/** `generic-param` list of a header or a URI, in the order of the wire, unknown ones kept. */
export class SipParams implements Iterable<SipParam> {
  readonly #list: readonly SipParam[]

  constructor(list: readonly SipParam[]) {
    this.#list = list
  }

  get size(): number {
    return this.#list.length
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined
  }

  /** Value of the first parameter of that name (lower case), quotes removed; '' for a flag. */
  get(name: string): string | undefined {
    const found = this.#find(name)
    return found === undefined ? undefined : unquote(found.value ?? '')
  }

  [Symbol.iterator](): Iterator<SipParam> {
    return this.#list[Symbol.iterator]()
  }

  /** `;a=b;c` as on the wire. */
  toString(): string {
    let text = ''
    for (const { name, value } of this.#list) text += value === undefined ? `;${name}` : `;${name}=${value}`
    return text
  }

  #find(name: string): SipParam | undefined {
    for (const param of this.#list) {
      if (param.name === name || (param.name.length === name.length && param.name.toLowerCase() === name)) {
        return param
      }
    }
    return undefined
  }
}

/** No parameters at all; shared because most addresses have none. */
export const NO_PARAMS = new SipParams([])

/** Content of a quoted string with its escapes undone; anything else as it is. */
export function unquote(text: string): string {
  if (text.charCodeAt(0) !== 0x22) return text
  return text.slice(1, -1).replace(/\\([\s\S])/g, '$1')
}

/** Text as a quoted string (RFC 3261 §25.1 quoted-string). */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** Where a parameter list ended and what it held. */
export interface ParamsRead {
  readonly params: SipParams
  readonly end: number
}

/**
 * Reads `*( SEMI generic-param )` from `at`, white space around `;` and `=` allowed, until a comma or the end.
 * An empty parameter (`;;`) is refused. A value is a token, a quoted string, or a run of visible characters
 * (hosts, IPv6 references, URIs without separators), because extensions put more than tokens there.
 */
export function readParams(text: string, at: number, end: number): ParamsRead {
  let pos = skipLws(text, at, end)
  if (pos === end || text.charCodeAt(pos) !== 0x3b) return { params: NO_PARAMS, end: pos }
  const list: SipParam[] = []
  while (pos < end && text.charCodeAt(pos) === 0x3b) {
    const nameStart = skipLws(text, pos + 1, end)
    const nameEnd = skipToken(text, nameStart, end)
    if (nameEnd === nameStart)
      throw new SipParseError('headerValue', '', nameStart, 'parameter without a name')
    const name = text.slice(nameStart, nameEnd)
    pos = skipLws(text, nameEnd, end)
    if (pos < end && text.charCodeAt(pos) === 0x3d) {
      const valueStart = skipLws(text, pos + 1, end)
      const valueEnd = skipValue(text, valueStart, end)
      list.push({ name, value: text.slice(valueStart, valueEnd) })
      pos = skipLws(text, valueEnd, end)
    } else list.push({ name, value: undefined })
  }
  return { params: new SipParams(list), end: pos }
}

function skipValue(text: string, at: number, end: number): number {
  if (at < end && text.charCodeAt(at) === 0x22) {
    const close = skipQuoted(text, at, end)
    if (close < 0) throw new SipParseError('headerValue', '', at, 'quoted string never closes')
    return close
  }
  let pos = at
  while (pos < end) {
    const code = text.charCodeAt(pos)
    if (!isClass(code, TOKEN) && (code <= 0x20 || code === 0x3b || code === 0x2c || code === 0x22)) break
    pos++
  }
  return pos
}

/** `a, b` split at the commas that stand outside quotes and angle brackets; parts trimmed, empty ones dropped. */
export function splitList(text: string): string[] {
  const parts: string[] = []
  let start = 0
  let angle = false
  for (let pos = 0; pos <= text.length; pos++) {
    const code = pos === text.length ? 0x2c : text.charCodeAt(pos)
    if (code === 0x22 && !angle) {
      const close = skipQuoted(text, pos, text.length)
      if (close < 0) throw new SipParseError('headerValue', '', pos, 'quoted string never closes')
      pos = close - 1
    } else if (code === 0x3c) angle = true
    else if (code === 0x3e) angle = false
    else if (code === 0x2c && (!angle || pos === text.length)) {
      const from = skipLws(text, start, pos)
      const to = trimEnd(text, from, pos)
      if (to > from) parts.push(text.slice(from, to))
      start = pos + 1
    }
  }
  return parts
}
