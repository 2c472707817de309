import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { NotifiedCore } from '../support/notified-core.ts'
import { rawTcp } from '../support/raw-sip.ts'
import { GatewayInLab, SCSCF } from './gateway.ts'

const OCTETS = readFileSync(new URL('../vectors/cpm-pager-message.sip', import.meta.url))
const TO = '447900123456'
const MESSAGE_ID = 'ec1d7cf0-f7cd-1038-908d-8b757c563a3f'

/** The vector with lines changed, its body as it is. */
function variant(changes: Readonly<Record<string, string>>): string {
  let text = OCTETS.toString('latin1')
  for (const [line, changed] of Object.entries(changes)) {
    assert.ok(text.includes(line), line)
    text = text.replace(line, changed)
  }
  return text
}

const HIDDEN = {
  'Call-ID: 906564884j171': 'Call-ID: hidden',
  'From: <sip:+447700900111@ims.example;user=phone>;tag=7f21':
    'Privacy: id\r\nFrom: "Anonymous" <sip:anonymous@anonymous.invalid>;tag=7f21',
}

describe('the CPM pager-mode message of test/vectors, octet by octet as an S-CSCF sends it', () => {
  let core: NotifiedCore
  let gateway: GatewayInLab
  before(async () => {
    core = await NotifiedCore.open('127.0.0.21')
    gateway = await GatewayInLab.start({
      policy: { homeDomains: ['ims.example'] },
      sip: {
        hostname: 'ipsmgw.ims.example',
        peers: [{ name: 'scscf', addresses: [SCSCF], notificationRoute: core.route }],
      },
    })
  })
  after(async () => {
    await gateway.stop()
    await core.close()
  })

  async function exchange(octets: Buffer | string) {
    const peer = await rawTcp(SCSCF, gateway.sip)
    try {
      peer.send(octets)
      for (;;) {
        const answer = await peer.next()
        if (answer?.status !== 100) return answer
      }
    } finally {
      peer.close()
    }
  }

  test('its anonymous CPIM addresses are no request to hide: delivered from the asserted number', async () => {
    const answer = await exchange(OCTETS)
    assert.equal(answer?.status, 200)
    const [message] = gateway.lab.phones.messagesOf(TO)
    assert.deepEqual([message?.text, message?.originator], ['Lalala', '+447700900111'])
    assert.equal(withoutTag(answer?.text), responseTo(OCTETS.toString('latin1'), '200 OK'))
  })

  test('RFC 5438: the notifications that it asks for, whole bodies', async () => {
    const notifications = await core.about(MESSAGE_ID, 2)
    const bodies = notifications.map(({ body }) => body)
    const kinds: string[] = []
    for (const body of bodies) {
      const [, id = '', dateTime = ''] =
        /^imdn\.Message-ID: ([\w-]{11,})\r\nDateTime: (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)\r$/m.exec(
          body,
        ) ?? []
      const [, inner = ''] = body.split(/\r\nContent-Length: \d+\r\n\r\n/)
      const head = [
        `From: <tel:+${TO}>`,
        'To: <sip:+447700900111@ims.example;user=phone>',
        'NS: imdn <urn:ietf:params:imdn>',
        `imdn.Message-ID: ${id}`,
        `DateTime: ${dateTime}`,
        '',
        'Content-Type: message/imdn+xml',
        'Content-Disposition: notification',
        `Content-Length: ${inner.length}`,
        '',
      ].join('\r\n')
      assert.equal(body, `${head}\r\n${inner}`)
      const said = [...inner.matchAll(/<(message-id|datetime|recipient-uri)>([^<]*)</g)].map(
        ([, name, value]) => [name, value],
      )
      assert.deepEqual(said, [
        ['message-id', MESSAGE_ID],
        ['datetime', '2026-10-24T10:24:11.270+08:00'],
        ['recipient-uri', `tel:+${TO}`],
      ])
      assert.match(
        inner,
        /^<\?xml version="1\.0" encoding="UTF-8"\?>\s*<imdn xmlns="urn:ietf:params:xml:ns:imdn"/,
      )
      kinds.push(/<(\w+)-notification/.exec(inner)?.[1] ?? inner)
    }
    assert.deepEqual(kinds.sort(), ['delivery', 'interworking'])
    const delivered = '<delivery-notification><status><delivered/></status></delivery-notification>'
    assert.ok(bodies.some((body) => body.includes(delivered)))
  })

  test('with Privacy: id and an anonymous From it is a request to hide: 433 by the default policy, its whole text', async () => {
    const before = gateway.lab.hssLog.entries().length
    const request = variant(HIDDEN)
    const answer = await exchange(request)
    assert.equal(withoutTag(answer?.text), responseTo(request, '433 Anonymity Disallowed'))
    assert.equal(gateway.lab.hssLog.entries().length, before)
  })

  test('a phone that is not there: 480 with Reason and Warning, its whole text', async () => {
    gateway.set(TO, { behaviour: 'absent' })
    const request = variant({ 'Call-ID: 906564884j171': 'Call-ID: absent' })
    const answer = await exchange(request)
    const expected = responseTo(request, '480 Temporarily Unavailable', [
      'Reason: Q.850;cause=20;text="absent subscriber"',
      'Warning: 399 ipsmgw.ims.example "SMS not delivered: absent subscriber, MAP absentSubscriberSM, diagnostic 1"',
    ])
    assert.equal(withoutTag(answer?.text), expected)
  })
})

/** The To-tag is ours to choose, but there must be one. */
function withoutTag(text = ''): string {
  assert.match(text, /^To: <[^>]*>;tag=[\w.-]+\r$/m)
  return text.replace(/^(To: <[^>]*>);tag=[\w.-]+\r$/m, '$1\r')
}

/** RFC 3261 §8.2.6: Vias in order, `received` at the top one (§18.2.1), From, To, Call-ID and CSeq as in the request. */
function responseTo(request: string, status: string, headers: readonly string[] = []): string {
  const lines = (name: string) => [...request.matchAll(new RegExp(`^${name}: .*(?=\\r$)`, 'gm'))].map(String)
  const [top = '', ...vias] = lines('Via')
  const copied = ['From', 'To', 'Call-ID', 'CSeq'].flatMap((name) => lines(name)[0] ?? [])
  const all = [
    `SIP/2.0 ${status}`,
    `${top};received=${SCSCF}`,
    ...vias,
    ...copied,
    ...headers,
    'Content-Length: 0',
  ]
  return `${all.join('\r\n')}\r\n\r\n`
}
