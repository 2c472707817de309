import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import Type from 'typebox'
import { StartError } from './admin-server.ts'

/** Where the secrets are, a section of every service that needs them. */
export const keysSchema = Type.Object(
  {
    hashFile: Type.Optional(
      Type.String({
        description: 'file with at least 16 octets, the same for all services; lab: made at start',
      }),
    ),
  },
  { additionalProperties: false, default: {} },
)

const MINIMUM_OCTETS = 16

/** A secret from a file (hex text or raw octets), or a fresh one that ends with the process. */
export function loadKey(file: string | undefined): Buffer {
  if (file === undefined) return randomBytes(32)
  let content: Buffer
  try {
    content = readFileSync(file)
  } catch (cause) {
    throw new StartError(`the key file ${file} cannot be read`, { cause })
  }
  const text = content.toString('latin1').trim()
  const key = /^(?:[0-9a-f]{2}){16,}$/i.test(text) ? Buffer.from(text, 'hex') : content
  if (key.length < MINIMUM_OCTETS)
    throw new StartError(
      `the key file ${file} holds ${key.length} octets, at least ${MINIMUM_OCTETS} are needed`,
    )
  return key
}
