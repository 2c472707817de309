import { parseArgs } from 'node:util'
import { DecodeError } from '@ipsmgw/bytes'
import { decoders } from '../decoders.ts'
import { pointAt } from '../fault.ts'
import { readInput } from '../input.ts'
import { renderTree, toJson } from '../tree.ts'
import { UsageError } from '../usage-error.ts'

const HELP = `ipsmgw decode PROTOCOL INPUT [--json]

Prints octets as a tree. A wrong octet is named with field and offset; exit code 1.

PROTOCOL
${Object.entries(decoders)
  .map(([name, decoder]) => `  ${name.padEnd(12)} ${decoder.summary}`)
  .join('\n')}

INPUT     hex (spaces, colons and 0x are fine), a file (octets or hex), or - for standard input

Options
  --json  JSON instead of a tree
  --help

Example
  ipsmgw decode sms 040c9144770009406500006230102143654005c8329bfd06`

export const decode = {
  summary: 'show a SIP, SMS, Diameter or SIGTRAN message as a tree',
  async run(args: string[]): Promise<number> {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    })
    if (values.help) {
      console.log(HELP)
      return 0
    }
    const [protocol, word] = positionals
    const decoder =
      protocol !== undefined && Object.hasOwn(decoders, protocol) ? decoders[protocol] : undefined
    if (decoder === undefined)
      throw new UsageError(
        `decode what? one of ${Object.keys(decoders).join(', ')}, e.g. ipsmgw decode sms HEX`,
      )
    if (word === undefined)
      throw new UsageError(`decode ${protocol} needs hex, a file or - (see ipsmgw decode --help)`)
    return show(decoder.decode, word, values.json === true)
  },
}

function show(decodeOctets: (octets: Buffer) => unknown, word: string, json: boolean): number {
  let octets: Buffer | undefined
  try {
    octets = readInput(word)
    const value = decodeOctets(octets)
    console.log(json ? toJson(value) : renderTree(value))
    return 0
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    console.error(error.message)
    if (octets !== undefined) console.error(`  ${pointAt(octets, error.offset)}`)
    return 1
  }
}
