import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { positionOf } from './positions.ts'

const both = { topic: 't', live: true, replayed: true }
const live = { ...both, replayed: false }
const ledger = { ...both, live: false }
const log = { low: 100, high: 500, committed: 400, windowBegin: 250 }

describe('kafka.md F9 and The claim: where a new owner begins', () => {
  test('without replay it begins at what was committed', () => {
    assert.deepEqual(positionOf(log, live, 'claim'), {
      start: 400,
      liveFrom: 400,
      replayUntil: 0,
      committed: 400,
    })
  })

  test('with replay it reads from the window on, and what was committed only rebuilds state', () => {
    const { start, liveFrom, replayUntil } = positionOf(log, both, 'claim')
    assert.deepEqual([start, liveFrom, replayUntil], [250, 400, 400])
  })

  test('a ledger is read to its end before anything live', () => {
    const { start, liveFrom, replayUntil } = positionOf(log, ledger, 'at-least-once')
    assert.deepEqual([start, liveFrom, replayUntil], [250, Number.MAX_SAFE_INTEGER, 500])
  })

  test('a backlog older than the window is live all the same', () => {
    const { start, liveFrom } = positionOf({ ...log, committed: 200, windowBegin: 450 }, both, 'claim')
    assert.deepEqual([start, liveFrom], [200, 200])
  })

  test('no record inside the window: nothing to replay', () => {
    const { start, replayUntil } = positionOf({ ...log, windowBegin: -1 }, both, 'claim')
    assert.equal(start, replayUntil)
  })

  test('a group that never committed begins at the oldest record', () => {
    assert.equal(positionOf({ ...log, committed: -1 }, live, 'claim').liveFrom, 100)
  })

  test('what was committed and is deleted meanwhile is gone', () => {
    assert.equal(positionOf({ ...log, committed: 50 }, live, 'at-least-once').liveFrom, 100)
  })

  for (const committed of [501, -2])
    test(`an offset of ${committed} says that brokers forgot: claims begin behind everything, others at the start`, () => {
      assert.equal(positionOf({ ...log, committed }, live, 'claim').liveFrom, 500)
      assert.equal(positionOf({ ...log, committed }, live, 'at-least-once').liveFrom, 100)
    })
})
