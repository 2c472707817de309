import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MessageCompleted } from '@ipsmgw/events'
import fastify from 'fastify'
import { messageRoutes } from './api.ts'
import { endOf } from './charging-record.ts'
import { RecordStore } from './store.ts'

function completed(messageId: string, rest: Partial<MessageCompleted> = {}): MessageCompleted {
  return {
    kind: 'completion',
    messageId,
    recipientKey: 'k'.repeat(32),
    outcome: 'unknown',
    cause: 'outcomeUnknown',
    partsDelivered: 0,
    parts: 1,
    receivedAtMs: 1_790_000_000_000,
    decidedAtMs: 1_790_000_025_000,
    final: { status: 202, reasonPhrase: 'Accepted', headers: [] },
    callId: `call of ${messageId}`,
    sender: '+447700900111',
    recipient: 'sip:+447900123456@ims.example;user=phone',
    timeline: [
      { step: 'attempted', by: 'sm-delivery', atMs: 1_790_000_000_010, part: 1, peer: 'mme1.example' },
    ],
    ...rest,
  }
}

describe('records', () => {
  test('a refusal is on record until a copy of the same message was taken; then the decision counts', () => {
    const store = new RecordStore(10)
    const refused = endOf({
      messageId: 'm1',
      receivedAtMs: 1,
      refusedAtMs: 2,
      why: 'rateExceeded',
      final: { status: 480, reasonPhrase: '', headers: [] },
      callId: 'call of m1',
      peer: 'scscf',
    })
    store.add(refused)
    assert.deepEqual([store.byId('m1')?.cause, store.byCallId('call of m1').length], ['rateExceeded', 1])
    store.add(completed('m1'))
    store.add(refused)
    assert.deepEqual([store.byId('m1')?.cause, store.byCallId('call of m1').length], ['outcomeUnknown', 1])
  })

  test('a message is found by its id and by its Call-ID, numbers masked', async (t) => {
    const store = new RecordStore(10)
    store.add(completed('m1'))
    const server = fastify()
    t.after(() => server.close())
    messageRoutes(server, store)
    const byId = (await server.inject('/api/messages/m1')).json()
    assert.deepEqual((await server.inject('/api/messages?callId=call%20of%20m1')).json(), [byId])
    assert.equal(byId.status, 202)
    assert.equal(byId.timeline[0].sinceStartMs, 10)
    assert.doesNotMatch(JSON.stringify(byId), /7700900111|7900123456/)
    assert.match(byId.recipient, /^sip:\+4479\*+56@ims.example$/)
  })

  test('an amendment changes the outcome and adds to the timeline, never the SIP status', () => {
    const store = new RecordStore(10)
    store.add(completed('m1'))
    const acknowledged = {
      step: 'acknowledged',
      by: 'sm-delivery',
      atMs: 1_790_000_030_000,
      part: 1,
    } as const
    store.add(
      completed('m1', {
        kind: 'amendment',
        outcome: 'delivered',
        cause: 'delivered',
        timeline: [acknowledged],
      }),
    )
    const record = store.byId('m1')
    assert.equal(record?.outcome, 'delivered')
    assert.equal(record?.final.status, 202)
    assert.equal(record?.timeline.length, 2)
  })

  test('the first completion stands, and the oldest message goes when the store is full', () => {
    const store = new RecordStore(2)
    store.add(completed('m1'))
    store.add(completed('m1', { cause: 'delivered' }))
    assert.equal(store.byId('m1')?.cause, 'outcomeUnknown')
    store.add(completed('m2'))
    store.add(completed('m3'))
    assert.equal(store.byId('m1'), undefined)
    assert.deepEqual(store.byCallId('call of m1'), [])
    assert.equal(store.size, 2)
  })

  test('an unknown message is 404 with a sentence, a missing Call-ID 400', async (t) => {
    const server = fastify()
    t.after(() => server.close())
    messageRoutes(server, new RecordStore(1))
    assert.equal((await server.inject('/api/messages/none')).statusCode, 404)
    assert.equal((await server.inject('/api/messages')).statusCode, 400)
    assert.deepEqual((await server.inject('/api/messages?callId=x')).json(), [])
  })
})
