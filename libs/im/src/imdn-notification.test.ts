import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EncodeError } from '@ipsmgw/bytes'
import { buildImdn, type ImdnKind, type ImdnNotification, parseCpim, readBody } from './index.ts'

const NOTIFICATION: ImdnNotification = {
  kind: 'delivered',
  ownMessageId: '5b0c0f0e8a7d4f4d9c55',
  ownDateTime: '2026-10-24T02:24:17Z',
  messageId: 'ec1d7cf0-f7cd-1038-908d-8b757c563a3f',
  dateTime: '2026-10-24T10:24:11.270+08:00',
  from: 'tel:+447900123456',
  to: 'sip:+447700900111@ims.example;user=phone',
  recipientUri: 'tel:+447900123456',
  recordRoute: [],
}

/** Header block and XML of what was built, the XML without its line ends. */
function built(changes: Partial<ImdnNotification> = {}): { head: string; xml: string } {
  const text = buildImdn({ ...NOTIFICATION, ...changes }).toString('utf8')
  const at = text.indexOf('<?xml')
  return { head: text.slice(0, at), xml: text.slice(at).replaceAll('\r\n', '') }
}

describe('disposition notifications that are sent', () => {
  test('RFC 5438 §7.2.1.1: CPIM with an own Message-ID, Content-Disposition notification, and no request for one', () => {
    assert.equal(
      built().head.replace(/Content-Length: \d+/, 'Content-Length: N'),
      [
        'From: <tel:+447900123456>',
        'To: <sip:+447700900111@ims.example;user=phone>',
        'NS: imdn <urn:ietf:params:imdn>',
        'imdn.Message-ID: 5b0c0f0e8a7d4f4d9c55',
        'DateTime: 2026-10-24T02:24:17Z',
        '',
        'Content-Type: message/imdn+xml',
        'Content-Disposition: notification',
        'Content-Length: N',
        '',
        '',
      ].join('\r\n'),
    )
  })

  const statuses: readonly [ImdnKind, string][] = [
    ['delivered', '<delivery-notification><status><delivered/></status></delivery-notification>'],
    ['failed', '<delivery-notification><status><failed/></status></delivery-notification>'],
    ['processed', '<processing-notification><status><processed/></status></processing-notification>'],
    [
      'legacy-sms',
      '<interworking-notification xmlns="urn:oma:xml:cpm:imdn-extensions:1.0"><status><legacy-sms/></status></interworking-notification>',
    ],
    [
      'error',
      '<interworking-notification xmlns="urn:oma:xml:cpm:imdn-extensions:1.0"><status><error/></status></interworking-notification>',
    ],
  ]
  for (const [kind, status] of statuses)
    test(`RFC 5438 §11.1: ${kind} echoes message-id and datetime`, () => {
      assert.equal(
        built({ kind }).xml,
        '<?xml version="1.0" encoding="UTF-8"?><imdn xmlns="urn:ietf:params:xml:ns:imdn">' +
          '<message-id>ec1d7cf0-f7cd-1038-908d-8b757c563a3f</message-id>' +
          '<datetime>2026-10-24T10:24:11.270+08:00</datetime>' +
          `<recipient-uri>tel:+447900123456</recipient-uri>${status}</imdn>`,
      )
    })

  test('RFC 5438 §6.4: Original-To comes back as original-recipient-uri', () => {
    assert.match(
      built({ originalTo: 'sip:list@ims.example' }).xml,
      /<\/recipient-uri><original-recipient-uri>sip:list@ims\.example<\/original-recipient-uri><delivery/,
    )
  })

  test('RFC 5438 §6.5: IMDN-Record-Route becomes IMDN-Route in the same order', () => {
    const recordRoute = ['sip:one@a.example', 'sip:two@b.example']
    assert.match(
      built({ recordRoute }).head,
      /imdn\.IMDN-Route: <sip:one@a\.example>\r\nimdn\.IMDN-Route: <sip:two@b\.example>\r\n/,
    )
  })

  test('XML 1.0 §2.4: what the sender wrote is never markup', () => {
    const { xml } = built({ messageId: `a</message-id><x y="1'&\u0000\u001b\ud800`, dateTime: ']]>' })
    assert.match(
      xml,
      /<message-id>a&lt;\/message-id&gt;&lt;x y=&quot;1&apos;&amp;\ufffd<\/message-id><datetime>\]\]&gt;<\/datetime>/,
    )
  })

  test('RFC 3862 §3: an identity that is no URI is refused, so that it adds no header line', () => {
    for (const to of ['sip:a@b>\r\nSubject: x', 'nobody', ''])
      assert.throws(() => buildImdn({ ...NOTIFICATION, to }), EncodeError)
    assert.throws(() => buildImdn({ ...NOTIFICATION, recordRoute: ['<'] }), EncodeError)
  })

  test('RFC 5438 §8.3: what is built reads as a notification that asks for nothing', () => {
    const body = buildImdn(NOTIFICATION)
    const result = readBody({ contentType: 'message/cpim', body })
    assert.ok(result.ok && result.kind === 'notification')
    const reading = parseCpim(body)
    assert.ok(reading.kind === 'message')
    assert.deepEqual(reading.message.dispositionNotification, [])
    assert.equal(reading.message.messageId, NOTIFICATION.ownMessageId)
  })
})
