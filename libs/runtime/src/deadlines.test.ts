import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Deadlines } from './deadlines.ts'

function wheel() {
  let now = 1_000_000
  const expired: string[] = []
  const deadlines = new Deadlines<string>({ tickMs: 50, now: () => now }, (key) => expired.push(key))
  const pass = (ms: number) => {
    now += ms
    deadlines.advance()
  }
  return { deadlines, expired, pass, at: (ms: number) => now + ms }
}

describe('Deadlines', () => {
  test('a key expires never before its time and at most one tick after', (t) => {
    const { deadlines, expired, pass, at } = wheel()
    t.after(() => deadlines.close())
    deadlines.set('a', at(120))
    pass(119)
    assert.deepEqual(expired, [])
    pass(51)
    assert.deepEqual(expired, ['a'])
    assert.equal(deadlines.size, 0)
  })

  test('a key that is set again moves, a deleted one never expires', (t) => {
    const { deadlines, expired, pass, at } = wheel()
    t.after(() => deadlines.close())
    deadlines.set('moved', at(100))
    deadlines.set('moved', at(300))
    deadlines.set('gone', at(100))
    deadlines.delete('gone')
    pass(200)
    assert.deepEqual(expired, [])
    pass(200)
    assert.deepEqual(expired, ['moved'])
  })

  test('a deadline in the past expires at the next tick, also when set while expiring', (t) => {
    const { deadlines, expired, pass, at } = wheel()
    t.after(() => deadlines.close())
    deadlines.set('late', at(-5_000))
    pass(50)
    assert.deepEqual(expired, ['late'])
  })

  test('after an hour frozen everything due expires in order and the rest stays', (t) => {
    const { deadlines, expired, pass, at } = wheel()
    t.after(() => deadlines.close())
    deadlines.set('second', at(60_000))
    deadlines.set('first', at(1_000))
    deadlines.set('later', at(7_200_000))
    pass(3_600_000)
    assert.deepEqual(expired, ['first', 'second'])
    assert.equal(deadlines.size, 1)
  })
})
