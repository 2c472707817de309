import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { DecodeError, fromHex, toHex } from '@ipsmgw/bytes'
import { type Address, addressText, decodeDeliver, originatorOctets, withOriginator } from './index.ts'

const FILE = new URL('../../../test/vectors/sms-vectors.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(FILE, 'utf8')) as {
  vectors: { id: string; kind: string; tpdus: string[] }[]
}
const delivers = vectors.filter(({ kind }) => kind === 'SMS-DELIVER').flatMap(({ tpdus }) => tpdus)

const number: Address = { kind: 'numeric', ton: 1, npi: 1, digits: '15550001042' }
/** TS 23.040 §9.1.2.5, by hand: 11 semi-octets, international E.164. */
const NUMBER = '0b915155001040f2'

describe('TS 23.040 §9.1.2.5: another TP-OA', () => {
  test('is in its place, and all before and behind it stays octet for octet', () => {
    assert.ok(delivers.length > 50)
    for (const hex of delivers) {
      const octets = fromHex(hex)
      const semiOctets = octets[1] ?? 0
      const behind = 3 + ((semiOctets + 1) >> 1)
      assert.equal(toHex(withOriginator(octets, number)), hex.slice(0, 2) + NUMBER + hex.slice(2 * behind))
      assert.equal(toHex(originatorOctets(octets)), hex.slice(2, 2 * behind))
    }
  })

  test('a TPDU that ends in it is no TPDU', () => {
    const hex = delivers[0] ?? assert.fail()
    for (const octets of [0, 1, 2, 5])
      assert.throws(() => withOriginator(fromHex(hex).subarray(0, octets), number), DecodeError)
  })

  test('as people write it', () => {
    assert.equal(addressText(number), '+15550001042')
    assert.equal(addressText({ kind: 'numeric', ton: 0, npi: 1, digits: '7042' }), '7042')
    assert.equal(addressText({ kind: 'alphanumeric', text: 'alice' }), 'alice')
    const shown = delivers.map((hex) => addressText(decodeDeliver(fromHex(hex)).originator))
    assert.ok(shown.includes('+447700900456'))
  })
})
