import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { SubscriberSetting } from '@ipsmgw/test/lab'
import { eventually } from '../support/eventually.ts'
import { GatewayInLab, HASTY_SCSCF, SCSCF } from './gateway.ts'
import { SENDER, Sender, type Sending } from './sender.ts'

const TEXT = 'A confidential sentence'
const DENIED = '447911'

interface Line {
  readonly msg: string
  readonly messageId?: string
  readonly traceId?: string
}

/** Lines about something else than one message, whenever they come; every other line has to say which one it is of. */
const OF_NO_MESSAGE: readonly RegExp[] = [
  // One question may serve many messages.
  /"query":"resolve"/,
  /"msg":"(Diameter|SCCP|SIGTRAN)/,
  /"msg":"serving node (has gone silent|answers again)/,
]

interface Case {
  readonly what: string
  readonly setting?: Partial<SubscriberSetting>
  readonly sending?: Partial<Sending>
  readonly from?: 'hasty'
  readonly status: number
  /** Lines that must be among those of the message. */
  readonly lines: readonly string[]
}

const CASES: readonly Case[] = [
  {
    what: 'delivered in two parts',
    sending: { text: `${TEXT} `.repeat(8) },
    status: 200,
    lines: ['message accepted', 'message converted', 'message decided', 'final answer sent'],
  },
  {
    what: 'absent at the node',
    setting: { behaviour: 'absent' },
    status: 480,
    lines: ['part not delivered', 'message decided', 'outcome for the home network'],
  },
  {
    what: 'the home network is not told',
    setting: { behaviour: 'absent', listFull: true },
    status: 480,
    lines: ['part not delivered', 'outcome for the home network'],
  },
  {
    what: 'unknown in the home network',
    setting: { behaviour: 'unknown' },
    status: 404,
    lines: ['query refused', 'final answer sent'],
  },
  {
    what: 'refused by policy',
    sending: { to: `${DENIED}000001` },
    status: 403,
    lines: ['message refused by policy'],
  },
  {
    what: 'refused by its body',
    sending: { contentType: 'image/png' },
    status: 415,
    lines: ['request refused'],
  },
  {
    what: 'from somebody without a number',
    sending: { asserted: '<sip:nobody@ims.example>', from: '<sip:nobody@ims.example>' },
    status: 403,
    lines: ['no number of the sender'],
  },
  {
    what: 'known only after the answer',
    setting: { behaviour: 'silent', delayMs: 3_500 },
    from: 'hasty',
    status: 202,
    lines: ['message decided', 'final answer sent', 'late result'],
  },
]

describe('personal data, log lines about a message', () => {
  let gateway: GatewayInLab
  let senders: Record<'scscf' | 'hasty', Sender>
  let numbers = 447_900_570_000

  before(async () => {
    gateway = await GatewayInLab.start({
      policy: {
        homeDomains: ['ims.example'],
        authorisation: { deniedRecipients: [`+${DENIED}`] },
        originator: { withoutNumber: 'reject' },
      },
      routing: { singleAttempt: false },
    })
    senders = {
      scscf: await Sender.open(SCSCF, gateway.sip),
      hasty: await Sender.open(HASTY_SCSCF, gateway.sip),
    }
  })
  after(async () => {
    await Promise.all([senders.scscf.close(), senders.hasty.close()])
    await gateway.stop()
  })

  for (const { what, setting, sending = {}, from = 'scscf', status, lines } of CASES)
    test(`${what}: all of them carry messageId and traceId, none a number or the text`, async () => {
      const to = sending.to ?? String(++numbers)
      if (setting !== undefined) gateway.set(to, { behaviour: 'reachable', node: 'mme', ...setting })
      const traceId = randomBytes(16).toString('hex')
      const headers = [['traceparent', `00-${traceId}-${randomBytes(8).toString('hex')}-01`]] as const
      const since = gateway.logged.length
      const answer = await senders[from].send({ text: TEXT, headers, ...sending, to })
      assert.equal(answer.status, status)
      const logged = () => gateway.logged.slice(since)
      const parsed = () => logged().map((line) => JSON.parse(line) as Line)
      await eventually(
        () => lines.every((sentence) => parsed().some(({ msg }) => msg === sentence)),
        `${lines.join(', ')}; came: ${parsed().map(({ msg }) => msg)}`,
      )
      const about = logged().filter((line) => !OF_NO_MESSAGE.some((other) => other.test(line)))
      const ids = new Set(about.map((line) => (JSON.parse(line) as Line).messageId))
      assert.ok(ids.size === 1 && !ids.has(undefined), `no messageId, or several: ${about.join('')}`)
      for (const line of about) assert.equal((JSON.parse(line) as Line).traceId, traceId, line)
      const { imsi } = gateway.lab.subscribers.of(to)
      for (const secret of [SENDER.slice(1), to, imsi, TEXT, 'nobody@'])
        assert.ok(!logged().join('').includes(secret), `${secret} in ${logged().join('')}`)
    })
})
