import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DecodeError, toHex } from '@ipsmgw/bytes'
import {
  decodeDeliver,
  encodeDeliver,
  encodeDeliverMessage,
  encodeGsm7,
  readDeliverReport,
  type SmsDeliver,
} from './index.ts'

/** Small deterministic generator: a failure can be repeated. */
function generator(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

function seeds(): Buffer[] {
  return ['Hello', 'я'.repeat(100), 'ş'.repeat(200), 'नमस्ते।'].flatMap((content) => {
    const result = encodeDeliverMessage({
      content,
      languages: [1, 6],
      originator: { kind: 'alphanumeric', text: 'AcmeService' },
      serviceCentreTime: { epochMs: Date.UTC(2026, 2, 1), offsetMinutes: -180 },
      reference: { bits: 16, value: 4660 },
    })
    assert.ok(result.ok)
    return result.tpdus
  })
}

test('TS 23.040 §9.2.2.1: any octets give a message or a DecodeError, and a message encodes again', () => {
  const random = generator(23_040)
  const samples = seeds()
  let read = 0
  for (let round = 0; round < 40_000; round++) {
    const octets = Buffer.from(samples[random(samples.length)] as Buffer)
    for (let change = random(4); change >= 0; change--) octets[random(octets.length)] = random(256)
    const input = random(4) === 0 ? octets.subarray(0, random(octets.length + 1)) : octets
    try {
      const message = decodeDeliver(input)
      read++
      if (hasEscapedName(message)) continue
      const again = encodeDeliver(message)
      assert.deepEqual(decodeDeliver(again), message, toHex(input))
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      assert.ok(error.offset <= input.length && error.path.length > 0)
    }
  }
  assert.ok(read > 1000, `${read} inputs were readable`)
})

test('TS 23.040 §9.2.2.1a: any octets give a report, with a DecodeError as value', () => {
  const random = generator(9)
  for (let round = 0; round < 40_000; round++) {
    const octets = Buffer.from(Array.from({ length: random(24) }, () => random(256)))
    octets[0] = random(2) * 0x40
    const { report, fault } = readDeliverReport(octets, random(2) === 0 ? 'ack' : 'error')
    assert.ok(report.form === 'ack' || report.form === 'error')
    assert.ok(fault === undefined || fault instanceof DecodeError)
  }
})

/** Names with escaped characters are read, and on purpose never written. */
function hasEscapedName({ originator }: SmsDeliver): boolean {
  return originator.kind === 'alphanumeric' && encodeGsm7(originator.text)?.length !== originator.text.length
}
