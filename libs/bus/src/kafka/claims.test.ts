import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Claims, type TopicOffset } from './claims.ts'

const at = (partition: number, offset: number): TopicOffset => ({ topic: 't', partition, offset })

describe('kafka.md The claim: the commit comes first', () => {
  test('claims of one turn are one commit', async () => {
    const commits: (readonly TopicOffset[])[] = []
    const claims = new Claims(async (offsets) => void commits.push(offsets))
    const claimed = await Promise.all([0, 1, 2].map((p) => claims.claim(at(p, 5), () => true)))
    assert.deepEqual(claimed, [true, true, true])
    assert.deepEqual(commits, [[at(0, 5), at(1, 5), at(2, 5)]])
  })

  test('F7: ownership is asked in the tick of the commit, and what has gone is not committed', async () => {
    const commits: (readonly TopicOffset[])[] = []
    const claims = new Claims(async (offsets) => void commits.push(offsets))
    let owned = true
    const [first, second] = [claims.claim(at(0, 5), () => owned), claims.claim(at(1, 5), () => true)]
    owned = false
    assert.deepEqual([await first, await second], [false, true])
    assert.deepEqual(commits, [[at(1, 5)]])
  })

  test('a refused commit claims nothing', async () => {
    const refused = new Error('ILLEGAL_GENERATION')
    const claims = new Claims(() => Promise.reject(refused))
    await assert.rejects(
      claims.claim(at(0, 5), () => true),
      refused,
    )
  })
})
