import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ImReceived } from '@ipsmgw/events'
import { KeyMaker } from '@ipsmgw/numbering'
import { loadPolicy, type Policy } from '@ipsmgw/policy'
import { decodeDeliver, ServiceCentreClock } from '@ipsmgw/sms'
import { convert } from './convert.ts'

const keys = new KeyMaker(Buffer.alloc(32, 7))
const defaults = loadPolicy()

function tools(change: (policy: Policy) => Partial<Policy> = () => ({})) {
  const policy = { ...defaults, ...change(defaults) }
  return { policy, keys, clock: new ServiceCentreClock(policy.timeZone) }
}

function message(text: string, rest: Partial<ImReceived> = {}): ImReceived {
  const sender = { uri: 'tel:+447700900111', number: '+447700900111' }
  return {
    messageId: 'message-0123456789abcd',
    recipientKey: 'k'.repeat(32),
    receivedAtMs: Date.UTC(2026, 6, 1, 12, 0, 0),
    answerByMs: Date.UTC(2026, 6, 1, 12, 0, 25),
    forwardByMs: Date.UTC(2026, 6, 1, 12, 0, 20),
    reply: { ordinal: 0, bootId: 'b' },
    sip: { callId: 'secret-call-id', peer: 'p', transport: 'udp' },
    recipient: { uri: 'tel:+905321234567', number: '+905321234567', source: 'Request-URI' },
    sender: { asserted: [sender], from: sender },
    text,
    contentType: 'text/plain',
    answer: { unknownOutcome: 202 },
    policyVersion: '1',
    ...rest,
  }
}

const decoded = (prepared: { tpdus: string[] }) =>
  prepared.tpdus.map((t) => decodeDeliver(Buffer.from(t, 'base64')))

describe('TS 23.204 §6.13 step 7: conversion', () => {
  test('the same record gives the same octets, long messages too', () => {
    const long = message('x'.repeat(400))
    assert.deepEqual(convert(long, tools(), 1), convert(long, tools(), 1))
  })

  test('TP-OA is the sender, TP-SCTS the arrival in the service centre’s zone, TP-MMS 0 in all but the last part', () => {
    const result = convert(
      message('x'.repeat(200)),
      tools(() => ({ timeZone: 'Europe/Istanbul' })),
      1,
    )
    assert.equal(result.kind, 'prepared')
    if (result.kind !== 'prepared') return
    const parts = decoded(result.prepared)
    assert.deepEqual(
      parts.map((p) => p.moreMessages),
      [true, false],
    )
    for (const part of parts) {
      assert.deepEqual(part.originator, { kind: 'numeric', ton: 1, npi: 1, digits: '447700900111' })
      assert.deepEqual(part.serviceCentreTime, {
        epochMs: Date.UTC(2026, 6, 1, 12, 0, 0),
        offsetMinutes: 180,
      })
    }
  })

  test('a national table is used where the policy enables it for the recipient', () => {
    const turkish = message('ş'.repeat(100))
    const plain = convert(turkish, tools(), 1)
    const national = convert(
      turkish,
      tools((p) => ({ text: { ...p.text, languages: [{ recipients: '+90', tables: [1] }] } })),
      1,
    )
    assert.equal(plain.kind === 'prepared' && plain.parts, 2)
    assert.equal(national.kind === 'prepared' && national.parts, 1)
    if (national.kind === 'prepared')
      assert.equal(decoded(national.prepared)[0]?.userData.content.alphabet, 'gsm7')
  })

  test('more parts than the operator allows: 413 before anything is asked', () => {
    const result = convert(message('x'.repeat(2000)), tools(), 1)
    assert.equal(result.kind === 'refused' && result.report.cause, 'tooLong')
  })

  test('the sender’s URI goes on only to a recipient without a number, and never from a hidden sender', () => {
    const byName = { uri: 'sip:bob@ims.example', source: 'Request-URI' } as const
    const alice = { uri: 'sip:alice@ims.example' }
    const sender = { asserted: [{ uri: 'tel:+447700900111', number: '+447700900111' }, alice], from: alice }
    const uriOf = (rest: Partial<ImReceived>) => {
      const result = convert(
        message('hello', rest),
        tools((p) => ({ homeDomains: ['ims.example'], anonymity: { ...p.anonymity, mode: 'allow' } })),
        1,
      )
      return result.kind === 'prepared' ? result.prepared.originatorUri : result.kind
    }
    assert.equal(uriOf({ recipient: byName, sender }), 'sip:alice@ims.example')
    assert.equal(uriOf({ sender }), undefined)
    assert.equal(uriOf({ recipient: byName, sender: { ...sender, anonymity: { signal: 'id' } } }), undefined)
  })

  test('the HSS is to be asked for the number of a sender of our own, and then routing says what the phone sees', () => {
    const alice = { uri: 'sip:alice@ims.example' }
    const sent = (rest: Partial<ImReceived['sender']>) =>
      convert(
        message('hello', { sender: { asserted: [alice], from: alice, ...rest } }),
        tools((p) => ({ homeDomains: ['ims.example'], anonymity: { ...p.anonymity, mode: 'allow' } })),
        1,
      )
    const asked = sent({})
    assert.ok(asked.kind === 'prepared')
    assert.deepEqual(asked.prepared.askHome, { uri: alice.uri, otherwise: 'as-prepared' })
    assert.deepEqual([asked.report.originator, asked.prepared.hidden], [undefined, false])
    const hidden = sent({ anonymity: { signal: 'Privacy: id' } })
    assert.ok(hidden.kind === 'prepared')
    assert.deepEqual([hidden.prepared.askHome, hidden.prepared.hidden], [undefined, true])
    assert.equal(hidden.report.originator, 'Anonymous')
    const numbered = sent({ asserted: [alice, { uri: 'tel:+447700900111', number: '+447700900111' }] })
    assert.ok(numbered.kind === 'prepared')
    assert.deepEqual([numbered.prepared.askHome, numbered.report.originator], [undefined, '+447700900111'])
  })

  test('the profile of the SIP peer goes on: what remains of step 7 is decided by it', () => {
    const policy = loadPolicy('', { profiles: { cpm: {} } })
    const sip = { callId: 'c', peer: 'p', transport: 'udp', profile: 'cpm' } as const
    const result = convert(message('hello', { sip }), { ...tools(), policy }, 1)
    assert.equal(result.kind === 'prepared' && result.prepared.profile, 'cpm')
  })

  test('a hidden sender leaves no digit, no Call-ID and no name in what goes on', () => {
    const result = convert(
      message('hello', {
        sender: {
          asserted: [{ uri: 'tel:+447700900111', number: '+447700900111', displayName: 'Bob' }],
          from: { uri: 'sip:anonymous@anonymous.invalid' },
          anonymity: { signal: 'Privacy: id' },
        },
      }),
      tools((p) => ({ anonymity: { ...p.anonymity, mode: 'allow' } })),
      1,
    )
    assert.equal(result.kind, 'prepared')
    if (result.kind !== 'prepared') return
    const text =
      JSON.stringify(result.prepared) +
      result.prepared.tpdus.map((t) => Buffer.from(t, 'base64').toString('hex'))
    for (const trace of ['7700900111', '7700091011', 'secret-call-id', 'Bob'])
      assert.ok(!text.includes(trace), trace)
    assert.deepEqual(decoded(result.prepared)[0]?.originator, {
      kind: 'alphanumeric',
      text: 'Anonymous',
    })
  })
})
