import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { StartError } from './admin-server.ts'

const MINIMUM_OCTETS = 16

/** A secret from a file (hex text or raw octets), or a fresh one that ends with the process. */
export function loadKey(file: string | undefined, setting: string): Buffer {
  if (file === undefined) return randomBytes(32)
  let content: Buffer
  try {
    content = readFileSync(file)
  } catch (cause) {
    throw new StartError(`${setting}: ${file} cannot be read`, { cause })
  }
  const text = content.toString('latin1').trim()
  const key = /^(?:[0-9a-f]{2}){16,}$/i.test(text) ? Buffer.from(text, 'hex') : content
  if (key.length < MINIMUM_OCTETS)
    throw new StartError(
      `${setting}: ${file} holds ${key.length} octets, at least ${MINIMUM_OCTETS} are needed`,
    )
  return key
}
