import { isUtf8 } from 'node:buffer'
import { DEFAULT_LIMITS } from '../messages.ts'
import { lineAt } from './lines.ts'

/** An entity: the MIME headers that matter here, and its octets still in their transfer encoding. */
export interface Entity {
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly contentDisposition: string | undefined
  readonly contentTransferEncoding: string | undefined
  readonly octets: Buffer
}

const NAME = /^[!-9;-~]+$/
/** Where repetitions of a header go; no header has this name. */
const REPEATED = ''
const SPACE = 0x20
const TAB = 0x09

/**
 * Reads MIME headers from `start` to their blank line; what follows is the content. Folding is undone, letter case
 * of names ignored, the first of a repeated header counts. Undefined when a line is no header, too long, not UTF-8,
 * or when there are too many. Without any blank line the content is empty.
 */
export function readEntity(octets: Buffer, start: number): Entity | undefined {
  const headers = new Map<string, string>()
  let position = start
  let last: string | undefined
  for (let lines = 0; position < octets.length; lines++) {
    const { end, next } = lineAt(octets, position)
    if (end === position) return entityOf(headers, octets.subarray(next))
    const line = octets.subarray(position, end)
    if (lines === DEFAULT_LIMITS.headerLines || line.length > DEFAULT_LIMITS.headerLineOctets)
      return undefined
    if (!isUtf8(line)) return undefined
    position = next
    if (line[0] === SPACE || line[0] === TAB) {
      if (last === undefined) return undefined
      headers.set(last, `${headers.get(last) ?? ''} ${line.toString('utf8').trim()}`)
      continue
    }
    const header = splitHeader(line.toString('utf8'))
    if (header === undefined) return undefined
    last = header.name.toLowerCase()
    if (headers.has(last)) last = REPEATED
    headers.set(last, header.value)
  }
  return entityOf(headers, octets.subarray(octets.length))
}

/** `Name: value`, white space around the value taken off; undefined without a colon or with a strange name. */
export function splitHeader(line: string): { name: string; value: string } | undefined {
  const colon = line.indexOf(':')
  if (colon < 1) return undefined
  const name = line.slice(0, colon).trimEnd()
  return NAME.test(name) ? { name, value: line.slice(colon + 1).trim() } : undefined
}

function entityOf(headers: ReadonlyMap<string, string>, octets: Buffer): Entity {
  return {
    contentType: headers.get('content-type'),
    contentEncoding: headers.get('content-encoding'),
    contentDisposition: headers.get('content-disposition'),
    contentTransferEncoding: headers.get('content-transfer-encoding'),
    octets,
  }
}
