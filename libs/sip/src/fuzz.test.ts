import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  headerKey,
  parseDatagram,
  SipMessage,
  SipParseError,
  SipRequest,
  StreamFramer,
  uriEquals,
} from './index.ts'
import { buildResponse, responseFrame } from './response.ts'

const FOLDER = new URL('../../../test/vectors/', import.meta.url)
const SEEDS = [
  readFileSync(new URL('cpm-pager-message.sip', FOLDER)),
  ...readdirSync(new URL('rfc4475/', FOLDER))
    .filter((file) => file.endsWith('.dat'))
    .map((file) => readFileSync(new URL(`rfc4475/${file}`, FOLDER))),
]
const ROUNDS = Number(process.env.IPSMGW_FUZZ_ROUNDS ?? 20_000)
const SPICE = [
  '\r\n',
  '\r',
  '\n',
  ';',
  ',',
  '"',
  '<',
  '>',
  '%',
  ':',
  ' ',
  '\0',
  '\xff',
  '\r\n ',
  'Via: ',
  '@',
  '[',
  '\\',
  '=',
]

/** Small deterministic generator, so that a failure can be repeated. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
}

function mutate(octets: Buffer, random: (below: number) => number): Buffer {
  let mutant = Buffer.from(octets)
  for (let i = random(4); i >= 0; i--) {
    const at = random(mutant.length + 1)
    const kind = random(4)
    const spice = Buffer.from(SPICE[random(SPICE.length)] ?? '', 'latin1')
    if (kind === 0 && at < mutant.length) mutant[at] = random(256)
    else if (kind === 1) mutant = Buffer.concat([mutant.subarray(0, at), spice, mutant.subarray(at)])
    else if (kind === 2) mutant = Buffer.concat([mutant.subarray(0, at), mutant.subarray(at + random(40))])
    else mutant = mutant.subarray(0, Math.max(at, 1))
  }
  return mutant
}

/** Reads everything that is read lazily: each accessor may throw SipParseError, nothing else. */
function readAll(message: SipMessage): void {
  for (const descriptor of Object.values(Object.getOwnPropertyDescriptors(SipMessage.prototype))) {
    tolerated(() => descriptor.get?.call(message))
  }
  const addresses = [() => [message.from, message.to], () => message.assertedIdentities, () => message.routes]
  for (const read of addresses) tolerated(() => read().map(({ uri }) => uriEquals(uri, uri)))
  for (const [name] of message.headers) tolerated(() => message.list(headerKey(name)))
}

function tolerated(read: () => unknown): void {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof SipParseError, String(error))
  }
}

test(`RFC 4475: ${ROUNDS} mutations of the vectors give a message or a typed error, and an answer that parses`, () => {
  const random = generator(20_260_801)
  for (let round = 0; round < ROUNDS; round++) {
    const seed = SEEDS[random(SEEDS.length)]
    assert.ok(seed)
    const mutant = mutate(seed, random)
    let request: unknown
    try {
      const message = parseDatagram(mutant)
      readAll(message)
      request = message
    } catch (error) {
      assert.ok(error instanceof SipParseError, `round ${round}: ${error}`)
      request = error.partial
    }
    if (!(request instanceof SipRequest)) continue
    const answer = buildResponse(responseFrame(request, { address: '192.0.2.1', port: 5060 }, 'x'), 400)
    assert.equal(answer.indexOf('\r\n\r\n'), answer.length - 4, `round ${round}: one head, no body`)
    assert.equal(/[^\r]\n|\r[^\n]/.test(answer), false, `round ${round}: no line break of the sender`)
  }
})

test('RFC 3261 §18.3: mutated streams never throw out of the framer and hold no more than the limits', () => {
  const random = generator(7)
  const sink = { message: readAll, error: () => {}, keepAlive: () => {} }
  for (let round = 0; round < ROUNDS / 20; round++) {
    const framer = new StreamFramer(sink)
    for (let i = 0; i < 3; i++) {
      const mutant = mutate(SEEDS[random(SEEDS.length)] ?? Buffer.alloc(0), random)
      for (let at = 0; at < mutant.length; ) {
        const size = 1 + random(200)
        framer.push(mutant.subarray(at, at + size))
        at += size
      }
    }
  }
})
