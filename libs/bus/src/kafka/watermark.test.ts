import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Watermark } from './watermark.ts'

describe('design Never twice 4: the low-water mark', () => {
  test('never passes unfinished work, whatever the order of the rest', () => {
    const watermark = new Watermark(10)
    for (const offset of [10, 11, 12, 13]) watermark.take(offset)
    for (const offset of [13, 11]) watermark.done(offset)
    assert.equal(watermark.position, 10)
    watermark.done(10)
    assert.equal(watermark.position, 12)
    watermark.done(12)
    assert.equal(watermark.position, 14)
  })

  test('gaps in the log are passed', () => {
    const watermark = new Watermark(0)
    for (const offset of [0, 7, 9]) watermark.take(offset)
    for (const offset of [9, 7, 0]) watermark.done(offset)
    assert.equal(watermark.position, 10)
  })

  test('any finishing order of many leaves nothing behind', () => {
    const watermark = new Watermark(0)
    const offsets = Array.from({ length: 10_000 }, (_, n) => n)
    for (const offset of offsets) watermark.take(offset)
    for (const offset of offsets.toSorted((a, b) => ((a * 7_919) % 10_007) - ((b * 7_919) % 10_007)))
      watermark.done(offset)
    assert.equal(watermark.position, 10_000)
    assert.equal(watermark.underWay, 0)
  })
})
