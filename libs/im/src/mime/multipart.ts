import { type Entity, readEntity } from './headers.ts'

const DASHES = '--'
const DASH = 0x2d
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const TAB = 0x09
const MAX_BOUNDARY_CHARACTERS = 70
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]*[0-9A-Za-z'()+_,\-./:=?]$/

/**
 * Parts of a multipart body (RFC 2046 §5.1.1), preamble and epilogue left out. `malformed`: no usable boundary, no
 * part, headers that are none, or no closing delimiter. `tooManyParts` stops at the limit.
 */
export function splitMultipart(
  octets: Buffer,
  boundary: string | undefined,
  maxParts: number,
): readonly Entity[] | 'malformed' | 'tooManyParts' {
  if (boundary === undefined || boundary.length > MAX_BOUNDARY_CHARACTERS || !BOUNDARY.test(boundary))
    return 'malformed'
  const mark = Buffer.from(DASHES + boundary, 'latin1')
  const parts: Entity[] = []
  let delimiter = nextDelimiter(octets, mark, 0)
  while (delimiter !== undefined && !delimiter.closes) {
    const following = nextDelimiter(octets, mark, delimiter.next)
    if (following === undefined) return 'malformed'
    if (parts.length === maxParts) return 'tooManyParts'
    const part = readEntity(octets.subarray(delimiter.next, Math.max(following.start, delimiter.next)), 0)
    if (part === undefined) return 'malformed'
    parts.push(part)
    delimiter = following
  }
  return parts.length === 0 ? 'malformed' : parts
}

interface Delimiter {
  /** Where the content before it ends: the line end in front belongs to the delimiter. */
  readonly start: number
  readonly next: number
  readonly closes: boolean
}

function nextDelimiter(octets: Buffer, mark: Buffer, from: number): Delimiter | undefined {
  for (let at = octets.indexOf(mark, from); at !== -1; at = octets.indexOf(mark, at + 1)) {
    if (at > 0 && octets[at - 1] !== LINE_FEED) continue
    const delimiter = readDelimiter(octets, at, at + mark.length)
    if (delimiter !== undefined) return delimiter
  }
  return undefined
}

/** What stands behind the mark must be the closing dashes or nothing, padding, and a line end. */
function readDelimiter(octets: Buffer, at: number, behindMark: number): Delimiter | undefined {
  const closes = octets[behindMark] === DASH && octets[behindMark + 1] === DASH
  let position = closes ? behindMark + 2 : behindMark
  while (octets[position] === SPACE || octets[position] === TAB) position++
  if (octets[position] === CARRIAGE_RETURN) position++
  if (position < octets.length && octets[position] !== LINE_FEED) return undefined
  const lineEnd = at === 0 ? 0 : octets[at - 2] === CARRIAGE_RETURN ? 2 : 1
  return { start: at - lineEnd, next: Math.min(position + 1, octets.length), closes }
}
