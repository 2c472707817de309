/** Character classes of RFC 3261 §25.1, one bit each, indexed by octet. Octets above 0x7F have none of them. */
export const TOKEN = 1
export const DIGIT = 2
export const HEX_DIGIT = 4
export const HOST = 8
export const LWS = 16
export const ALPHA = 32

const CLASSES: Uint8Array = (() => {
  const classes = new Uint8Array(256)
  const mark = (characters: string, bits: number): void => {
    for (let i = 0; i < characters.length; i++) {
      const octet = characters.charCodeAt(i)
      classes[octet] = (classes[octet] ?? 0) | bits
    }
  }
  mark('0123456789', TOKEN | DIGIT | HEX_DIGIT | HOST)
  mark('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', TOKEN | ALPHA | HOST)
  mark('abcdefABCDEF', HEX_DIGIT)
  mark("-.!%*_+`'~", TOKEN)
  mark('-._', HOST)
  mark(' \t\r\n', LWS)
  return classes
})()

/** Whether the character code (an octet of a latin1 string) belongs to any of the classes in `bits`. */
export function isClass(code: number, bits: number): boolean {
  return ((CLASSES[code] ?? 0) & bits) !== 0
}

/** Whether every character of `text` belongs to `bits`; false for an empty text. */
export function isAll(text: string, bits: number): boolean {
  for (let i = 0; i < text.length; i++) if (!isClass(text.charCodeAt(i), bits)) return false
  return text.length > 0
}

/** First position at or after `at` that holds no linear white space. */
export function skipLws(text: string, at: number, end: number): number {
  let pos = at
  while (pos < end && isClass(text.charCodeAt(pos), LWS)) pos++
  return pos
}

/** First position at or after `at` that is no token character. */
export function skipToken(text: string, at: number, end: number): number {
  let pos = at
  while (pos < end && isClass(text.charCodeAt(pos), TOKEN)) pos++
  return pos
}

/** Position behind the quoted string that opens at `at`, or -1 when it never closes. */
export function skipQuoted(text: string, at: number, end: number): number {
  for (let pos = at + 1; pos < end; pos++) {
    const code = text.charCodeAt(pos)
    if (code === 0x5c) pos++
    else if (code === 0x22) return pos + 1
  }
  return -1
}

/** `text[start, end)` without the white space at its end. */
export function trimEnd(text: string, start: number, end: number): number {
  let pos = end
  while (pos > start && isClass(text.charCodeAt(pos - 1), LWS)) pos--
  return pos
}

/**
 * The octets of a header value read as UTF-8. Values are kept as latin1 strings, one character per octet, so
 * that they survive a round trip; malformed sequences become U+FFFD here and nowhere else.
 */
export function utf8View(octets: string): string {
  // V8 copies a short slice anyway.
  return octets.length < 13 && isAscii(octets) ? octets : Buffer.from(octets, 'latin1').toString('utf8')
}

function isAscii(octets: string): boolean {
  for (let i = 0; i < octets.length; i++) if (octets.charCodeAt(i) > 0x7f) return false
  return true
}

/** The inverse of `utf8View`: text as the octet string that goes on the wire. */
export function octetsOf(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return Buffer.from(text, 'utf8').toString('latin1')
  }
  return text
}

/** A fresh flat copy that retains no larger parent string (V8 slices keep the whole message alive). */
export function flatCopy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
