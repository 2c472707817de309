import assert from 'node:assert/strict'
import { beforeEach, describe, mock, test } from 'node:test'
import type { ImReceived, MessageCompleted, SipFinal, SmReport } from '@ipsmgw/events'
import { Correlator } from './correlator.ts'

const START = 1_790_000_000_000
const ENVELOPE = {
  messageId: 'message-0123456789abcd',
  recipientKey: 'k'.repeat(32),
  receivedAtMs: START,
  answerByMs: START + 25_000,
  forwardByMs: START + 20_000,
  reply: { ordinal: 3, bootId: 'boot-a' },
}
const OTHER = { ...ENVELOPE, messageId: 'other-message-456789abcd' }

function received(rest: Partial<ImReceived> = {}): ImReceived {
  return {
    ...ENVELOPE,
    sip: { callId: 'call-1', peer: 'scscf', transport: 'udp' },
    recipient: { uri: 'tel:+447900123456', number: '+447900123456', source: 'Request-URI' },
    sender: { asserted: [], from: { uri: 'tel:+447700900111' } },
    text: 'hello',
    contentType: 'text/plain',
    answer: { unknownOutcome: 202 },
    policyVersion: '1',
    ...rest,
  }
}

let atMs = START
function report(step: SmReport['step'], rest: Partial<SmReport> = {}): SmReport {
  return { ...ENVELOPE, step, by: 'sm-delivery', atMs: atMs++, ...rest }
}

function harness(ready = true) {
  const completed: MessageCompleted[] = []
  const finals: SipFinal[] = []
  const correlator: Correlator = new Correlator(
    { host: 'gw.example', statusOverrides: {}, keepDecidedMs: 180_000, clockSkewMs: 500 },
    {
      now: () => Date.now(),
      publishCompleted: async (value) => void completed.push(value),
      publishFinal: async (value) => void finals.push(value),
      publishTick: async (partition, tickMs) => correlator.tick(partition, tickMs),
      notify: () => {},
      report: {
        decided: () => {},
        amended: () => {},
        joined: () => {},
        orphanExpired: () => {},
        publishFailed: (error) => assert.fail(String(error)),
      },
    },
  )
  correlator.assigned([0], ready)
  return { correlator, completed, finals, statuses: () => finals.map(({ final }) => final.status) }
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
const pass = async (ms: number) => {
  mock.timers.tick(ms)
  await settle()
}

beforeEach(() => {
  mock.timers.reset()
  mock.timers.enable({ apis: ['Date', 'setInterval'], now: START })
})

describe('design Never a false failure: a stage that runs again for a message under way', () => {
  const routingFails = report('failed', { by: 'hss-routing', cause: 'routingNoAnswer', outcome: 'proof' })

  for (const step of ['routed', 'attempted', 'duplicate'] as const)
    test(`cannot end it once it is ${step}`, async () => {
      const h = harness()
      h.correlator.received(0, received())
      h.correlator.reported(
        0,
        report(step, step === 'routed' ? { by: 'hss-routing' } : { part: 1, parts: 1 }),
      )
      h.correlator.reported(0, { ...routingFails, atMs: atMs++ })
      await settle()
      assert.deepEqual(h.statuses(), [])
      h.correlator.reported(0, report('acknowledged', { part: 1, parts: 1 }))
      await settle()
      assert.deepEqual(h.statuses(), [200])
    })

  test('ends it when nothing was routed, and when the second routing found nothing', async () => {
    for (const attempt of [1, 2]) {
      const h = harness()
      h.correlator.received(0, received())
      if (attempt === 2) h.correlator.reported(0, report('attempted', { part: 1, parts: 1 }))
      h.correlator.reported(0, { ...routingFails, atMs: atMs++, ...(attempt === 2 && { attempt }) })
      await settle()
      assert.deepEqual(h.statuses(), [480])
    }
  })

  test('the second routing, once under way, is not ended by its repetition', async () => {
    const h = harness()
    h.correlator.received(0, received())
    h.correlator.reported(0, report('attempted', { part: 1, parts: 1 }))
    h.correlator.reported(0, report('attempted', { part: 1, parts: 1, attempt: 2 }))
    h.correlator.reported(0, { ...routingFails, atMs: atMs++, attempt: 2 })
    await settle()
    assert.deepEqual(h.statuses(), [])
  })
})

describe('design Never a false failure: records that come late', () => {
  test('reports of a message whose im.received comes after answerBy still count', async () => {
    const h = harness()
    h.correlator.received(0, received(OTHER))
    h.correlator.reported(0, report('attempted', { part: 1, parts: 1 }))
    await pass(20_600)
    await pass(4_500)
    h.correlator.received(0, received())
    await pass(100)
    const mine = h.completed.filter(({ messageId }) => messageId === ENVELOPE.messageId)
    assert.deepEqual(
      mine.map(({ outcome }) => outcome),
      ['unknown'],
    )
  })

  test('nothing read again is given up before all of it is read', async () => {
    const h = harness(false)
    h.correlator.reported(0, report('attempted', { part: 1, parts: 1 }))
    h.correlator.reported(0, report('acknowledged', { part: 1, parts: 1 }))
    await pass(300_000)
    h.correlator.received(0, received())
    h.correlator.replayed(0)
    await settle()
    assert.deepEqual(
      h.completed.map(({ outcome }) => outcome),
      ['delivered'],
    )
  })

  test('an early answer whose time has passed before the message is known leaves at once', async () => {
    const h = harness()
    await pass(3_000)
    h.correlator.received(0, received({ answer: { unknownOutcome: 202, earlyAtMs: START + 2_000 } }))
    await pass(100)
    assert.deepEqual(h.statuses(), [202])
  })

  test('an early answer is 202, whatever the peer wants to hear of an unknown outcome at answerBy', async () => {
    const h = harness()
    h.correlator.received(0, received({ answer: { unknownOutcome: 480, earlyAtMs: START + 2_000 } }))
    await pass(2_100)
    assert.deepEqual(h.statuses(), [202])
  })
})

describe('design rule 3: a certainty that proved wrong', () => {
  test('is amended in the record', async () => {
    const h = harness()
    h.correlator.received(0, received())
    h.correlator.reported(
      0,
      report('failed', { by: 'hss-routing', cause: 'routingNoAnswer', outcome: 'proof' }),
    )
    h.correlator.reported(
      0,
      report('failed', { by: 'hss-routing', cause: 'routingNoAnswer', outcome: 'proof' }),
    )
    await settle()
    h.correlator.reported(0, report('acknowledged', { part: 1, parts: 1 }))
    await settle()
    assert.deepEqual(
      h.completed.map(({ kind, outcome }) => `${kind} ${outcome}`),
      ['completion failed', 'amendment delivered'],
    )
  })
})

describe('design rule 3: after a takeover every transaction gets the decision that was written', () => {
  const completion: MessageCompleted = {
    kind: 'completion',
    messageId: ENVELOPE.messageId,
    recipientKey: ENVELOPE.recipientKey,
    outcome: 'delivered',
    cause: 'delivered',
    partsDelivered: 1,
    parts: 1,
    receivedAtMs: START,
    decidedAtMs: START + 1_000,
    final: { status: 200, reasonPhrase: 'OK', headers: [] },
    timeline: [],
  }

  for (const order of ['decision first', 'message first'])
    test(`${order}: once, and when all is read`, async () => {
      const h = harness(false)
      if (order === 'message first') h.correlator.received(0, received())
      h.correlator.completed(0, completion)
      if (order === 'decision first') h.correlator.received(0, received())
      await settle()
      assert.deepEqual(h.statuses(), [])
      h.correlator.replayed(0)
      await settle()
      assert.deepEqual(h.statuses(), [200])
    })

  test('but nobody is answered whose time is over', async () => {
    const h = harness(false)
    await pass(60_000)
    h.correlator.completed(0, completion)
    h.correlator.received(0, received())
    h.correlator.replayed(0)
    await settle()
    assert.deepEqual(h.statuses(), [])
  })
})
