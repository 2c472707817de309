import { readFileSync } from 'node:fs'
import { fromHex } from '@ipsmgw/bytes'

const file = new URL('../../../../test/vectors/map-vectors.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as { sccp: { id: string; sccp: string }[] }

/** Hex of messages that another stack made. */
export const SCCP_VECTORS: readonly string[] = vectors.sccp.map(({ sccp }) => sccp)

export function vectorHex(id: string): string {
  const found = vectors.sccp.find((it) => it.id === id)
  if (found === undefined) throw new Error(`no vector ${id}`)
  return found.sccp
}

export const vector = (id: string): Uint8Array => fromHex(vectorHex(id))
