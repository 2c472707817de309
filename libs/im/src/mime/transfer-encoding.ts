const EQUALS = 0x3d
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const TAB = 0x09
const MAX_QUOTED_PRINTABLE_OCTET = 0x7e

/**
 * Undoes a Content-Transfer-Encoding (RFC 2045 §6). Identity encodings change nothing. `malformed` for octets that the
 * encoding does not allow, `unsupported` for an encoding that nobody registered.
 */
export function undoTransferEncoding(
  octets: Buffer,
  encoding: string | undefined,
): Buffer | 'malformed' | 'unsupported' {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case '7bit':
    case '8bit':
    case 'binary':
      return octets
    case 'base64':
      return decodeBase64(octets) ?? 'malformed'
    case 'quoted-printable':
      return decodeQuotedPrintable(octets) ?? 'malformed'
    default:
      return 'unsupported'
  }
}

/** The base64 alphabet in whole groups of four with padding; line ends and blanks between are passed over. */
function decodeBase64(octets: Buffer): Buffer | undefined {
  let characters = 0
  let padding = 0
  for (const octet of octets) {
    if (isBlank(octet)) continue
    if (octet === EQUALS) padding++
    else if (padding > 0 || !isBase64(octet)) return undefined
    characters++
  }
  if (characters % 4 !== 0 || padding > 2) return undefined
  return Buffer.from(octets.toString('latin1'), 'base64')
}

function isBase64(octet: number): boolean {
  return (
    (octet >= 0x41 && octet <= 0x5a) ||
    (octet >= 0x61 && octet <= 0x7a) ||
    (octet >= 0x2f && octet <= 0x39) ||
    octet === 0x2b
  )
}

/** `=` needs two hexadecimal digits or a line end; blanks before a line end were added on the way. */
function decodeQuotedPrintable(octets: Buffer): Buffer | undefined {
  const decoded = Buffer.allocUnsafe(octets.length)
  let length = 0
  let position = 0
  while (position < octets.length) {
    const octet = octets[position] as number
    if (octet === EQUALS) {
      const lineEnd = behindPadding(octets, position + 1)
      if (lineEnd !== undefined) {
        position = lineEnd
        continue
      }
      const value = hexPair(octets, position + 1)
      if (value === undefined) return undefined
      decoded[length++] = value
      position += 3
    } else if (octet === SPACE || octet === TAB) {
      const run = blanksFrom(octets, position)
      if (!isLineEnd(octets, run)) while (position < run) decoded[length++] = octets[position++] as number
      position = run
    } else {
      if (octet > MAX_QUOTED_PRINTABLE_OCTET || (octet < SPACE && !isBlank(octet))) return undefined
      decoded[length++] = octet
      position++
    }
  }
  return decoded.subarray(0, length)
}

/** Position behind a soft line break whose `=` stands in front, or undefined when there is none. */
function behindPadding(octets: Buffer, start: number): number | undefined {
  const end = blanksFrom(octets, start)
  if (!isLineEnd(octets, end)) return undefined
  if (end >= octets.length) return end
  return octets[end] === CARRIAGE_RETURN ? end + 2 : end + 1
}

function blanksFrom(octets: Buffer, start: number): number {
  let position = start
  while (octets[position] === SPACE || octets[position] === TAB) position++
  return position
}

function isLineEnd(octets: Buffer, position: number): boolean {
  const octet = octets[position]
  return (
    octet === undefined ||
    octet === LINE_FEED ||
    (octet === CARRIAGE_RETURN && octets[position + 1] === LINE_FEED)
  )
}

function hexPair(octets: Buffer, start: number): number | undefined {
  const pair = octets.toString('latin1', start, start + 2)
  return /^[0-9A-Fa-f]{2}$/.test(pair) ? Number.parseInt(pair, 16) : undefined
}

function isBlank(octet: number): boolean {
  return octet === LINE_FEED || octet === CARRIAGE_RETURN || octet === SPACE || octet === TAB
}
