import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Lanes } from './lanes.ts'

describe('design Never twice 4: lanes', () => {
  test('work of one key runs in order, also through a long queue', async () => {
    const idle = Promise.withResolvers<void>()
    const lanes = new Lanes((left) => left === 0 && idle.resolve())
    const seen: number[] = []
    for (let n = 0; n < 2_000; n++)
      lanes.run('one', async () => {
        seen.push(n)
      })
    assert.equal(lanes.count, 2_000)
    await idle.promise
    assert.deepEqual(
      seen,
      Array.from({ length: 2_000 }, (_, n) => n),
    )
    assert.equal(lanes.count, 0)
  })

  test('work of another key does not wait', () => {
    const lanes = new Lanes()
    lanes.run('slow', () => new Promise<void>(() => {}))
    let ran = false
    lanes.run('quick', () => {
      ran = true
    })
    assert.equal(ran, true)
    assert.equal(lanes.count, 1)
  })
})
