import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ImdnOutbox, NotificationToSend } from '@ipsmgw/events'
import { type OutgoingRequest, parseDatagram, type RequestOutcome, SipResponse } from '@ipsmgw/sip'
import { NotificationError, Notifier } from './notifier.ts'

const ROUTE = '<sip:scscf.ims.example;transport=tcp;lr>'
const NOTIFICATION: NotificationToSend = {
  notificationId: '0123456789abcdef0123456789abcdef',
  kind: 'delivered',
  messageId: 'message-0123456789abcd',
  peer: 'scscf',
  atMs: Date.UTC(2026, 9, 24, 2, 24, 17),
  request: {
    messageId: 'imdn-1',
    dateTime: '2026-10-24T10:24:11.270+08:00',
    dispositions: ['positive-delivery'],
    from: 'tel:+447900123456',
    to: 'sip:+447700900111@ims.example;user=phone',
  },
}
const recordOf = (changes: Partial<NotificationToSend> = {}): ImdnOutbox => ({
  recipientKey: 'k'.repeat(32),
  notification: { ...NOTIFICATION, ...changes },
})

function response(status: number, headers = ''): RequestOutcome {
  const octets = `SIP/2.0 ${status} X\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\n${headers}\r\n`
  const parsed = parseDatagram(Buffer.from(octets))
  assert.ok(parsed instanceof SipResponse)
  return { kind: 'response', response: parsed }
}

function harness(outcomes: RequestOutcome[] = [], attempts = 4) {
  const requests: OutgoingRequest[] = []
  const published: ImdnOutbox[] = []
  const waits: number[] = []
  const facts: string[] = []
  const bus = { failures: 0 }
  const notifier = new Notifier(
    {
      attempts,
      firstDelayMs: 1_000,
      maximumDelayMs: 60_000,
      maximumInFlight: 10,
      host: 'gw.example',
      peers: [
        {
          name: 'scscf',
          addresses: [],
          tlsNames: [],
          trusted: true,
          servedUser: true,
          notificationRoute: ROUTE,
        },
        { name: 'cpm-as', addresses: [], tlsNames: [], trusted: true, servedUser: false },
      ],
    },
    {
      now: () => 0,
      request: async (request) => {
        requests.push(request)
        return outcomes.shift() ?? response(200)
      },
      publish: async (record) => {
        if (bus.failures-- > 0) throw new Error('no broker')
        published.push(record)
      },
      wait: async (delayMs) => {
        waits.push(delayMs)
      },
      report: {
        notified: (_, outcome, status) => facts.push(`${outcome} ${status ?? ''}`.trim()),
        notificationRepeated: () => facts.push('repeated'),
        notificationRetried: () => facts.push('retried'),
      },
    },
  )
  const handle = (record = recordOf(), owned = () => true) => notifier.handle(record, owned)
  const outcomesWritten = () => published.map(({ settled }) => settled?.outcome ?? 'again')
  return { notifier, handle, requests, published, waits, facts, bus, outcomesWritten }
}

const headersOf = ({ headers }: OutgoingRequest) => Object.fromEntries(headers as [string, string][])

describe('notifications to senders leave over client transactions', () => {
  test('RFC 5438 §8.3: a MESSAGE to the sender by its route, with identifiers that follow from the notification', async () => {
    const { handle, requests, outcomesWritten } = harness()
    await handle()
    const [request] = requests
    assert.ok(request !== undefined)
    assert.deepEqual([request.method, request.uri], ['MESSAGE', NOTIFICATION.request.to])
    assert.deepEqual(headersOf(request), {
      Route: ROUTE,
      From: '<tel:+447900123456>;tag=0123456789abcdef',
      To: '<sip:+447700900111@ims.example;user=phone>',
      'Call-ID': '0123456789abcdef0123456789abcdef@gw.example',
      CSeq: '1 MESSAGE',
      'P-Asserted-Identity': '<tel:+447900123456>',
      'Content-Type': 'message/cpim',
    })
    assert.match(String(request.body), /DateTime: 2026-10-24T02:24:17\.000Z\r\n/)
    assert.match(String(request.body), /<recipient-uri>tel:\+447900123456<\/recipient-uri>/)
    assert.deepEqual(outcomesWritten(), ['sent'])
  })

  test('RFC 5438 §6.5: the first IMDN-Record-Route is where it goes', async () => {
    const { handle, requests } = harness()
    const recordRoute = ['sip:one@a.example', 'sip:two@b.example']
    await handle(recordOf({ request: { ...NOTIFICATION.request, recordRoute } }))
    assert.equal(requests[0]?.uri, 'sip:one@a.example')
    assert.match(String(requests[0]?.body), /\r\nTo: <sip:\+447700900111@ims\.example;user=phone>\r\n/)
  })

  test('OMA CPM: a message of a thread is answered within it', async () => {
    const { handle, requests } = harness()
    await handle(recordOf({ thread: { conversationId: 'conversation', contributionId: 'contribution' } }))
    const headers = headersOf(requests[0] as OutgoingRequest)
    assert.deepEqual(
      [headers['Conversation-ID'], headers['Contribution-ID']],
      ['conversation', 'contribution'],
    )
    assert.match(headers['Accept-Contact'] ?? '', /urn%3Aurn-7%3A3gpp-service\.ims\.icsi\.oma\.cpm\.msg/)
  })
})

describe('at least once, within bounds', () => {
  test('503, a time-out and a lost connection are tried again after a growing delay', async () => {
    const { handle, requests, waits, facts, outcomesWritten } = harness([
      response(503),
      { kind: 'timeout' },
      { kind: 'transportError', cause: undefined },
    ])
    await handle()
    assert.deepEqual(waits, [1_000, 2_000, 4_000])
    assert.deepEqual(
      requests.map((request) => headersOf(request).CSeq),
      ['1 MESSAGE', '2 MESSAGE', '3 MESSAGE', '4 MESSAGE'],
    )
    assert.deepEqual([facts.at(-1), outcomesWritten()], ['sent 200', ['sent']])
  })

  test('RFC 3261 §20.33: Retry-After is respected up to the longest delay', async () => {
    const { handle, waits } = harness([
      response(503, 'Retry-After: 30\r\n'),
      response(503, 'Retry-After: 999999\r\n'),
    ])
    await handle()
    assert.deepEqual(waits, [30_000, 60_000])
  })

  test('when nobody takes it in the end: an outcome, and the record is a dead letter', async () => {
    const { handle, requests, outcomesWritten } = harness(Array(4).fill({ kind: 'timeout' }))
    await assert.rejects(handle(), new NotificationError('unreachable'))
    assert.deepEqual([requests.length, outcomesWritten()], [4, ['unreachable']])
  })

  test('any other final is the end of it: refused, not tried again', async () => {
    for (const status of [302, 404, 486, 500, 603]) {
      const { handle, requests, facts } = harness([response(status)])
      await handle()
      assert.deepEqual([requests.length, facts], [1, [`refused ${status}`]])
    }
  })

  test('an identity without a wire form is a dead letter at once', async () => {
    for (const to of ['sip:a@b>\r\nX: y', 'sip:a b@c', 'no uri']) {
      const { handle, requests, outcomesWritten } = harness()
      const record = recordOf({ request: { ...NOTIFICATION.request, to } })
      await assert.rejects(handle(record), new NotificationError('unsendable'))
      assert.deepEqual([requests.length, outcomesWritten()], [0, ['unsendable']])
    }
  })

  test('a peer without a route, or one that nobody knows any more: counted, no request', async () => {
    for (const peer of ['cpm-as', 'gone']) {
      const { handle, requests, facts } = harness()
      await handle(recordOf({ peer }))
      assert.deepEqual([requests.length, facts], [0, ['unrouted']])
    }
  })
})

describe('once, as far as anybody can tell', () => {
  test('the same notification again is not sent again', async () => {
    const { handle, requests, facts, outcomesWritten } = harness()
    await handle()
    await handle()
    assert.deepEqual([requests.length, facts, outcomesWritten()], [1, ['sent 200', 'repeated'], ['sent']])
  })

  test('two copies at the same time are one request', async () => {
    const { handle, requests } = harness()
    await Promise.all([handle(), handle()])
    assert.equal(requests.length, 1)
  })

  test('when only its outcome could not be written, that is done again and nothing is sent', async () => {
    const { handle, requests, bus, outcomesWritten } = harness()
    bus.failures = 1
    await assert.rejects(handle(), /no broker/)
    await handle()
    assert.deepEqual([requests.length, outcomesWritten()], [1, ['sent']])
  })

  test('after a crash: what has an outcome is left alone, what has none is put into the outbox again', async () => {
    const { notifier, handle, requests, outcomesWritten } = harness()
    const settled = { notificationId: NOTIFICATION.notificationId, outcome: 'sent', atMs: 0 } as const
    const open = recordOf({ notificationId: 'f'.repeat(32) })
    notifier.replay(7, recordOf())
    notifier.replay(7, open)
    notifier.replay(7, { recipientKey: 'k'.repeat(32), settled })
    await notifier.replayed(7)
    assert.deepEqual(outcomesWritten(), ['again'])
    await handle()
    assert.equal(requests.length, 0)
    await handle(open)
    assert.equal(requests.length, 1)
  })

  test('stopping: what waits for its next attempt goes back into the outbox', async () => {
    const { notifier, handle, requests, outcomesWritten } = harness([{ kind: 'timeout' }])
    notifier.stop()
    await handle()
    assert.deepEqual([requests.length, outcomesWritten()], [0, ['again']])
  })

  test('a partition that is somebody else’s by now is left to it', async () => {
    const { handle, requests, published } = harness()
    await handle(recordOf(), () => false)
    assert.deepEqual([requests.length, published.length], [0, 0])
  })
})
