const ESCAPED: ReadonlyMap<string, string> = new Map([
  ['\\', '\\'],
  ['"', '"'],
  ["'", "'"],
  ['b', '\b'],
  ['t', '\t'],
  ['n', '\n'],
  ['r', '\r'],
])

/** Undoes the escapes of a header value (RFC 3862 §2.3); an unknown one stays as written. */
export function unescapeValue(value: string): string {
  let at = value.indexOf('\\')
  if (at === -1) return value
  let result = ''
  let position = 0
  for (; at !== -1; at = value.indexOf('\\', position)) {
    const hex = value[at + 1] === 'u' ? /^[0-9A-Fa-f]{4}/.exec(value.slice(at + 2, at + 6))?.[0] : undefined
    const plain =
      hex === undefined ? ESCAPED.get(value[at + 1] ?? '') : String.fromCharCode(Number.parseInt(hex, 16))
    result += value.slice(position, at) + (plain ?? value.slice(at, at + 2))
    position = at + (hex === undefined ? 2 : 6)
  }
  return (result + value.slice(position)).toWellFormed()
}

/** Escapes what a header value must not hold: backslash, controls, and in a quoted name the quote. */
export function escapeValue(value: string, isQuoted = false): string {
  let result = ''
  for (const char of value.toWellFormed()) {
    const unit = char.charCodeAt(0)
    if (char === '\\' || (char === '"' && isQuoted)) result += `\\${char}`
    else if (unit < 0x20 || unit === 0x7f) result += escapedControl(char, unit)
    else result += char
  }
  return result
}

function escapedControl(char: string, unit: number): string {
  for (const [letter, plain] of ESCAPED) if (plain === char) return `\\${letter}`
  return `\\u${unit.toString(16).padStart(4, '0')}`
}
