import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { SubscriberSetting } from '@ipsmgw/test/lab'
import { NotifiedCore, type ReceivedNotification } from '../support/notified-core.ts'
import { ANSWER_BY_MS, CPM_AS, GatewayInLab, type GatewayOptions, SCSCF } from './gateway.ts'
import { SENDER, Sender, type Sending } from './sender.ts'

const CORE = '127.0.0.21'
const ALL = 'positive-delivery, negative-delivery, processing, display, interworking'
const SENDER_URI = `sip:${SENDER}@ims.example;user=phone`
const DATE_TIME = '2026-10-24T10:24:11.270+08:00'

/** A CPM message that asks for notifications, in the form clients write it. */
function asking(dispositions: string, messageId: string, lines: readonly string[] = []): Buffer {
  const head = [
    'From: <sip:anonymous@anonymous.invalid>',
    'To: <sip:anonymous@anonymous.invalid>',
    'NS: imdn<urn:ietf:params:imdn>',
    `imdn.Message-ID: ${messageId}`,
    `DateTime: ${DATE_TIME}`,
    `imdn.Disposition-Notification:  ${dispositions}`,
    ...lines,
  ]
  return Buffer.from([...head, '', 'Content-Type: text/plain;charset=UTF-8', '', 'Hello'].join('\r\n'))
}

/** What a notification says: its status elements. */
function saysOf({ body }: ReceivedNotification): string {
  const [, kind, status] = /<(\w+)-notification[^>]*><status><([\w-]+)\/>/.exec(body) ?? []
  return `${kind} ${status}`
}

let core: NotifiedCore
let gateway: GatewayInLab
let sender: Sender
let number = 447_900_700_000

async function start(options: GatewayOptions = {}, correlation: object = {}): Promise<void> {
  core = await NotifiedCore.open(CORE)
  gateway = await GatewayInLab.start({
    ...options,
    policy: { homeDomains: ['ims.example'], ...options.policy },
    sip: {
      peers: [
        { name: 'scscf', addresses: [SCSCF], notificationRoute: core.route },
        { name: 'cpm-as', addresses: [CPM_AS], servedUser: false },
      ],
      notifications: { attempts: 4, firstDelayMs: 50 },
      ...options.sip,
    },
    correlation,
  })
  sender = await Sender.open(SCSCF, gateway.sip)
}

async function stop(): Promise<void> {
  await sender.close()
  await gateway.stop()
  await core.close()
}

async function send(
  dispositions: string,
  setting?: SubscriberSetting,
  rest: Partial<Sending> = {},
  lines: readonly string[] = [],
) {
  const to = String(++number)
  const messageId = randomUUID()
  gateway.set(to, { behaviour: 'reachable', node: 'mme', ...setting })
  const answer = await sender.send({
    to,
    contentType: 'message/cpim',
    body: asking(dispositions, messageId, lines),
    asserted: `<${SENDER_URI}>, <tel:${SENDER}>`,
    ...rest,
  })
  return { to, messageId, answer }
}

/** Nothing more comes: another message, told of at once, has overtaken whatever was on its way. */
async function nothingAbout(messageId: string): Promise<void> {
  const later = await send('positive-delivery')
  await core.about(later.messageId, 1)
  assert.deepEqual(core.received.filter((one) => one.element('message-id') === messageId).map(saysOf), [])
}

const LATE_MS = ANSWER_BY_MS + 500

describe('10. Notification table, RFC 5438: senders are told what became of their message', () => {
  before(() => start({}, { notifications: { processed: true } }))
  after(stop)

  const rows: readonly {
    readonly situation: string
    readonly setting?: SubscriberSetting
    readonly status: number
    readonly asked: string
    readonly told: readonly string[]
  }[] = [
    { situation: '200', status: 200, asked: 'positive-delivery', told: ['delivery delivered'] },
    { situation: '200', status: 200, asked: 'negative-delivery', told: [] },
    { situation: '200', status: 200, asked: 'processing', told: ['processing processed'] },
    { situation: '200', status: 200, asked: 'interworking', told: ['interworking legacy-sms'] },
    { situation: '200', status: 200, asked: 'display', told: [] },
    {
      situation: '200',
      status: 200,
      asked: ALL,
      told: ['delivery delivered', 'interworking legacy-sms', 'processing processed'],
    },
    {
      situation: '202, later success',
      setting: { behaviour: 'reachable', delayMs: LATE_MS },
      status: 202,
      asked: ALL,
      told: ['delivery delivered', 'interworking legacy-sms', 'processing processed'],
    },
    {
      situation: '202, later failure',
      setting: { behaviour: 'absent', delayMs: LATE_MS },
      status: 202,
      asked: ALL,
      told: ['delivery failed', 'interworking error', 'processing processed'],
    },
    {
      situation: '202, never known',
      setting: { behaviour: 'silent' },
      status: 202,
      asked: ALL,
      told: ['processing processed'],
    },
    { situation: '480', setting: { behaviour: 'absent' }, status: 480, asked: ALL, told: [] },
    { situation: '404', setting: { behaviour: 'unknown' }, status: 404, asked: ALL, told: [] },
  ]
  for (const { situation, setting, status, asked, told } of rows)
    test(`5.6 row ${situation}, ${asked} asked for (RFC 5438 §12.1.3): ${told.join(', ') || 'nothing is sent'}`, async () => {
      const { answer, messageId } = await send(asked, setting)
      assert.equal(answer.status, status)
      if (told.length === 0) return nothingAbout(messageId)
      const notifications = await core.about(messageId, told.length)
      assert.deepEqual(notifications.map(saysOf).sort(), told)
      const ids = notifications.map(({ body }) => /imdn\.Message-ID: (\S+)/.exec(body)?.[1])
      assert.equal(new Set(ids).size, told.length)
    })

  test('§7.2.1.1, §8.3: to the asserted sender, from the recipient, echoing what the message said', async () => {
    const { to, messageId } = await send('positive-delivery', undefined, {
      headers: [
        ['Conversation-ID', '0b20864a-5569-478a-be08-509357ec619d'],
        ['Contribution-ID', 'ec1d9638-f7cd-1038-9be9-a9c315c70d3a'],
      ],
    })
    const [notification] = await core.about(messageId, 1)
    assert.ok(notification !== undefined)
    assert.equal(notification.requestUri, SENDER_URI)
    assert.equal(notification.header('to'), `<${SENDER_URI}>`)
    assert.match(notification.header('from') ?? '', new RegExp(`^<tel:\\+${to}>;tag=`))
    assert.equal(notification.header('p-asserted-identity'), `<tel:+${to}>`)
    assert.equal(notification.header('route'), core.route)
    assert.equal(notification.header('conversation-id'), '0b20864a-5569-478a-be08-509357ec619d')
    assert.equal(notification.header('contribution-id'), 'ec1d9638-f7cd-1038-9be9-a9c315c70d3a')
    assert.equal(notification.source.transport, 'tcp')
    assert.equal(notification.element('datetime'), DATE_TIME)
    assert.equal(notification.element('recipient-uri'), `tel:+${to}`)
    assert.match(notification.body, /\r\nContent-Disposition: notification\r\n/)
    assert.doesNotMatch(notification.body, /Disposition-Notification/)
  })

  test('§6.4, §6.5: Original-To is told back, and IMDN-Record-Route is the way', async () => {
    const { messageId } = await send('positive-delivery', undefined, {}, [
      'imdn.Original-To: <sip:list@ims.example>',
      'imdn.IMDN-Record-Route: <sip:relay@one.example>',
      'imdn.IMDN-Record-Route: <sip:relay@two.example>',
    ])
    const [notification] = await core.about(messageId, 1)
    assert.equal(notification?.requestUri, 'sip:relay@one.example')
    assert.equal(notification?.element('original-recipient-uri'), 'sip:list@ims.example')
    assert.deepEqual(
      [...(notification?.body.matchAll(/^imdn\.IMDN-Route: (.*)\r$/gm) ?? [])].map(([, uri]) => uri),
      ['<sip:relay@one.example>', '<sip:relay@two.example>'],
    )
  })

  test('§12.1.1: a sender who hides is not told', async () => {
    const { messageId, answer } = await send(ALL, undefined, {
      from: '"Anonymous" <sip:anonymous@anonymous.invalid>',
      headers: [['Privacy', 'id']],
    })
    assert.equal(answer.status, 433)
    await nothingAbout(messageId)
  })

  test('TS 23.204 §6.10: 503 and silence of the sender’s core are tried again, a refusal is not', async () => {
    core.answers.push(503, 503)
    const { messageId } = await send('positive-delivery')
    const tries = await core.about(messageId, 3)
    assert.equal(new Set(tries.map(({ body }) => body)).size, 1)
    core.answers.push(404)
    const refused = await send('positive-delivery')
    await core.about(refused.messageId, 1)
    await nothingAbout(randomUUID())
    assert.equal((await core.about(refused.messageId, 1)).length, 1)
  })

  test('a peer without notificationRoute: the message is delivered, its sender gets the SIP answer only', async () => {
    const other = await Sender.open(CPM_AS, gateway.sip)
    try {
      const messageId = randomUUID()
      const body = asking(ALL, messageId)
      const answer = await other.send({ to: String(++number), contentType: 'message/cpim', body })
      assert.equal(answer.status, 200)
      await nothingAbout(messageId)
    } finally {
      await other.close()
    }
  })

  test('§8.3: a notification to an SMS user is answered 200, nothing is delivered and nothing told', async () => {
    const to = String(++number)
    const body = Buffer.from(
      [
        'From: <sip:a@ims.example>',
        'To: <sip:b@ims.example>',
        'NS: imdn <urn:ietf:params:imdn>',
        `imdn.Message-ID: ${randomUUID()}`,
        `DateTime: ${DATE_TIME}`,
        '',
        'Content-Type: message/imdn+xml',
        'Content-Disposition: notification',
        '',
        '<imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>x</message-id></imdn>',
      ].join('\r\n'),
    )
    const told = core.received.length
    assert.equal((await sender.send({ to, contentType: 'message/cpim', body })).status, 200)
    assert.equal(gateway.lab.phones.messagesOf(to).length, 0)
    assert.equal(core.received.length, told)
  })
})

describe('RFC 5438 §12.1.1: senders who hide, where policy lets them', () => {
  const hidden = {
    from: '"Anonymous" <sip:anonymous@anonymous.invalid>',
    headers: [['Privacy', 'id']],
  } as const

  for (const [anonymousSenders, count] of [
    ['ignore', 0],
    ['asserted', 1],
  ] as const)
    test(`anonymousSenders ${anonymousSenders}: ${count === 0 ? 'nothing' : 'told at the asserted identity'}`, async () => {
      await start({ policy: { anonymity: { mode: 'allow' } } }, { notifications: { anonymousSenders } })
      try {
        const { messageId, answer } = await send('positive-delivery', undefined, hidden)
        assert.equal(answer.status, 200)
        if (count === 0) await nothingAbout(messageId)
        else assert.equal((await core.about(messageId, 1))[0]?.requestUri, SENDER_URI)
      } finally {
        await stop()
      }
    })
})
