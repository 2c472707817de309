import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ImReceived, SipFinalResult, TapEvent } from '@ipsmgw/events'
import { Taps } from './taps.ts'

const TARGET = '+447700900111'
const DELIVERED: SipFinalResult = { outcome: 'delivered', partsDelivered: 2, parts: 2 }
const UNKNOWN: SipFinalResult = { outcome: 'unknown', partsDelivered: 1, parts: 2 }
const FAILED: SipFinalResult = { outcome: 'failed', partsDelivered: 0, parts: 1 }

/** Taps with one target; what they told of outcomes, and their clock. */
function tapped(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-taps-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'targets.yaml')
  writeFileSync(file, `targets: [{reference: warrant-7, number: "${TARGET}"}]`)
  const clock = { nowMs: 1_000 }
  const told: TapEvent[] = []
  const taps = new Taps(
    { file, instance: 'sip-ingress-0' },
    {
      now: () => clock.nowMs,
      publish: async (event) => void told.push(event),
      failed: (error) => assert.fail(String(error)),
    },
  )
  taps.start()
  t.after(() => taps.stop())
  const outcomes = () => told.flatMap(({ outcome }) => outcome ?? [])
  const short = () =>
    outcomes().map((it) => [it.messageId, it.state, it.outcome, it.cause, it.status, it.partsDelivered])
  return { taps, clock, outcomes, short }
}

const message = (messageId: string, number = TARGET): ImReceived => ({
  messageId,
  recipientKey: 'k'.repeat(16),
  receivedAtMs: 1_000,
  answerByMs: 26_000,
  forwardByMs: 21_000,
  reply: { ordinal: 0, bootId: 'boot' },
  sip: { callId: 'call', peer: 'scscf', transport: 'tcp' },
  recipient: { uri: 'tel:+447900123456', number: '+447900123456', source: 'Request-URI' },
  sender: { asserted: [{ uri: `tel:${number}`, number }], from: { uri: 'sip:anonymous@anonymous.invalid' } },
  text: 'of a target',
  contentType: 'text/plain',
  answer: { unknownOutcome: 202 },
  policyVersion: '1',
})

test('issue taps: the outcome of a target’s message names the parties of the copy, the cause, the answer and the parts', (t) => {
  const { taps, outcomes } = tapped(t)
  const seen = message('one')
  taps.see(seen)
  taps.ended('one', { status: 200, cause: 'delivered', result: DELIVERED })
  const { sip, recipient, sender } = seen
  assert.deepEqual(outcomes(), [
    {
      ...{ targets: ['warrant-7'], messageId: 'one', sip, recipient, sender },
      ...{ state: 'ended', outcome: 'delivered', cause: 'delivered', status: 200 },
      ...{ partsDelivered: 2, parts: 2 },
    },
  ])
})

test('issue taps: nothing is told of messages of others, whatever becomes of them', (t) => {
  const { taps, outcomes } = tapped(t)
  taps.see(message('other', '+447700900999'))
  taps.ended('other', { status: 202, cause: 'outcomeUnknown', result: UNKNOWN })
  taps.late({ messageId: 'other', cause: 'delivered', result: DELIVERED })
  assert.deepEqual(outcomes(), [])
})

test('issue taps: without a word of correlation the outcome is unknown, and what it says later amends it', (t) => {
  const { taps, short } = tapped(t)
  taps.see(message('one'))
  taps.ended('one', { status: 202, cause: 'outcomeUnknown' })
  taps.late({ messageId: 'one', cause: 'delivered', result: DELIVERED })
  assert.deepEqual(short(), [
    ['one', 'ended', 'unknown', 'outcomeUnknown', 202, undefined],
    ['one', 'amended', 'delivered', 'delivered', undefined, 2],
  ])
})

test('issue taps: a late final without a result is certain, another one is not', (t) => {
  const { taps, short } = tapped(t)
  for (const messageId of ['one', 'two']) {
    taps.see(message(messageId))
    taps.ended(messageId, { status: 202, cause: 'outcomeUnknown', result: UNKNOWN })
  }
  taps.late({ messageId: 'one', cause: 'absentSubscriber' })
  taps.late({ messageId: 'one', cause: 'absentSubscriber', late: true })
  taps.late({ messageId: 'two', cause: 'delivered', late: true })
  assert.deepEqual(
    short()
      .filter(([, state]) => state === 'amended')
      .map(([messageId, , outcome]) => [messageId, outcome]),
    [
      ['one', 'failed'],
      ['two', 'delivered'],
    ],
  )
})

test('issue taps: the same outcome again is not told again; a certainty that proves wrong is', (t) => {
  const { taps, short } = tapped(t)
  taps.see(message('one'))
  taps.ended('one', { status: 480, cause: 'absentSubscriber', result: FAILED })
  taps.ended('one', { status: 480, cause: 'absentSubscriber', result: FAILED })
  taps.late({ messageId: 'one', cause: 'absentSubscriber', result: FAILED })
  taps.late({ messageId: 'one', cause: 'delivered', result: DELIVERED })
  taps.late({ messageId: 'one', cause: 'delivered', result: DELIVERED })
  assert.deepEqual(
    short().map(([, state, outcome]) => [state, outcome]),
    [
      ['ended', 'failed'],
      ['amended', 'delivered'],
    ],
  )
})

test('issue taps: ended messages are forgotten after ten minutes, and of too many the oldest', (t) => {
  const { taps, clock, short } = tapped(t)
  const end = (messageId: string) => {
    taps.see(message(messageId))
    taps.ended(messageId, { status: 202, cause: 'outcomeUnknown', result: UNKNOWN })
  }
  const amended = () => short().filter(([, state]) => state === 'amended')
  end('old')
  clock.nowMs += 600_000
  end('young')
  taps.late({ messageId: 'old', cause: 'delivered', result: DELIVERED })
  assert.deepEqual(amended(), [])
  for (let i = 0; i < 10_000; i++) end(`more ${i}`)
  taps.late({ messageId: 'young', cause: 'delivered', result: DELIVERED })
  assert.deepEqual(amended(), [])
  taps.late({ messageId: 'more 0', cause: 'delivered', result: DELIVERED })
  assert.equal(amended().length, 1)
})
