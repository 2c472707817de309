import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { LAB_NODES, type SubscriberSetting } from '@ipsmgw/test/lab'
import { eventually } from '../support/eventually.ts'
import { ANSWER_BY_MS, GatewayInLab, type GatewayOptions, SCSCF } from './gateway.ts'
import { type Answer, Sender } from './sender.ts'

const LONG_TEXT = 'ö'.repeat(400)

/** A gateway in the lab and its sender, for one suite; every message is to a number of its own. */
class Suite {
  gateway!: GatewayInLab
  sender!: Sender
  #numbers: number

  constructor(firstNumber: number, options: GatewayOptions = {}) {
    this.#numbers = firstNumber
    before(async () => {
      this.gateway = await GatewayInLab.start(options)
      this.sender = await Sender.open(SCSCF, this.gateway.sip)
    })
    after(async () => {
      await this.sender.close()
      await this.gateway.stop()
    })
  }

  async deliver(setting: SubscriberSetting, text?: string) {
    this.#numbers += 1
    const msisdn = String(this.#numbers)
    this.gateway.set(msisdn, setting)
    const answer = await this.sender.send({ to: msisdn, ...(text !== undefined && { text }) })
    const forwards = this.gateway.lab.nodesLog.entries(msisdn)
    return { msisdn, answer, forwards, messages: this.messages(msisdn) }
  }

  messages(msisdn: string) {
    return this.gateway.lab.phones.messagesOf(msisdn)
  }
}

const q850Of = (answer: Answer) => Number(/^Q\.850;cause=(\d+)/.exec(answer.header('reason') ?? '')?.[1])
const mapError = (code: number, cause?: number, report?: string): SubscriberSetting => ({
  behaviour: 'error',
  mapError: { code, ...(cause !== undefined && { cause }), ...(report !== undefined && { report }) },
})

describe('delivery through the MSC over MAP, M3UA and TCP', () => {
  const suite = new Suite(447_900_300_000)

  test('TS 23.204 §6.13 steps 9-13: the MSC acknowledges, only then 200', async () => {
    const { answer, messages, forwards } = await suite.deliver({ behaviour: 'reachable', delayMs: 300 })
    assert.equal(answer.status, 200)
    assert.ok(answer.elapsedMs >= 300)
    assert.deepEqual([messages.length, messages[0]?.text], [1, 'Hello'])
    assert.deepEqual(
      forwards.map(({ node, command }) => [node, command]),
      [[LAB_NODES.msc.identity, 'mt-ForwardSM']],
    )
  })

  test('TS 29.002 §23.3: parts go over one dialogue, the last without moreMessagesToSend', async () => {
    const { answer, messages, forwards } = await suite.deliver({ behaviour: 'reachable' }, LONG_TEXT)
    assert.equal(answer.status, 200)
    assert.equal(messages[0]?.text, LONG_TEXT)
    assert.equal(forwards.length, 3)
    assert.equal(new Set(forwards.map(({ dialogue }) => dialogue)).size, 1)
    assert.deepEqual(
      forwards.map(({ moreMessages }) => moreMessages),
      [true, true, false],
    )
  })

  for (const version of [2, 1] as const)
    test(`TS 29.002 §5.4: an MSC of version ${version} gets each message once, the second one without detour`, async () => {
      const { msc } = suite.gateway.lab.map
      msc.speak(version)
      try {
        for (const first of [true, false]) {
          const begun = msc.count('accepted')
          const { answer, messages, forwards } = await suite.deliver({ behaviour: 'reachable' }, LONG_TEXT)
          assert.equal(answer.status, 200)
          assert.equal(messages[0]?.text, LONG_TEXT)
          assert.deepEqual(
            forwards.map((it) => it.version),
            [version, version, version],
          )
          const dialogues = new Set(forwards.map(({ dialogue }) => dialogue)).size
          assert.equal(msc.count('accepted') - begun - dialogues, first ? 1 : 0, 'refused BEGINs')
        }
      } finally {
        msc.speak(3)
      }
    })
})

interface Row {
  readonly setting: SubscriberSetting
  readonly status: number
  /** Q.850 value in Reason. */
  readonly q850?: number
  readonly retryAfter?: string
  /** Requests that the MSC sees. Default 1. */
  readonly forwards?: number
}

/** Causes that prove that the phone has not got the message. */
const CERTAIN: readonly Row[] = [
  { setting: { behaviour: 'absent' }, status: 480, q850: 20 },
  { setting: mapError(27), status: 480, q850: 20 },
  { setting: { behaviour: 'memory-full' }, status: 480, q850: 47 },
  { setting: mapError(32, 0), status: 480, q850: 47 },
  { setting: { behaviour: 'busy' }, status: 486, q850: 17, retryAfter: '10', forwards: 3 },
  // Stale location: routing is asked once more, then it is the end.
  { setting: { behaviour: 'unknown', at: 'node' }, status: 480, q850: 20, forwards: 2 },
  { setting: mapError(9), status: 403, q850: 21 },
  { setting: mapError(12), status: 403, q850: 21 },
  { setting: mapError(21), status: 480, q850: 69 },
  { setting: mapError(32, 1, '00d500'), status: 480, q850: 111 },
  { setting: mapError(32, 1, '00d300'), status: 480, q850: 47 },
  { setting: mapError(32, 2), status: 480, q850: 88 },
  { setting: mapError(32, 3), status: 500, q850: 3 },
  { setting: mapError(32, 5), status: 404, q850: 28 },
  { setting: mapError(32, 6), status: 403, q850: 21 },
  { setting: { behaviour: 'turn-away' }, status: 480, q850: 42, retryAfter: '10', forwards: 1 },
]

/** Causes behind which the phone may have the message. */
const UNKNOWN: readonly Row[] = [
  { setting: { behaviour: 'system-failure' }, status: 480, q850: 38, retryAfter: '10' },
  { setting: mapError(99), status: 480, q850: 38, retryAfter: '10' },
  { setting: mapError(1), status: 480, q850: 38, retryAfter: '10' },
  { setting: mapError(11), status: 480, q850: 38, retryAfter: '10' },
  { setting: mapError(13), status: 480, q850: 38, retryAfter: '10' },
  { setting: mapError(33), status: 480, q850: 38, retryAfter: '10' },
  { setting: mapError(32, 1), status: 480, q850: 111 },
  { setting: mapError(32, 4), status: 480, q850: 42, retryAfter: '10' },
  { setting: mapError(35), status: 500, q850: 96 },
  { setting: mapError(36), status: 500, q850: 96 },
  { setting: { behaviour: 'reject' }, status: 500, q850: 96 },
  { setting: { behaviour: 'abort' }, status: 202 },
  { setting: { behaviour: 'no-answer' }, status: 202 },
  { setting: { behaviour: 'malformed' }, status: 202 },
  { setting: { behaviour: 'silent' }, status: 202 },
]

describe('MAP outcome to SIP answer (docs/protocols/sip-answers.md)', { concurrency: true }, () => {
  const suite = new Suite(447_900_310_000)

  for (const row of CERTAIN)
    test(`${titleOf(row)}: certain, no SMS`, async () => {
      const { answer, messages, forwards } = await suite.deliver(row.setting)
      check(row, answer)
      assert.equal(forwards.length, row.forwards ?? 1)
      assert.equal(messages.length, 0)
    })

  test('TP-FCS C5, the phone has it already: 200, as it is delivered', async () => {
    const { answer } = await suite.deliver(mapError(32, 1, '00c500'))
    assert.equal(answer.status, 200)
  })
})

describe('design §4 rule 6: unknown is never sent again', { concurrency: true }, () => {
  const suite = new Suite(447_900_320_000, { routing: { preference: ['msc', 'mme', 'sgsn'] } })

  for (const row of UNKNOWN)
    test(`${titleOf(row)}: the phone did get it, exactly once, though the MME could be tried`, async () => {
      const setting = { ...row.setting, taken: true, second: 'mme' } as const
      const { msisdn, answer, forwards } = await suite.deliver(setting)
      check(row, answer)
      assert.equal(forwards.length, 1)
      const again = await suite.sender.send({ to: msisdn, callId: answer.callId })
      assert.equal(again.status, answer.status, 'a copy of the request gets the same answer')
      assert.equal(suite.gateway.lab.nodesLog.entries(msisdn).length, 1)
      assert.equal(suite.messages(msisdn).length, 1)
    })

  for (const setting of [
    { behaviour: 'absent' },
    { behaviour: 'unknown', at: 'node' },
    { behaviour: 'turn-away' },
    mapError(21),
    mapError(32, 2),
  ] as const satisfies readonly SubscriberSetting[])
    test(`${nameOf(setting)} is proof: the MME gets it, 200, one SMS`, async () => {
      const { answer, messages, forwards } = await suite.deliver({ ...setting, second: 'mme' })
      assert.equal(answer.status, 200)
      assert.equal(messages.length, 1)
      assert.deepEqual(
        forwards.map(({ node }) => node),
        [LAB_NODES.msc.identity, LAB_NODES.mme.identity],
      )
    })

  test('an MSC that answers after answerBy: 202, one SMS, and the late result in the record', async () => {
    const setting: SubscriberSetting = { behaviour: 'reachable', delayMs: ANSWER_BY_MS + 1_000 }
    const { msisdn, answer } = await suite.deliver(setting)
    assert.equal(answer.status, 202)
    await eventually(
      async () => (await suite.gateway.message(answer.callId)).outcome === 'delivered',
      'late result',
    )
    assert.equal(suite.messages(msisdn).length, 1)
  })
})

describe('TS 29.002 §12.1: routing over MAP from the HLR', { concurrency: true }, () => {
  const suite = new Suite(447_900_330_000, { routing: { protocols: ['map'] } })

  for (const node of ['msc', 'sgsn', 'mme'] as const)
    test(`served by the ${node}: delivered over MAP`, async () => {
      const { msisdn, answer, messages, forwards } = await suite.deliver({ behaviour: 'reachable', node })
      assert.equal(answer.status, 200)
      assert.equal(messages.length, 1)
      assert.equal(forwards[0]?.command, 'mt-ForwardSM')
      const asked = suite.gateway.lab.hssLog.entries(msisdn).map(({ command }) => command)
      assert.deepEqual(asked, ['sendRoutingInfoForSM'])
    })

  test('TS 23.040 §9.1.2: an SMS router’s correlation id goes to the router and nowhere else', async () => {
    for (let i = 0; i < 2; i++) {
      const { answer, messages, forwards } = await suite.deliver({
        behaviour: 'reachable',
        homeRouting: true,
      })
      assert.equal(answer.status, 200)
      assert.equal(messages.length, 1)
      const correlationId = forwards[0]?.imsi ?? assert.fail('no IMSI')
      assert.match(correlationId, /^00102/)
      assert.ok(!suite.gateway.logged.some((line) => line.includes(correlationId)))
      const record = await suite.gateway.message(answer.callId)
      assert.ok(!JSON.stringify(record).includes(correlationId))
    }
  })

  for (const row of [
    { setting: { behaviour: 'unknown' }, status: 404, q850: 1 },
    { setting: { behaviour: 'absent', at: 'hss' }, status: 480, q850: 20 },
    { setting: { behaviour: 'barred' }, status: 403, q850: 21 },
    { setting: { behaviour: 'not-provisioned' }, status: 403, q850: 50 },
    { setting: { behaviour: 'system-failure', at: 'hss' }, status: 480, q850: 38, retryAfter: '10' },
    { setting: { behaviour: 'abort', at: 'hss' }, status: 480, q850: 102 },
    { setting: { behaviour: 'no-answer', at: 'hss' }, status: 480, q850: 102 },
    { setting: { behaviour: 'reject', at: 'hss' }, status: 500, q850: 96 },
    { setting: { behaviour: 'silent', at: 'hss' }, status: 480, q850: 102 },
    { setting: { behaviour: 'malformed', at: 'hss' }, status: 480, q850: 102 },
  ] as const satisfies readonly Row[])
    test(`${titleOf(row)}: nothing is forwarded`, async () => {
      const { answer, messages, forwards } = await suite.deliver(row.setting)
      check(row, answer)
      assert.deepEqual([messages.length, forwards.length], [0, 0])
    })
})

describe('routing.protocols: both in an order', () => {
  const suite = new Suite(447_900_340_000, { routing: { protocols: ['s6c', 'map'] } })

  test('the HSS answers: the HLR is not asked', async () => {
    const { msisdn, answer } = await suite.deliver({ behaviour: 'reachable' })
    assert.equal(answer.status, 200)
    const asked = suite.gateway.lab.hssLog.entries(msisdn).map(({ command }) => command)
    assert.ok(!asked.includes('sendRoutingInfoForSM'), asked.join())
  })

  test('the HSS says no: the HLR is not asked', async () => {
    const { msisdn, answer } = await suite.deliver({ behaviour: 'unknown' })
    assert.equal(answer.status, 404)
    assert.equal(suite.gateway.lab.hssLog.entries(msisdn).length, 1)
  })
})

function check({ status, q850, retryAfter }: Row, answer: Answer): void {
  assert.equal(answer.status, status)
  assert.equal(q850Of(answer), q850 ?? Number.NaN)
  assert.equal(answer.header('retry-after'), retryAfter)
  assert.ok(answer.elapsedMs < ANSWER_BY_MS + 1_000, `answered after ${answer.elapsedMs} ms`)
}

function titleOf({ setting, status, q850 }: Row): string {
  return `${nameOf(setting)} gives ${status}${q850 === undefined ? '' : `, Q.850 ${q850}`}`
}

function nameOf({ behaviour, at, mapError: error }: SubscriberSetting): string {
  const told = error && [error.code, error.cause, error.report].filter((it) => it !== undefined).join('/')
  return [
    told === undefined ? behaviour : `MAP error ${told}`,
    ...(at === undefined ? [] : [`at the ${at}`]),
  ].join(' ')
}
