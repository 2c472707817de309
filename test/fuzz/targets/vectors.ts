import { readdirSync, readFileSync } from 'node:fs'
import { DecodeError, fromHex } from '@ipsmgw/bytes'

const FOLDER = new URL('../../vectors/', import.meta.url)

export function vectorFile(name: string): Buffer {
  return readFileSync(new URL(name, FOLDER))
}

export function vectorJson<T>(name: string): T {
  return JSON.parse(vectorFile(name).toString('utf8')) as T
}

/** SIP messages of RFC 4475 and a CPM message. */
export const SIP_MESSAGES: readonly Buffer[] = [
  vectorFile('cpm-pager-message.sip'),
  ...readdirSync(new URL('rfc4475/', FOLDER))
    .filter((file) => file.endsWith('.dat'))
    .map((file) => vectorFile(`rfc4475/${file}`)),
]

interface MapVectors {
  readonly map: readonly { readonly tcap: string }[]
  readonly m3ua: readonly { readonly m3ua: string }[]
  readonly sccp: readonly { readonly sccp: string }[]
}

const map = vectorJson<MapVectors>('map-vectors.json')
const diameter = vectorJson<{ vectors: readonly { hex: string }[] }>('diameter-vectors.json')

export const TCAP_MESSAGES = map.map.map(({ tcap }) => fromHex(tcap))
export const M3UA_MESSAGES = map.m3ua.map(({ m3ua }) => fromHex(m3ua))
export const SCCP_MESSAGES = map.sccp.map(({ sccp }) => fromHex(sccp))
export const DIAMETER_MESSAGES = diameter.vectors.map(({ hex }) => fromHex(hex))

/** True when it ran to its end; false for a DecodeError that points into the input. Throws everything else. */
export function decodes(octets: Uint8Array, read: () => void): boolean {
  try {
    read()
    return true
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    if (error.offset >= 0 && error.offset <= octets.length && error.path !== '') return false
    throw new RangeError(`points to octet ${error.offset} in "${error.path}"`, { cause: error })
  }
}
