import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Account } from './judge.ts'
import { storyOf } from './story.ts'

const SENT_AT_MS = Date.parse('2026-01-01T00:00:00Z')
const at = (ms: number) => SENT_AT_MS + ms

const ACCOUNT: Account = {
  message: { to: '+447700800000', text: 'chaos 1' },
  messageId: 'one',
  sentAtMs: SENT_AT_MS,
  afterMs: 25_000,
  status: 480,
  attempts: [{ instance: 'sip-ingress-0', fromMs: at(1), toMs: at(25_000), ending: 'told 480' }],
  copies: [at(24_000)],
  window: undefined,
}

test('a story: sender, bus, services, phone and trouble in the order of their clocks, and nobody else’s', () => {
  const story = storyOf(ACCOUNT, {
    happenings: [
      { atMs: at(500), sentence: 'kill -9 sm-delivery-0' },
      { atMs: at(-60_000), sentence: 'long before' },
    ],
    ledger: new Map([
      [
        'one',
        [
          {
            atMs: at(20),
            topic: 'sm.reports',
            where: '3/7',
            value: { by: 'sm-delivery', step: 'attempted', part: 1, atMs: at(19) },
          },
        ],
      ],
      ['two', [{ atMs: at(21), topic: 'sm.reports', where: '3/8', value: { by: 'sm-delivery' } }]],
    ]),
    logs: [
      { atMs: at(10), by: 'im-to-sms-1', level: 'debug', messageId: 'one', sentence: 'message converted' },
      { atMs: at(600), by: 'sm-delivery-1', level: 'warn', messageId: undefined, sentence: 'a peer is down' },
    ],
  })
  assert.deepEqual(
    story.split('\n').map((line) => line.trim().replaceAll(/ +/g, ' ')),
    [
      '"chaos 1" one, sent 2026-01-01T00:00:00.000Z',
      '+0.001 sender to sip-ingress-0',
      '+0.010 im-to-sms-1 message converted',
      '+0.020 bus sm.reports [3/7] sm-delivery attempted part=1',
      '+0.500 ** kill -9 sm-delivery-0',
      '+0.600 sm-delivery-1 warn: a peer is down',
      '+24.000 phone has it',
      '+25.000 sender sip-ingress-0: told 480',
      '+25.000 sender has 480',
    ],
  )
})
