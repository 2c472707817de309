import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromHex } from '@ipsmgw/bytes'
import { type DialogueFailure, decodeTcap } from '@ipsmgw/tcap'
import { nextVersion } from './negotiation.ts'
import { VersionCache } from './version-cache.ts'

interface Vector {
  readonly id: string
  readonly tcap: string
  readonly decoded: { readonly map: { readonly abort?: string; readonly next?: string } }
}
const file = new URL('../../../test/vectors/map-vectors.json', import.meta.url)
const aborts = (JSON.parse(readFileSync(file, 'utf8')) as { map: Vector[] }).map.filter(
  ({ decoded }) => decoded.map.abort !== undefined,
)

/** What TCAP tells of an ABORT. */
function failureOf(tcap: string, established = false): DialogueFailure {
  const message = decodeTcap(fromHex(tcap))
  assert.ok(message.type === 'abort')
  const { pAbortCause, dialogue } = message
  if (pAbortCause !== undefined) return { kind: 'providerAbort', cause: pAbortCause, established }
  if (dialogue?.apdu === 'AARE') return { kind: 'refused', aare: dialogue, established }
  return { kind: 'userAbort', abrt: dialogue?.apdu === 'ABRT' ? dialogue : undefined, established }
}

test('the vectors are all there', () => {
  assert.equal(aborts.length, 10)
})

for (const { id, tcap, decoded } of aborts) {
  const { next } = decoded.map
  const expected = next === undefined ? undefined : Number(/version (\d)/.exec(next)?.[1])
  test(`TS 29.002 §5.4, ${id}: ${next ?? 'no matter of the version'}`, () => {
    const offered = { name: 'shortMsgMtRelay', version: 3 } as const
    assert.equal(nextVersion(offered, failureOf(tcap)), expected)
    assert.equal(nextVersion(offered, failureOf(tcap, true)), undefined, 'not after an answer')
    assert.equal(nextVersion({ ...offered, version: 1 }, failureOf(tcap)), undefined, 'nothing is below 1')
  })
}

test('TS 29.002 §5.4: a version that is not older, or of another context, is no offer', () => {
  const refused = (applicationContext: string, code: number): DialogueFailure => ({
    kind: 'refused',
    aare: { apdu: 'AARE', applicationContext, result: 1, diagnostic: { source: 'user', code } },
    established: false,
  })
  const offered = { name: 'shortMsgMtRelay', version: 2 } as const
  assert.equal(nextVersion(offered, refused('0.4.0.0.1.0.25.3', 2)), 1)
  assert.equal(nextVersion(offered, refused('0.4.0.0.1.0.20.1', 1)), undefined)
  assert.equal(nextVersion(offered, refused('0.4.0.0.1.0.25.1', 1)), 1)
  assert.equal(nextVersion(offered, refused('1.2.3', 0)), undefined)
})

test('design: learned versions are bounded, the longest unused goes first, and all expire', () => {
  let nowMs = 0
  const cache = new VersionCache({ maxEntries: 2, keptMs: 1000 }, () => nowMs)
  cache.set('a', 'shortMsgMtRelay', 2)
  cache.set('b', 'shortMsgMtRelay', 1)
  assert.equal(cache.get('a', 'shortMsgMtRelay'), 2)
  cache.set('c', 'shortMsgMtRelay', 1)
  assert.equal(cache.size, 2)
  assert.equal(cache.get('b', 'shortMsgMtRelay'), undefined)
  assert.equal(cache.get('a', 'shortMsgGateway'), undefined)
  nowMs = 1000
  assert.equal(cache.get('a', 'shortMsgMtRelay'), undefined)
  assert.equal(cache.size, 1)
})
