import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { DecodeError, fromHex } from '@ipsmgw/bytes'
import { encodeMessage } from './build.ts'
import { decodeDiameter, decodeGroup, encodeDiameter } from './codec.ts'
import { describeDiameter } from './describe.ts'
import { knownAvp } from './dictionary/lookup.ts'
import { nameOfMessage, readAnswer, readRequest } from './fields.ts'
import type { Avp, DiameterMessage } from './messages.ts'
import { SCALARS } from './values.ts'

/** One AVP as the vector file lays it out. */
interface VectorAvp {
  avp: string
  code: number
  vendorId?: number
  flags: string
  length: number
  value?: unknown
  hex?: string
  digits?: string
  utc?: string
  avps?: VectorAvp[]
}

interface Vector {
  name: string
  description: string
  abbreviation: string
  hex: string
  decoded: {
    header: {
      flags: string[]
      commandCode: number
      applicationId: number
      hopByHopId: number
      endToEndId: number
    }
    avps: VectorAvp[]
  }
}

const FILE = new URL('../../../test/vectors/diameter-vectors.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(FILE, 'utf8')) as { vectors: Vector[] }

function checkAvps(avps: readonly Avp[], expected: readonly VectorAvp[], path: string): void {
  assert.equal(avps.length, expected.length, `${path}: members`)
  for (const [i, it] of expected.entries()) {
    const avp = avps[i]
    assert.ok(avp)
    checkAvp(avp, it, `${path}.${it.avp}`)
  }
}

function checkAvp(avp: Avp, it: VectorAvp, path: string): void {
  assert.deepEqual([avp.code, avp.vendorId], [it.code, it.vendorId ?? 0], path)
  assert.equal(avp.mandatory, it.flags.includes('M'), `${path}: M flag`)
  assert.equal(avp.data.length, it.length - (avp.vendorId === 0 ? 8 : 12), `${path}: length`)
  const known = knownAvp(avp.code, avp.vendorId)
  assert.equal(known?.name, it.avp, `${path}: name`)
  if (it.avps !== undefined) checkAvps(decodeGroup(avp, path), it.avps, path)
  else checkValue(avp, it, path)
}

function checkValue(avp: Avp, it: VectorAvp, path: string): void {
  const type = knownAvp(avp.code, avp.vendorId)?.definition.type ?? 'Grouped'
  assert.notEqual(type, 'Grouped', path)
  const read: unknown = SCALARS[type as keyof typeof SCALARS].read(avp.data)
  if (it.utc !== undefined) assert.deepEqual(read, new Date(it.utc), path)
  else if (it.digits !== undefined) assert.equal(read, it.digits, path)
  else if (it.hex !== undefined) assert.equal((read as Buffer).toString('hex'), it.hex, path)
  else if (Buffer.isBuffer(read)) assert.equal(read.toString('utf8'), it.value, path)
  else if (typeof read === 'bigint') assert.equal(Number(read), it.value, path)
  else assert.equal(read, it.value, path)
}

function reencode(message: DiameterMessage): Buffer {
  const name = nameOfMessage(message)
  assert.ok(name)
  const fields = message.request ? readRequest(name as 'SRR', message) : readAnswer(name as 'SRA', message)
  return encodeMessage(name, fields, message)
}

describe('Messages of another stack', () => {
  assert.equal(vectors.length, 26)
  for (const { name, description, abbreviation, hex, decoded } of vectors) {
    const octets = fromHex(hex)

    test(`RFC 6733 §3, §4: ${name} decodes to what it holds: ${description}`, () => {
      const message = decodeDiameter(octets)
      const { flags, ...numbers } = decoded.header
      assert.deepEqual(
        {
          R: message.request,
          P: message.proxiable,
          E: message.error,
          T: message.retransmitted,
        },
        Object.fromEntries([...'RPET'].map((flag) => [flag, flags.includes(flag)])),
      )
      assert.equal(message.commandCode, numbers.commandCode)
      assert.equal(message.applicationId, numbers.applicationId)
      assert.equal(message.hopByHopId, numbers.hopByHopId)
      assert.equal(message.endToEndId, numbers.endToEndId)
      assert.equal(nameOfMessage(message), abbreviation)
      checkAvps(message.avps, decoded.avps, name)
      assert.ok(describeDiameter(message).avps)
    })

    test(`RFC 6733 §3: ${name} is encoded to the same octets, AVP by AVP and from its typed object`, () => {
      const message = decodeDiameter(octets)
      assert.equal(encodeDiameter(message).toString('hex'), hex)
      assert.equal(reencode(message).toString('hex'), hex)
    })

    test(`RFC 6733 §7.1.5: every truncation of ${name} is a DecodeError, with the old length and with its own`, () => {
      for (let length = 0; length < octets.length; length++) {
        const cut = Buffer.from(octets.subarray(0, length))
        assert.throws(() => decodeDiameter(cut), DecodeError)
        if (length < 4) continue
        cut.writeUIntBE(length, 1, 3)
        decodeOrFail(cut)
      }
    })
  }
})

/** A message cut between two AVPs is a shorter message; anywhere else it is an error of the right type. */
function decodeOrFail(octets: Buffer): void {
  try {
    const message = decodeDiameter(octets)
    assert.equal(encodeDiameter(message).length, octets.length)
    describeDiameter(message)
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error))
    assert.ok(error.offset <= octets.length)
  }
}
