import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type ServingNode,
  type SmOutcome,
  type SmPrepared,
  type SmReport,
  type SmRouted,
  smReports,
} from '@ipsmgw/events'
import { SeenSet } from '@ipsmgw/runtime'
import { Delivery } from './delivery.ts'
import type { ForwardResult, PartForward } from './forwarder.ts'
import { NodeGate } from './node-gate.ts'
import { PaceBook } from './pace.ts'

const MME: ServingNode = { kind: 'mme', protocol: 'sgd', host: 'mme1.example', realm: 'example' }
const SGSN: ServingNode = { kind: 'sgsn', protocol: 'sgd', host: 'sgsn1.example', realm: 'example' }
const GATE = {
  maximumInFlight: 10,
  maximumPerSecond: 1000,
  unanswered: 3,
  silenceMs: 20_000,
  probeMs: 10_000,
}
const START = 1_790_000_000_000

function routed(parts = 1, rest: Partial<SmRouted> = {}): SmRouted {
  return {
    messageId: 'message-0123456789abcd',
    recipientKey: 'k'.repeat(32),
    receivedAtMs: START,
    answerByMs: START + 25_000,
    forwardByMs: START + 20_000,
    reply: { ordinal: 0, bootId: 'b' },
    deliveryKey: 'd'.repeat(32),
    imsi: '234150000000001',
    recipient: { number: '+447900123456', uri: 'tel:+447900123456' },
    nodes: [MME],
    tpdus: Array.from({ length: parts }, (_, i) => Buffer.from([0x04, i]).toString('base64')),
    routing: { attempt: 1, firstPart: 1 },
    early: false,
    ...rest,
  }
}

function harness(answers: (part: PartForward) => ForwardResult, clock = { now: START }) {
  const log: string[] = []
  const sessions: string[] = []
  const reports: SmReport[] = []
  const prepared: SmPrepared[] = []
  const outcomes: SmOutcome[] = []
  const seen = new SeenSet(180_000, () => clock.now)
  const delivery = new Delivery(
    { remainderMs: 90_000, busyRetryMs: 1, busyRetries: 2 },
    {
      forwarders: {
        sgd: {
          session: () => ({
            forward: async (part) => {
              log.push(`forward ${part.node.host} ${part.part}${part.moreMessagesToSend ? ' more' : ''}`)
              return answers(part)
            },
            close: () => sessions.push('closed'),
          }),
        },
      },
      seen,
      pace: new PaceBook({ firstPartMs: 6_000, furtherPartMs: 2_500 }),
      gate: new NodeGate(GATE, { now: () => clock.now, held: () => {}, breakerChanged: () => {} }),
      now: () => clock.now,
      publishReport: async (report) => {
        reports.push(report)
        log.push(
          `${report.step}${report.part === undefined ? '' : ` ${report.part}`}${report.cause ? ` ${report.cause} ${report.outcome}` : ''}`,
        )
      },
      publishPrepared: async (value) => {
        prepared.push(value)
      },
      publishOutcome: async (outcome) => {
        outcomes.push(outcome)
      },
      forwarded: () => {},
    },
  )
  return { delivery, log, sessions, reports, prepared, outcomes, clock }
}

const owned = () => true
const absent = (): ForwardResult => ({ kind: 'refused', cause: 'absentSubscriber' })

describe('TS 23.204 §6.13 steps 9-12: parts in order', () => {
  test('each part is attempted on record before it leaves, and the next starts after the phone’s answer', async () => {
    const h = harness(() => ({ kind: 'delivered' }))
    await h.delivery.deliver(routed(2), owned)
    assert.deepEqual(h.log, [
      'attempted 1',
      'forward mme1.example 1 more',
      'acknowledged 1',
      'attempted 2',
      'forward mme1.example 2',
      'acknowledged 2',
    ])
  })

  test('an outcome is reported however much its neighbour has to say', async () => {
    const h = harness(() => ({ kind: 'unknown', detail: `SGd: link lost at ${'x'.repeat(255)}` }))
    await h.delivery.deliver(routed(), owned)
    const report = h.reports.at(-1)
    assert.deepEqual(smReports.decode(smReports.encode({ ...(report && { report }) })).report, report)
  })

  test('the first failing part ends the message', async () => {
    const h = harness((part) =>
      part.part === 1 ? { kind: 'delivered' } : { kind: 'refused', cause: 'memoryCapacityExceeded' },
    )
    await h.delivery.deliver(routed(3), owned)
    assert.equal(h.log.at(-1), 'failed 2 memoryCapacityExceeded proof')
    assert.equal(h.reports.filter((r) => r.step === 'attempted').length, 2)
    assert.deepEqual(h.sessions, ['closed'], 'the node is not left waiting for part 3')
  })
})

describe('design: never twice', () => {
  test('the same message again is a duplicate and nothing is sent', async () => {
    const h = harness(() => ({ kind: 'delivered' }))
    await h.delivery.deliver(routed(), owned)
    await h.delivery.deliver(routed(), owned)
    assert.equal(h.log.filter((line) => line.startsWith('forward')).length, 1)
    assert.equal(h.log.at(-1), 'duplicate')
  })

  test('a claim read again after a takeover is never sent', async () => {
    const h = harness(() => ({ kind: 'delivered' }))
    h.delivery.remember(routed())
    await h.delivery.deliver(routed(), owned)
    assert.deepEqual(h.log, ['duplicate'])
  })

  test('a claim lost between the attempt on record and the forward sends nothing', async () => {
    const h = harness(() => ({ kind: 'delivered' }))
    await h.delivery.deliver(routed(), () => false)
    assert.deepEqual(h.log, ['attempted 1', 'failed 1 expiredBeforeForward proof'])
  })

  test('a claim is ours for ever: with part 1 on the phone the rest follows, whoever has the partition now', async () => {
    let ours = true
    const h = harness(() => {
      ours = false
      return { kind: 'delivered' }
    })
    await h.delivery.deliver(routed(2), () => ours)
    assert.equal(h.log.at(-1), 'acknowledged 2')
  })

  test('half a message is the worst outcome: a further part that a bound holds back waits for its place', async () => {
    let asked = 0
    const h = harness(({ part }) =>
      part === 2 && asked++ < 5
        ? { kind: 'not-sent', cause: 'servingNodeBusy', detail: 'in-flight bound of the node' }
        : { kind: 'delivered' },
    )
    await h.delivery.deliver(routed(2), owned)
    assert.equal(h.log.at(-1), 'acknowledged 2')
  })

  test('a stale location is asked for also when forwardBy has passed since part 1', async () => {
    const h = harness(({ part }) => {
      if (part === 1) return { kind: 'delivered' }
      h.clock.now += 30_000
      return { kind: 'refused', cause: 'unidentifiedSubscriber' }
    })
    await h.delivery.deliver(routed(2), owned)
    assert.deepEqual(
      h.prepared.map(({ routing }) => routing),
      [{ attempt: 2, firstPart: 2 }],
    )
  })

  test('but not beyond the bound of the remainder', async () => {
    const h = harness(({ part }) => {
      if (part === 1) return { kind: 'delivered' }
      h.clock.now += 30_000
      return { kind: 'not-sent', cause: 'servingNodeBusy', detail: 'in-flight bound of the node' }
    })
    await h.delivery.deliver(routed(2), owned)
    assert.equal(h.log.at(-1), 'failed 2 servingNodeBusy proof')
  })

  test('an unknown outcome is final: no other node, no second attempt', async () => {
    const h = harness(() => ({ kind: 'unknown', detail: 'no answer' }))
    await h.delivery.deliver(routed(1, { nodes: [MME, SGSN] }), owned)
    assert.deepEqual(h.log, ['attempted 1', 'forward mme1.example 1', 'failed 1 outcomeUnknown unknown'])
  })

  for (const cause of [
    'systemFailure',
    'equipmentProtocolError',
    'outcomeUnknown',
    'protocolDefect',
  ] as const)
    test(`${cause} proves nothing: the other node is not tried`, async () => {
      const h = harness(() => ({ kind: 'refused', cause }))
      await h.delivery.deliver(routed(1, { nodes: [MME, SGSN] }), owned)
      assert.equal(h.log.filter((line) => line.startsWith('forward')).length, 1)
      assert.equal(h.reports.at(-1)?.outcome, 'unknown')
    })
})

describe('design §4 rule 6: another node only on proof of non-delivery', () => {
  for (const cause of [
    'absentSubscriber',
    'unidentifiedSubscriber',
    'facilityNotSupported',
    'equipmentNotSmEquipped',
  ] as const)
    test(`${cause}: the next node gets the part`, async () => {
      const h = harness((part) => (part.node === MME ? { kind: 'refused', cause } : { kind: 'delivered' }))
      await h.delivery.deliver(routed(1, { nodes: [MME, SGSN] }), owned)
      assert.deepEqual(h.log.at(-1), 'acknowledged 1')
    })

  test('all nodes absent: the last cause is the message’s', async () => {
    const h = harness(absent)
    await h.delivery.deliver(routed(1, { nodes: [MME, SGSN] }), owned)
    assert.equal(h.log.at(-1), 'failed 1 absentSubscriber proof')
  })

  test('a stale location is asked for once more, with the same parts', async () => {
    const h = harness(() => ({ kind: 'refused', cause: 'unidentifiedSubscriber' }))
    await h.delivery.deliver(routed(), owned)
    assert.deepEqual(h.prepared[0]?.routing, { attempt: 2, firstPart: 1 })
    await h.delivery.deliver(routed(1, { routing: { attempt: 2, firstPart: 1 } }), owned)
    assert.equal(h.prepared.length, 1)
    assert.equal(h.log.at(-1), 'failed 1 unidentifiedSubscriber proof')
  })

  test('busy with another SMS: the same node a little later', async () => {
    let calls = 0
    const h = harness(() =>
      ++calls === 1 ? { kind: 'refused', cause: 'subscriberBusyForMtSms' } : { kind: 'delivered' },
    )
    await h.delivery.deliver(routed(), owned)
    assert.equal(h.log.at(-1), 'acknowledged 1')
  })
})

describe('design §4 rule 5: the clocks', () => {
  test('after forwardBy part 1 is not started', async () => {
    const h = harness(() => ({ kind: 'delivered' }), { now: START + 20_000 })
    await h.delivery.deliver(routed(), owned)
    assert.deepEqual(h.log, ['failed 1 expiredBeforeForward proof'])
  })

  test('what cannot be whole by answerBy is not started, unless the sender is answered early', async () => {
    const h = harness(() => ({ kind: 'delivered' }), { now: START + 10_000 })
    await h.delivery.deliver(routed(5), owned)
    assert.deepEqual(h.log, ['failed 1 expiredBeforeForward proof'])
    const early = harness(() => ({ kind: 'delivered' }), { now: START + 10_000 })
    await early.delivery.deliver(routed(5, { early: true }), owned)
    assert.equal(early.log.at(-1), 'acknowledged 5')
  })

  test('once part 1 is acknowledged the rest is sent even past answerBy', async () => {
    const clock = { now: START }
    const h = harness(() => {
      clock.now += 30_000
      return { kind: 'delivered' }
    }, clock)
    await h.delivery.deliver(routed(3), owned)
    assert.equal(h.log.at(-1), 'acknowledged 3')
  })

  test('a message whose validity is over is not sent', async () => {
    const h = harness(() => ({ kind: 'delivered' }))
    await h.delivery.deliver(routed(1, { expiresAtMs: START }), owned)
    assert.deepEqual(h.log, ['failed 1 validityOver proof'])
  })
})

describe('bounds', () => {
  test('the seen-set remembers at least its window and forgets after two', () => {
    let now = 0
    const seen = new SeenSet(1_000, () => now)
    assert.equal(seen.add('a'), true)
    now = 999
    assert.equal(seen.add('a'), false)
    now = 1_900
    assert.equal(seen.add('a'), false)
    now = 10_000
    assert.equal(seen.add('a'), true)
    assert.equal(seen.size, 1)
  })

  test('the pace of a node is learned from its answers', () => {
    const pace = new PaceBook({ firstPartMs: 6_000, furtherPartMs: 2_500 })
    assert.equal(pace.estimateMs('n', 3), 11_000)
    for (let i = 0; i < 50; i++) pace.learn('n', 1, 100)
    assert.ok(pace.estimateMs('n', 1) < 200)
    assert.equal(pace.estimateMs('other', 1), 6_000)
  })
})

describe('TS 23.040 §9: the outcome for the home network', () => {
  const home = {
    protocol: 's6c',
    host: 'hss1.example',
    msisdn: '447900123456',
    waiting: false,
    singleAttempt: false,
  } as const
  const gone = (diagnostic: number): ForwardResult => ({
    kind: 'refused',
    cause: 'absentSubscriber',
    diagnostic,
  })

  test('every node that was tried has its outcome, the diagnostic of each with it', async () => {
    const h = harness(({ node }) => (node === MME ? gone(1) : gone(6)))
    await h.delivery.deliver(routed(1, { nodes: [MME, SGSN], home }), owned)
    assert.equal(h.outcomes.length, 1)
    assert.equal(h.outcomes[0]?.ending, 'failed')
    assert.deepEqual(h.outcomes[0]?.nodes, [
      { kind: 'mme', outcome: 'absent', diagnostic: 1 },
      { kind: 'sgsn', outcome: 'absent', diagnostic: 6 },
    ])
  })

  test('a success at the second node tells of both, an unknown outcome says so', async () => {
    const h = harness(({ node }) => (node === MME ? gone(1) : { kind: 'delivered' }))
    await h.delivery.deliver(routed(1, { nodes: [MME, SGSN], home }), owned)
    assert.deepEqual(
      h.outcomes[0]?.nodes.map(({ outcome }) => outcome),
      ['absent', 'delivered'],
    )
    const unknown = harness(() => ({ kind: 'unknown', detail: 'timeout' }))
    await unknown.delivery.deliver(routed(1, { home }), owned)
    assert.equal(unknown.outcomes[0]?.ending, 'unknown')
  })

  test('where nobody need be told, nothing is published', async () => {
    const h = harness(() => gone(1))
    await h.delivery.deliver(routed(), owned)
    assert.deepEqual(h.outcomes, [])
  })
})
