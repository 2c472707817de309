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

const RECEIVED: ImReceived = {
  ...ENVELOPE,
  sip: { callId: 'call-1', peer: 'scscf', transport: 'udp' },
  recipient: { uri: 'tel:+447900123456', number: '+447900123456', source: 'Request-URI' },
  sender: {
    asserted: [{ uri: 'tel:+447700900111', number: '+447700900111' }],
    from: { uri: 'tel:+447700900111' },
  },
  text: 'hello',
  contentType: 'text/plain',
  answer: { unknownOutcome: 202 },
  policyVersion: '1',
}

function report(step: SmReport['step'], rest: Partial<SmReport> = {}): SmReport {
  return { ...ENVELOPE, step, by: 'sm-delivery', atMs: Date.now(), ...rest }
}

interface Harness {
  correlator: Correlator
  completed: MessageCompleted[]
  finals: SipFinal[]
  ticks: number[]
  order: string[]
  notified: string[]
}

function harness(): Harness {
  const completed: MessageCompleted[] = []
  const finals: SipFinal[] = []
  const ticks: number[] = []
  const order: string[] = []
  const notified: string[] = []
  const correlator = new Correlator(
    { host: 'gw.example', statusOverrides: {}, keepDecidedMs: 180_000, clockSkewMs: 500 },
    {
      now: () => Date.now(),
      publishCompleted: async (value) => {
        completed.push(value)
        order.push(value.kind)
      },
      publishFinal: async (value) => {
        finals.push(value)
        order.push(value.late === true ? 'late' : 'final')
      },
      notify: ({ kind, outcome }) => notified.push(`${kind} ${outcome} after ${order.at(-1)}`),
      publishTick: async (partition, atMs) => {
        ticks.push(atMs)
        correlator.tick(partition, atMs)
      },
      report: {
        decided: () => {},
        amended: () => {},
        joined: () => {},
        orphanExpired: () => order.push('orphan'),
        publishFailed: (error) => assert.fail(String(error)),
      },
    },
  )
  correlator.assigned([0], true)
  return { correlator, completed, finals, ticks, order, notified }
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

describe('correlation: the answer tells the truth', () => {
  test('200 leaves only after the last part is acknowledged, and after the completion is written', async () => {
    const h = harness()
    h.correlator.received(0, RECEIVED)
    for (const part of [1, 2]) {
      h.correlator.reported(0, report('attempted', { part, parts: 2 }))
      await settle()
      assert.equal(h.finals.length, 0)
      h.correlator.reported(0, report('acknowledged', { part, parts: 2 }))
    }
    await settle()
    assert.deepEqual(h.order, ['completion', 'final'])
    assert.equal(h.finals[0]?.final.status, 200)
    assert.deepEqual([h.finals[0]?.ordinal, h.finals[0]?.bootId], [3, 'boot-a'])
    assert.equal(h.completed[0]?.timeline.at(-1)?.step, 'answered')
  })

  test('a failure leaves as the SIP status of its cause', async () => {
    const h = harness()
    h.correlator.received(0, RECEIVED)
    h.correlator.reported(
      0,
      report('failed', { cause: 'absentSubscriber', outcome: 'proof', detail: 'IMSI detached' }),
    )
    await settle()
    assert.equal(h.finals[0]?.final.status, 480)
    assert.equal(h.completed[0]?.outcome, 'failed')
  })

  test('reports that come before im.received count when it comes', async () => {
    const h = harness()
    h.correlator.reported(0, report('attempted', { part: 1, parts: 1 }))
    h.correlator.reported(0, report('acknowledged', { part: 1, parts: 1 }))
    await settle()
    assert.equal(h.finals.length, 0)
    h.correlator.received(0, RECEIVED)
    await settle()
    assert.equal(h.finals[0]?.final.status, 200)
    assert.equal(h.completed[0]?.callId, 'call-1')
    assert.equal(h.completed[0]?.timeline[0]?.step, 'received')
  })

  test('forwarded without an outcome is 202 at answerBy; the late result amends the record, and its ingress is told', async () => {
    const h = harness()
    h.correlator.received(0, RECEIVED)
    h.correlator.reported(0, report('attempted', { part: 1, parts: 1 }))
    await pass(24_900)
    assert.equal(h.finals.length, 0)
    await pass(200)
    assert.equal(h.finals[0]?.final.status, 202)
    assert.equal(h.completed[0]?.outcome, 'unknown')
    h.correlator.reported(0, report('acknowledged', { part: 1, parts: 1 }))
    await settle()
    assert.deepEqual(h.order, ['completion', 'final', 'amendment', 'late'])
    assert.deepEqual(
      [h.finals[1]?.late, h.finals[1]?.final.status, h.finals[1]?.bootId],
      [true, 200, 'boot-a'],
    )
    assert.deepEqual([h.completed[1]?.outcome, h.completed[1]?.cause], ['delivered', 'delivered'])
    assert.equal(h.completed[1]?.timeline[0]?.step, 'acknowledged')
    assert.deepEqual(h.notified, ['completion unknown after final', 'amendment delivered after amendment'])
  })

  test('policy reject480 answers an unknown outcome with 480', async () => {
    const h = harness()
    h.correlator.received(0, { ...RECEIVED, answer: { unknownOutcome: 480 } })
    h.correlator.reported(0, report('attempted', { part: 1, parts: 1 }))
    await pass(25_100)
    assert.equal(h.finals[0]?.final.status, 480)
    assert.equal(h.completed[0]?.outcome, 'unknown')
  })

  test('nothing attempted, and an own tick read behind all reports: 480, certainly not sent', async () => {
    const h = harness()
    h.correlator.received(0, RECEIVED)
    await pass(20_600)
    assert.equal(h.ticks.length, 1)
    await pass(4_500)
    assert.deepEqual([h.finals[0]?.final.status, h.finals[0]?.cause], [480, 'expiredBeforeForward'])
    assert.equal(h.completed[0]?.outcome, 'failed')
  })

  test('nothing attempted as far as known, but no tick came back: the answer is the one for unknown', async () => {
    const h = harness()
    h.correlator.tick = () => {}
    h.correlator.received(0, RECEIVED)
    await pass(20_600)
    await pass(4_500)
    assert.equal(h.finals[0]?.final.status, 202)
  })

  test('a copy that may be forwarded later than the first: certainly not sent only when that time is over too', async () => {
    const h = harness()
    h.correlator.received(0, RECEIVED)
    h.correlator.received(0, {
      ...RECEIVED,
      reply: { ordinal: 5, bootId: 'boot-b' },
      forwardByMs: START + 22_000,
    })
    await pass(20_600)
    assert.deepEqual(h.ticks, [])
    await pass(2_000)
    assert.equal(h.ticks.length, 1)
    await pass(2_500)
    assert.deepEqual(
      h.finals.map(({ final }) => final.status),
      [480, 480],
    )
  })

  test('earlyAnswer: 202 at its time, the forward goes on and its result amends', async () => {
    const h = harness()
    h.correlator.received(0, { ...RECEIVED, answer: { unknownOutcome: 202, earlyAtMs: START + 3_000 } })
    h.correlator.reported(0, report('attempted', { part: 1, parts: 1 }))
    await pass(3_100)
    assert.equal(h.finals[0]?.final.status, 202)
    h.correlator.reported(0, report('acknowledged', { part: 1, parts: 1 }))
    await settle()
    assert.equal(h.completed[1]?.outcome, 'delivered')
    assert.deepEqual(
      h.finals.map(({ late }) => late === true),
      [false, true],
    )
  })
})

describe('correlation: copies and takeovers', () => {
  test('a copy through another ingress joins: both get the final, the first copy’s clocks govern', async () => {
    const h = harness()
    h.correlator.received(0, RECEIVED)
    h.correlator.received(0, {
      ...RECEIVED,
      reply: { ordinal: 5, bootId: 'boot-b' },
      answerByMs: START + 60_000,
    })
    h.correlator.reported(0, report('attempted', { part: 1, parts: 1 }))
    await pass(25_100)
    assert.deepEqual(
      h.finals.map((f) => [f.ordinal, f.final.status]),
      [
        [3, 202],
        [5, 202],
      ],
    )
    assert.equal(h.completed.length, 1)
  })

  test('a copy after the decision gets the same answer, and no second completion is written', async () => {
    const h = harness()
    h.correlator.received(0, RECEIVED)
    h.correlator.reported(0, report('acknowledged', { part: 1, parts: 1 }))
    await settle()
    h.correlator.received(0, { ...RECEIVED, reply: { ordinal: 7, bootId: 'boot-c' } })
    await settle()
    assert.deepEqual(
      h.finals.map((f) => [f.ordinal, f.final.status]),
      [
        [3, 200],
        [7, 200],
      ],
    )
    assert.equal(h.completed.length, 1)
  })

  test('after a takeover nothing is decided before all old records are read, and an old decision stands', async () => {
    const before = harness()
    before.correlator.received(0, RECEIVED)
    before.correlator.reported(0, report('failed', { cause: 'callBarred', outcome: 'proof' }))
    await settle()
    const decision = before.completed[0] as MessageCompleted

    const h = harness()
    h.correlator.assigned([0], false)
    h.correlator.received(0, RECEIVED)
    h.correlator.reported(0, report('acknowledged', { part: 1, parts: 1 }))
    await settle()
    assert.equal(h.finals.length, 0)
    h.correlator.completed(0, decision)
    h.correlator.replayed(0)
    await settle()
    assert.deepEqual(
      h.finals.map((f) => f.final.status),
      [403],
    )
    assert.equal(h.completed.length, 0)
  })

  test('after a takeover what the old records decide is decided once they are all read', async () => {
    const h = harness()
    h.correlator.assigned([0], false)
    h.correlator.reported(0, report('acknowledged', { part: 1, parts: 1 }))
    h.correlator.received(0, RECEIVED)
    assert.equal(h.completed.length, 0)
    h.correlator.replayed(0)
    await settle()
    assert.equal(h.finals[0]?.final.status, 200)
  })

  test('after a takeover a late result still amends a decision that was made without it, once', async () => {
    const before = harness()
    before.correlator.received(0, RECEIVED)
    before.correlator.reported(0, report('attempted', { part: 1, parts: 1 }))
    await pass(25_100)
    const decision = before.completed[0] as MessageCompleted
    const attempted = report('attempted', { part: 1, parts: 1, atMs: START })
    const acknowledged = report('acknowledged', { part: 1, parts: 1 })

    for (const order of ['before', 'among', 'after'] as const) {
      const h = harness()
      h.correlator.assigned([0], false)
      if (order === 'before') h.correlator.reported(0, acknowledged)
      h.correlator.completed(0, decision)
      h.correlator.reported(0, attempted)
      if (order === 'among') h.correlator.reported(0, acknowledged)
      assert.equal(h.completed.length, 0)
      h.correlator.replayed(0)
      if (order === 'after') h.correlator.reported(0, acknowledged)
      h.correlator.reported(0, acknowledged)
      await settle()
      assert.deepEqual(
        h.completed.map(({ kind, outcome, timeline }) => [kind, outcome, timeline.map(({ step }) => step)]),
        [['amendment', 'delivered', ['acknowledged']]],
        order,
      )
    }
  })

  test('after a takeover an amendment that was written is not written again', async () => {
    const h = harness()
    const completion: MessageCompleted = {
      kind: 'completion',
      messageId: ENVELOPE.messageId,
      recipientKey: ENVELOPE.recipientKey,
      outcome: 'unknown',
      cause: 'outcomeUnknown',
      partsDelivered: 0,
      parts: 1,
      receivedAtMs: START,
      decidedAtMs: START + 25_000,
      final: { status: 202, reasonPhrase: 'Accepted', headers: [] },
      timeline: [],
    }
    h.correlator.assigned([0], false)
    h.correlator.completed(0, completion)
    h.correlator.completed(0, { ...completion, kind: 'amendment', outcome: 'delivered', cause: 'delivered' })
    h.correlator.reported(0, report('acknowledged', { part: 1, parts: 1 }))
    h.correlator.replayed(0)
    await settle()
    assert.equal(h.completed.length, 0)
  })

  test('reports without im.received expire when its decision would', async () => {
    const h = harness()
    h.correlator.reported(0, report('attempted', { part: 1, parts: 1 }))
    await pass(25_100)
    assert.equal(h.correlator.openCount, 1)
    await pass(180_000)
    assert.deepEqual(h.order, ['orphan'])
    assert.equal(h.correlator.openCount, 0)
  })

  test('a revoked partition is forgotten whole', async () => {
    const h = harness()
    h.correlator.received(0, RECEIVED)
    h.correlator.revoked([0])
    await pass(30_000)
    assert.equal(h.finals.length, 0)
    assert.equal(h.correlator.openCount, 0)
  })
})
