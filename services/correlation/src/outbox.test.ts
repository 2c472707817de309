import assert from 'node:assert/strict'
import { beforeEach, describe, mock, test } from 'node:test'
import { type ImdnOutbox, imdnOutbox, type MessageCompleted, type Notification } from '@ipsmgw/events'
import { type NotificationPolicy, notificationsOf } from './notifications.ts'
import { Outbox } from './outbox.ts'

const START = 1_790_000_000_000
const POLICY: NotificationPolicy = { enabled: true, processed: true, anonymousSenders: 'ignore' }
const ALL = ['positive-delivery', 'negative-delivery', 'processing', 'display', 'interworking']

function completed(changes: Partial<MessageCompleted> = {}, dispositions = ALL): MessageCompleted {
  return {
    kind: 'completion',
    messageId: 'message-0123456789abcd',
    recipientKey: 'k'.repeat(32),
    outcome: 'delivered',
    cause: 'delivered',
    partsDelivered: 1,
    parts: 1,
    receivedAtMs: START,
    decidedAtMs: START + 900,
    final: { status: 200, reasonPhrase: 'OK', headers: [] },
    peer: 'scscf',
    anonymous: false,
    thread: { conversationId: 'conversation', contributionId: 'contribution' },
    notification: {
      messageId: 'imdn-1',
      dateTime: '2026-10-24T02:24:11Z',
      dispositions,
      from: 'tel:+447900123456',
      to: 'sip:+447700900111@ims.example;user=phone',
    },
    timeline: [],
    ...changes,
  }
}

const kinds = (records: readonly ImdnOutbox[]) => records.map(({ notification }) => notification?.kind)
const accepted = { final: { status: 202, reasonPhrase: 'Accepted', headers: [] } }
const refused = { final: { status: 480, reasonPhrase: 'Temporarily Unavailable', headers: [] } }

describe('RFC 5438 §12.1.3: which notifications follow from what is known', () => {
  const amendment = { kind: 'amendment', ...accepted } as const
  const rows: readonly [string, MessageCompleted, readonly Notification[]][] = [
    ['200', completed(), ['processed', 'delivered', 'legacy-sms']],
    ['202, nothing known yet', completed({ ...accepted, outcome: 'unknown' }), ['processed']],
    [
      '202, later success',
      completed({ ...amendment, outcome: 'delivered' }),
      ['processed', 'delivered', 'legacy-sms'],
    ],
    ['202, later failure', completed({ ...amendment, outcome: 'failed' }), ['processed', 'failed', 'error']],
    ['480, failed', completed({ ...refused, outcome: 'failed' }), []],
    ['480, late success all the same', completed({ ...amendment, ...refused, outcome: 'delivered' }), []],
  ]
  for (const [situation, completion, expected] of rows)
    test(`after ${situation}: ${expected.join(', ') || 'none'}`, () => {
      assert.deepEqual(kinds(notificationsOf(completion, POLICY)), expected)
    })

  const asked: readonly [string, readonly Notification[], readonly Notification[]][] = [
    ['positive-delivery', ['delivered'], []],
    ['negative-delivery', [], ['failed']],
    ['processing', ['processed'], ['processed']],
    ['interworking', ['legacy-sms'], ['error']],
    ['display', [], []],
  ]
  for (const [disposition, onSuccess, onFailure] of asked)
    test(`only ${disposition} asked for: ${[...onSuccess, ...onFailure].join(', ') || 'none, display is never claimed'}`, () => {
      const late = { ...amendment, outcome: 'failed' } as const
      assert.deepEqual(kinds(notificationsOf(completed({}, [disposition]), POLICY)), onSuccess)
      assert.deepEqual(kinds(notificationsOf(completed(late, [disposition]), POLICY)), onFailure)
    })

  test('policy: processed, hidden senders and the whole are switches', () => {
    assert.deepEqual(kinds(notificationsOf(completed(), { ...POLICY, processed: false })), [
      'delivered',
      'legacy-sms',
    ])
    assert.deepEqual(notificationsOf(completed(), { ...POLICY, enabled: false }), [])
    const hidden = completed({ anonymous: true }, ['positive-delivery'])
    assert.deepEqual(notificationsOf(hidden, POLICY), [])
    assert.deepEqual(kinds(notificationsOf(hidden, { ...POLICY, anonymousSenders: 'asserted' })), [
      'delivered',
    ])
  })

  test('a record is the same whoever makes it, and its topic reads it', () => {
    const [first] = notificationsOf(completed(), POLICY)
    assert.ok(first !== undefined)
    assert.deepEqual(notificationsOf(completed(), POLICY)[0], first)
    assert.deepEqual(imdnOutbox.decode(imdnOutbox.encode(first)), first)
    assert.deepEqual(first.notification.thread?.conversationId, 'conversation')
    const other = notificationsOf(completed({ messageId: 'message-other-abcdef' }), POLICY)[0]
    assert.notEqual(other?.notification.notificationId, first.notification.notificationId)
  })
})

describe('imdn.outbox: written once, whatever happens', () => {
  beforeEach(() => {
    mock.timers.reset()
    mock.timers.enable({ apis: ['Date', 'setInterval'], now: START })
  })

  function harness() {
    const written: ImdnOutbox[] = []
    const bus = { broken: false }
    const failures: string[] = []
    const outbox = new Outbox(
      { ...POLICY, rememberMs: 10_000 },
      {
        now: Date.now,
        publish: async (record) => {
          if (bus.broken) throw new Error('no broker')
          written.push(record)
        },
        publishFailed: (_, { messageId }) => failures.push(messageId),
      },
    )
    return { outbox, written, bus, failures }
  }
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

  test('a bus that does not take it is asked again until it does', async () => {
    const { outbox, written, bus, failures } = harness()
    bus.broken = true
    outbox.completed(completed({}, ['positive-delivery']))
    await settle()
    assert.deepEqual([written.length, outbox.owed, failures.length], [0, 1, 1])
    bus.broken = false
    mock.timers.tick(1_500)
    await settle()
    assert.deepEqual([kinds(written), outbox.owed], [['delivered'], 0])
  })

  test('what the bus never takes is given up in the end, and said each time', async () => {
    const { outbox, written, bus, failures } = harness()
    bus.broken = true
    outbox.completed(completed({}, ['positive-delivery']))
    for (let second = 0; second < 14; second++) {
      await settle()
      mock.timers.tick(1_000)
    }
    await settle()
    assert.deepEqual([written.length, outbox.owed], [0, 0])
    assert.ok(failures.length > 5 && failures.length < 14, `${failures.length} attempts`)
  })

  test('after a takeover exactly what the predecessor owed is written', async () => {
    const { outbox, written } = harness()
    const [first] = notificationsOf(completed({}, ['positive-delivery']), POLICY)
    assert.ok(first !== undefined)
    outbox.assigned([0, 1])
    outbox.replayCompleted(0, completed({}, ['positive-delivery', 'interworking']))
    outbox.replayWritten(0, first)
    outbox.replayCompleted(1, completed({ messageId: 'message-of-another-one' }))
    outbox.revoked([1])
    outbox.replayed(1)
    assert.equal(written.length, 0)
    outbox.replayed(0)
    await settle()
    assert.deepEqual(kinds(written), ['legacy-sms'])
  })
})
