import { existsSync, readFileSync, statSync } from 'node:fs'
import { fromHex } from '@ipsmgw/bytes'
import { UsageError } from './usage-error.ts'

const MAXIMUM_OCTETS = 1024 * 1024

/** Octets from a command line word: `-` is standard input, an existing file its content, anything else hex. */
export function readInput(word: string): Buffer {
  if (word === '-') return fromContent(readFileSync(0))
  if (existsSync(word)) {
    if (statSync(word).size > MAXIMUM_OCTETS)
      throw new UsageError(`${word} is larger than ${MAXIMUM_OCTETS} octets`)
    return fromContent(readFileSync(word))
  }
  return fromHex(word)
}

/** Files may hold the octets themselves or their hex text. */
function fromContent(content: Buffer): Buffer {
  const text = content.toString('latin1')
  return text.trim() !== '' && /^[0-9a-fA-F\s:,-]+$/.test(text) && /[0-9a-fA-F]{2}/.test(text)
    ? fromHex(text)
    : content
}
