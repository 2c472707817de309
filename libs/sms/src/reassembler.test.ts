import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeDeliver, encodeDeliverMessage, Reassembler, type SmsDeliver } from './index.ts'

function partsOf(content: string | Uint8Array, value = 7, digits = '447700900456', second = 0): SmsDeliver[] {
  const result = encodeDeliverMessage({
    content,
    originator: { kind: 'numeric', ton: 1, npi: 1, digits },
    serviceCentreTime: { epochMs: Date.UTC(2026, 2, 1, 0, 0, second), offsetMinutes: 0 },
    reference: { bits: 8, value },
  })
  assert.ok(result.ok)
  return result.tpdus.map(decodeDeliver)
}

function phone(options: Partial<{ timeLimitMs: number; maxMessages: number }> = {}) {
  const clock = { nowMs: 0 }
  const reassembler = new Reassembler(
    { timeLimitMs: 1000, maxMessages: 10, ...options },
    { now: () => clock.nowMs },
  )
  const kinds = (...parts: readonly (SmsDeliver | undefined)[]) =>
    parts.map((part) => (part === undefined ? 'none' : reassembler.add(part).kind))
  return { clock, reassembler, kinds }
}

const LONG = 'abcdefghij'.repeat(40)

test('TS 23.040 §9.2.3.24.1: out of order and repeated parts give the text once', () => {
  const [one, two, three] = partsOf(LONG)
  const { kinds, reassembler } = phone()
  assert.deepEqual(kinds(three, three, one, one), ['incomplete', 'duplicate', 'incomplete', 'duplicate'])
  assert.ok(two)
  const done = reassembler.add(two)
  assert.ok(done.kind === 'complete' && done.content.kind === 'text')
  assert.equal(done.content.text, LONG)
  assert.equal(done.parts.length, 3)
})

test('a part repeated after completion is a duplicate', () => {
  const parts = partsOf(LONG)
  const { kinds } = phone()
  assert.deepEqual(kinds(...parts, ...parts), [
    'incomplete',
    'incomplete',
    'complete',
    'duplicate',
    'duplicate',
    'duplicate',
  ])
})

test('originators and references are kept apart', () => {
  const [a1, a2] = partsOf('a'.repeat(200), 7)
  const [b1, b2] = partsOf('b'.repeat(200), 8)
  const [c1, c2] = partsOf('c'.repeat(200), 7, '447700900999')
  const { kinds } = phone()
  assert.deepEqual(kinds(a1, b1, c1), ['incomplete', 'incomplete', 'incomplete'])
  assert.deepEqual(kinds(c2, b2, a2), ['complete', 'complete', 'complete'])
})

test('a reference in use again with other content starts a new message', () => {
  const [a1] = partsOf('a'.repeat(200), 7)
  const [b1, b2] = partsOf('b'.repeat(200), 7)
  const { kinds, reassembler } = phone()
  assert.deepEqual(kinds(a1, b1), ['incomplete', 'incomplete'])
  assert.ok(b2)
  const done = reassembler.add(b2)
  assert.ok(done.kind === 'complete' && done.content.kind === 'text')
  assert.equal(done.content.text, 'b'.repeat(200))
})

test('the same text sent again later is a new message', () => {
  const { kinds } = phone()
  assert.deepEqual(kinds(...partsOf('a'.repeat(200)), ...partsOf('a'.repeat(200), 7, undefined, 1)), [
    'incomplete',
    'complete',
    'incomplete',
    'complete',
  ])
})

test('parts older than the time limit are forgotten', () => {
  const [one, two] = partsOf('a'.repeat(200))
  const { kinds, clock, reassembler } = phone({ timeLimitMs: 1000 })
  assert.deepEqual(kinds(one), ['incomplete'])
  clock.nowMs = 1000
  assert.deepEqual(kinds(two), ['incomplete'])
  assert.equal(reassembler.size, 1)
})

test('when full the oldest message is given up', () => {
  const messages = [1, 2, 3].map((value) => partsOf('a'.repeat(200), value))
  const { kinds, reassembler } = phone({ maxMessages: 2 })
  assert.deepEqual(kinds(...messages.map(([one]) => one)), ['incomplete', 'incomplete', 'incomplete'])
  assert.equal(reassembler.size, 2)
  assert.deepEqual(kinds(messages[2]?.[1], messages[1]?.[1], messages[0]?.[1]), [
    'complete',
    'complete',
    'incomplete',
  ])
})

test('one-part messages pass through, data are joined as octets', () => {
  const { kinds, reassembler } = phone()
  const [single] = partsOf('short')
  assert.deepEqual(kinds(single, single), ['complete', 'complete'])
  assert.equal(reassembler.size, 0)
  const octets = Buffer.from(Array.from({ length: 200 }, (_, i) => i))
  const [one, two] = partsOf(octets)
  assert.ok(one && two)
  reassembler.add(two)
  const done = reassembler.add(one)
  assert.ok(done.kind === 'complete' && done.content.kind === 'data')
  assert.deepEqual(done.content.octets, octets)
})
