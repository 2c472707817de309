import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromHex } from '@ipsmgw/bytes'
import { DestinationTable, decodeM3ua } from './index.ts'

const file = new URL('../../../test/vectors/map-vectors.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as { m3ua: { id: string; m3ua: string }[] }

/** Applies a message of another stack. */
function apply(table: DestinationTable, id: string, nowMs = 0) {
  const message = decodeM3ua(fromHex(vectors.m3ua.find((it) => it.id === id)?.m3ua ?? ''))
  assert.ok(message.name !== undefined)
  return table.apply(message.name, message.parameters, nowMs).map(({ pointCode }) => pointCode)
}

const table = (mostEntries?: number) =>
  new DestinationTable({ congestionMs: 5_000, userPartMs: 10_000, ...(mostEntries && { mostEntries }) })

test('RFC 4666 §3.4: nothing is refused before anything was said', () => {
  const fresh = table()
  assert.equal(fresh.refusal(2058, true, 0), undefined)
  assert.deepEqual(fresh.state(2058, 0), { pointCode: 2058, availability: 'unknown', congestionLevel: 0 })
})

test('RFC 4666 §3.4.1, §3.4.2: DUNA closes a destination, DAVA opens it and ends its congestion', () => {
  const it = table()
  assert.deepEqual(apply(it, 'm3ua-duna'), [2058])
  assert.equal(it.refusal(2058, false, 0), 'destinationUnavailable')
  assert.equal(it.refusal(2057, false, 0), undefined)
  assert.deepEqual(it.unavailable(), [{ mask: 0, pointCode: 2058 }])
  apply(it, 'm3ua-scon')
  assert.deepEqual(apply(it, 'm3ua-dava'), [2058, 2059])
  assert.equal(it.refusal(2058, true, 0), undefined)
  assert.deepEqual(it.unavailable(), [])
})

test('RFC 4666 §3.4.4: SCON holds back what opens a dialogue, until it is not repeated any more', () => {
  const it = table()
  apply(it, 'm3ua-scon', 1_000)
  assert.equal(it.state(2058, 1_000).congestionLevel, 2)
  assert.equal(it.refusal(2058, true, 5_999), 'destinationCongested')
  assert.equal(it.refusal(2058, false, 5_999), undefined)
  assert.equal(it.refusal(2058, true, 6_000), undefined)
})

test('RFC 4666 §3.4.4: SCON with level 0 ends the congestion, without a level it is one', () => {
  const it = table()
  const affectedPointCodes = [{ mask: 0, pointCode: 7 }]
  it.apply('SCON', { affectedPointCodes }, 0)
  assert.equal(it.refusal(7, true, 0), 'destinationCongested')
  it.apply('SCON', { affectedPointCodes, congestionLevel: 0 }, 0)
  assert.equal(it.refusal(7, true, 0), undefined)
})

test('RFC 4666 §3.4.5: DUPU for the SCCP refuses for a while, or until something comes from there', () => {
  const it = table()
  apply(it, 'm3ua-dupu')
  assert.equal(it.refusal(2058, false, 9_999), 'userPartUnavailable')
  assert.equal(it.state(2058, 0).userPartUnavailable, 2)
  assert.equal(it.refusal(2058, false, 10_000), undefined)
  apply(it, 'm3ua-dupu')
  it.heardFrom(2058)
  assert.equal(it.refusal(2058, false, 1), undefined)
})

test('RFC 4666 §3.4.5: DUPU for another user part is not for us', () => {
  const it = table()
  it.apply('DUPU', { affectedPointCodes: [{ mask: 0, pointCode: 7 }], userCause: { cause: 1, user: 5 } }, 0)
  assert.equal(it.refusal(7, false, 0), undefined)
})

test('RFC 4666 §3.4.6: a restricted destination takes traffic and says so', () => {
  const it = table()
  apply(it, 'm3ua-drst')
  assert.equal(it.state(2058, 0).availability, 'restricted')
  assert.equal(it.refusal(2058, true, 0), undefined)
})

test('RFC 4666 §3.4.1: a mask covers a range; what is said later of one point code stands above it', () => {
  const it = table()
  it.apply('DAVA', { affectedPointCodes: [{ mask: 0, pointCode: 2058 }] }, 0)
  it.apply('DUNA', { affectedPointCodes: [{ mask: 3, pointCode: 2056 }] }, 0)
  for (const pointCode of [2056, 2058, 2063])
    assert.equal(it.refusal(pointCode, false, 0), 'destinationUnavailable', `${pointCode}`)
  assert.equal(it.refusal(2064, false, 0), undefined)
  it.apply('DAVA', { affectedPointCodes: [{ mask: 0, pointCode: 2058 }] }, 0)
  assert.equal(it.refusal(2058, false, 0), undefined)
  assert.equal(it.refusal(2057, false, 0), 'destinationUnavailable')
})

test('hostile: a flood of point codes and of ranges stays within its bound', () => {
  const it = table(100)
  for (let pointCode = 0; pointCode < 10_000; pointCode++)
    it.apply('DUNA', { affectedPointCodes: [{ mask: pointCode % 255, pointCode }] }, 0)
  assert.ok(it.unavailable().length <= 200)
})
