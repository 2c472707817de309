import { DecodeError } from './errors.ts'

/** Lower-case hex without separators. */
export function toHex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('hex')
}

/** Octets from hex as people paste it: white space, colons, `0x` and either letter case are accepted. */
export function fromHex(text: string): Buffer {
  const compact = text.replace(/0x|[\s:,-]/gi, '')
  const wrong = compact.search(/[^0-9a-f]/i)
  if (wrong !== -1)
    throw new DecodeError('hex', 'digit', wrong >> 1, 'invalid', `"${compact[wrong]}" is no hex digit`)
  if (compact.length % 2 === 1)
    throw new DecodeError('hex', 'digit', compact.length >> 1, 'underflow', 'odd number of hex digits')
  return Buffer.from(compact, 'hex')
}
