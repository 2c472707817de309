import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readId, TransactionIds, writeId } from './transaction-ids.ts'

const seeds = [0x12345678, 0x9abcdef0, 0x0fedcba9, 0x87654321] as const

for (const instanceBits of [15, 16])
  test(`Q.773 §4.2.1.2: all ids of an instance come once before one comes again (${instanceBits} bits)`, () => {
    const ids = new TransactionIds({ instanceBits, instance: 9, seeds })
    const seen = new Set<number>()
    for (let i = 0; i < ids.capacity; i++) seen.add(ids.next())
    assert.equal(seen.size, ids.capacity)
    for (const id of seen) assert.ok(ids.isOwn(id) && id <= 0xffffffff && readId(writeId(id)) === id)
    assert.ok(seen.has(ids.next()))
  })

test('design §7: the instance stands in the high bits, and must fit', () => {
  const ids = new TransactionIds({ instanceBits: 8, instance: 255, seeds })
  assert.equal(ids.next() >>> 24, 255)
  assert.equal(ids.instanceOf(0x07000001), 7)
  assert.throws(() => new TransactionIds({ instanceBits: 2, instance: 4, seeds }), RangeError)
})

test('Q.774 §3.3: neighbours in time are no neighbours in value', () => {
  const ids = new TransactionIds({ instanceBits: 0, instance: 0, seeds })
  const gaps = new Set<number>()
  let last = ids.next()
  for (let i = 0; i < 1000; i++) {
    const next = ids.next()
    gaps.add(next - last)
    last = next
  }
  assert.ok(gaps.size > 990, `${gaps.size} different gaps`)
})

test('Q.773 §4.2.1.2: a peer may leave out zeros in front', () => {
  assert.equal(readId(Uint8Array.of(0x2a)), 0x2a)
  assert.equal(readId(Uint8Array.of(0xff, 0xff, 0xff, 0xff)), 0xffffffff)
})
