import { readFileSync } from 'node:fs'
import { fromHex } from '@ipsmgw/bytes'

const file = new URL('../../../../test/vectors/map-vectors.json', import.meta.url)
const { m3ua } = JSON.parse(readFileSync(file, 'utf8')) as { m3ua: { id: string; m3ua: string }[] }

/** Hex of a message that another stack made. */
export function vectorHex(id: string): string {
  const found = m3ua.find((it) => it.id === id)
  if (found === undefined) throw new Error(`no vector ${id}`)
  return found.m3ua
}

export const vector = (id: string): Uint8Array => fromHex(vectorHex(id))
