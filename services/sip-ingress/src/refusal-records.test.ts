import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type MessageRefused, messageRefused } from '@ipsmgw/events'
import { loadPolicy } from '@ipsmgw/policy'
import { parseDatagram, type SipRequest } from '@ipsmgw/sip'
import type { PeerConfig } from './peers.ts'
import { RefusalRecords } from './refusal-records.ts'

const PEER: PeerConfig = {
  name: 'scscf',
  addresses: ['127.0.0.1'],
  tlsNames: [],
  trusted: true,
  servedUser: true,
}
const POLICY = { ...loadPolicy(), homeDomains: ['ims.example'] }
const ID = 'm'.repeat(32)

function message(headers: readonly string[]): SipRequest {
  const lines = [
    'MESSAGE tel:+447900123456 SIP/2.0',
    'Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1',
    'From: <sip:+447700900111@ims.example;user=phone>;tag=1',
    'To: <tel:+447900123456>',
    'Call-ID: c1',
    'CSeq: 1 MESSAGE',
    ...headers,
    'Content-Length: 0',
  ]
  return parseDatagram(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)) as SipRequest
}

function harness(refusalRecordsPerSecond: number) {
  const clock = { nowMs: 1_000_000 }
  const written: MessageRefused[] = []
  const counted = { failed: 0, skipped: 0 }
  const bus = { isThere: true }
  const records = new RefusalRecords(
    { refusalRecordsPerSecond },
    {
      now: () => clock.nowMs,
      publish: async (record) => {
        if (!bus.isThere) throw new Error('no bus')
        // Through the octets of the topic: what cannot be read again is no record.
        written.push(messageRefused.decode(messageRefused.encode(record)))
      },
      failed: () => void counted.failed++,
      skipped: () => void counted.skipped++,
    },
  )
  const refuse = (status = 415, headers: readonly string[] = []) =>
    records.request(message(headers), ID, PEER, POLICY, {
      why: 'contentType',
      final: { status, reasonPhrase: '', headers: [] },
    })
  return { clock, written, counted, refuse, bus }
}

describe('one record per message, refusals included', () => {
  test('it names the parties, the peer, the answer and what P-Charging-Vector says', () => {
    const h = harness(10)
    h.refuse(415, [
      'P-Asserted-Identity: <tel:+447700900111>',
      'Privacy: id',
      'P-Charging-Vector: icid-value=1234bc9876e;orig-ioi=home1.example',
    ])
    const [{ final, ...record } = {} as MessageRefused] = h.written
    assert.deepEqual(record, {
      messageId: ID,
      receivedAtMs: 1_000_000,
      refusedAtMs: 1_000_000,
      why: 'contentType',
      callId: 'c1',
      peer: 'scscf',
      sender: '+447700900111',
      recipient: '+447900123456',
      anonymous: true,
      icid: '1234bc9876e',
      origIoi: 'home1.example',
    })
    assert.equal(final?.status, 415)
  })

  test('a header that cannot be read leaves out what it would have told', () => {
    const h = harness(10)
    h.refuse(400, ['P-Asserted-Identity: <tel:', 'Privacy: id'])
    assert.equal(h.written.length, 1)
    assert.deepEqual([h.written[0]?.sender, h.written[0]?.recipient], [undefined, '+447900123456'])
  })

  test('a flood makes as many records as a second may have; the rest is counted', () => {
    const h = harness(10)
    for (let i = 0; i < 1_000; i++) h.refuse()
    assert.deepEqual([h.written.length, h.counted.skipped], [10, 990])
    h.clock.nowMs += 500
    for (let i = 0; i < 1_000; i++) h.refuse()
    assert.equal(h.written.length, 15)
    h.clock.nowMs += 3_600_000
    for (let i = 0; i < 1_000; i++) h.refuse()
    assert.equal(h.written.length, 25)
  })

  test('what is refused for load makes none, nor does anything at 0 a second', () => {
    const loaded = harness(10)
    loaded.refuse(503)
    const off = harness(0)
    off.refuse()
    assert.deepEqual([loaded.written.length, loaded.counted.skipped], [0, 1])
    assert.deepEqual([off.written.length, off.counted.skipped], [0, 1])
  })

  test('a bus that does not take it is counted', async () => {
    const h = harness(10)
    h.bus.isThere = false
    h.refuse()
    await new Promise(setImmediate)
    assert.equal(h.counted.failed, 1)
  })
})
