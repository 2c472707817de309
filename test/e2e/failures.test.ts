import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { SubscriberSetting } from '@ipsmgw/test/lab'
import { eventually } from '../support/eventually.ts'
import { ANSWER_BY_MS, GatewayInLab, SCSCF } from './gateway.ts'
import { type Answer, SENDER, Sender } from './sender.ts'

interface Row {
  readonly setting: SubscriberSetting
  readonly status: number
  /** Q.850 value in Reason. */
  readonly q850?: number
  readonly retryAfter?: string
  readonly warning?: RegExp
  /** Requests that the serving node sees. Default 1. */
  readonly forwards?: number
}

const atNode = (code: number, failureCause?: number): SubscriberSetting => ({
  behaviour: 'error',
  result: { code, ...(failureCause !== undefined && { failureCause }) },
})
const atHss = (code: number): SubscriberSetting => ({ behaviour: 'error', at: 'hss', result: { code } })
const base = (code: number, at: 'hss' | 'node'): SubscriberSetting => ({
  behaviour: 'error',
  at,
  result: { code, vendorId: 0 },
})

/** docs/protocols/sip-answers.md, the rows that Diameter can bring about. */
const ROWS: readonly Row[] = [
  { setting: { behaviour: 'absent' }, status: 480, q850: 20, warning: /absent/i },
  { setting: { behaviour: 'absent', at: 'hss' }, status: 480, q850: 20, forwards: 0 },
  { setting: { behaviour: 'memory-full' }, status: 480, q850: 47, warning: /Recipient memory full/ },
  { setting: { behaviour: 'busy' }, status: 486, q850: 17, retryAfter: '10', forwards: 3 },
  { setting: { behaviour: 'unknown' }, status: 404, q850: 1, forwards: 0 },
  // Stale location: routing is asked once more, then it is the end.
  { setting: { behaviour: 'unknown', at: 'node' }, status: 480, q850: 20, forwards: 2 },
  { setting: { behaviour: 'barred' }, status: 403, q850: 21, forwards: 0 },
  { setting: { behaviour: 'barred', at: 'node' }, status: 403, q850: 21 },
  { setting: { behaviour: 'not-provisioned' }, status: 403, q850: 50, forwards: 0 },
  { setting: { behaviour: 'system-failure' }, status: 480, q850: 38, retryAfter: '10' },
  {
    setting: { behaviour: 'system-failure', at: 'hss' },
    status: 480,
    q850: 38,
    retryAfter: '10',
    forwards: 0,
  },
  { setting: atNode(5552), status: 480, q850: 69 },
  { setting: atNode(5553), status: 403, q850: 21 },
  { setting: atNode(5554), status: 403, q850: 21 },
  { setting: atNode(5555, 1), status: 480, q850: 111 },
  { setting: atNode(5555, 2), status: 480, q850: 88 },
  { setting: atNode(5555, 3), status: 500, q850: 3 },
  { setting: atNode(5555, 4), status: 480, q850: 42, retryAfter: '10' },
  { setting: atNode(5555, 5), status: 404, q850: 28 },
  { setting: atNode(5555, 6), status: 403, q850: 21 },
  { setting: atHss(5552), status: 480, q850: 69, forwards: 0 },
  { setting: base(5004, 'node'), status: 500, q850: 96 },
  { setting: base(5004, 'hss'), status: 500, q850: 96, forwards: 0 },
  { setting: base(3004, 'hss'), status: 480, q850: 42, retryAfter: '10', forwards: 0 },
  { setting: base(3002, 'hss'), status: 480, q850: 102, forwards: 0 },
  // An agent says this also of what it did forward.
  { setting: base(3002, 'node'), status: 202 },
  { setting: base(3004, 'node'), status: 202 },
  { setting: { behaviour: 'malformed' }, status: 202 },
  { setting: { behaviour: 'malformed', at: 'hss' }, status: 480, q850: 38, retryAfter: '10', forwards: 0 },
  { setting: { behaviour: 'silent', at: 'hss' }, status: 480, q850: 102, forwards: 0 },
  { setting: { behaviour: 'reachable', node: 'sgsn' }, status: 200 },
]

describe('delivery failure to SIP answer (docs/protocols/sip-answers.md)', { concurrency: true }, () => {
  let gateway: GatewayInLab
  let sender: Sender
  let numbers = 447_900_100_000

  before(async () => {
    gateway = await GatewayInLab.start()
    sender = await Sender.open(SCSCF, gateway.sip)
  })
  after(async () => {
    await sender.close()
    await gateway.stop()
  })

  async function deliver(setting: SubscriberSetting): Promise<{ msisdn: string; answer: Answer }> {
    numbers += 1
    const msisdn = String(numbers)
    gateway.set(msisdn, { node: 'mme', ...setting })
    return { msisdn, answer: await sender.send({ to: msisdn }) }
  }

  for (const { setting, status, q850, retryAfter, warning, forwards = 1 } of ROWS) {
    test(`${describeSetting(setting)} gives ${status}${q850 === undefined ? '' : `, Q.850 ${q850}`}`, async () => {
      const { msisdn, answer } = await deliver(setting)
      assert.equal(answer.status, status)
      assert.equal(/^Q\.850;cause=(\d+)/.exec(answer.header('reason') ?? '')?.[1], q850?.toString())
      assert.equal(answer.header('retry-after'), retryAfter)
      if (warning !== undefined) assert.match(answer.header('warning') ?? '', warning)
      assert.ok(answer.elapsedMs < ANSWER_BY_MS + 1_000, `answered after ${answer.elapsedMs} ms`)
      assert.equal(gateway.lab.nodesLog.entries(msisdn).length, forwards)
      assert.equal(gateway.lab.phones.messagesOf(msisdn).length, status === 200 ? 1 : 0)
    })
  }

  test('a silent node: 202 at answerBy, never 408, and a copy of the request is not sent again', async () => {
    const { msisdn, answer } = await deliver({ behaviour: 'silent' })
    assert.equal(answer.status, 202)
    assert.ok(answer.elapsedMs >= ANSWER_BY_MS - 100, `answered after ${answer.elapsedMs} ms`)
    assert.deepEqual(answer.provisional, [100])
    const again = await sender.send({ to: msisdn, callId: answer.callId })
    assert.equal(again.status, 202)
    assert.equal(gateway.lab.nodesLog.entries(msisdn).length, 1)
    const record = await gateway.message(answer.callId)
    assert.deepEqual([record.outcome, record.cause], ['unknown', 'outcomeUnknown'])
  })

  test('a node that answers after answerBy: 202, one SMS, and the late result in the record', async () => {
    const { msisdn, answer } = await deliver({ behaviour: 'silent', delayMs: ANSWER_BY_MS + 1_000 })
    assert.equal(answer.status, 202)
    await eventually(
      async () => (await gateway.message(answer.callId)).outcome === 'delivered',
      'late result',
    )
    assert.equal((await sender.send({ to: msisdn, callId: answer.callId })).status, 202)
    assert.equal(gateway.lab.phones.messagesOf(msisdn).length, 1)
    assert.equal(gateway.lab.nodesLog.entries(msisdn).length, 1)
  })

  test('a phone that was busy and is free again gets the message at the next try', async () => {
    const msisdn = '447900199001'
    gateway.set(msisdn, { behaviour: 'busy' })
    const pending = sender.send({ to: msisdn })
    await eventually(() => gateway.lab.nodesLog.entries(msisdn).length > 0, 'first try')
    gateway.set(msisdn, { behaviour: 'reachable' })
    assert.equal((await pending).status, 200)
    assert.equal(gateway.lab.phones.messagesOf(msisdn).length, 1)
  })

  test('a public identity without a number in it is resolved over Sh, an unknown one is 404', async () => {
    const identity = 'sip:alice@ims.invalid'
    gateway.set('447900199002', { behaviour: 'reachable', identities: [identity] })
    assert.equal((await sender.send({ to: identity, text: 'by name' })).status, 200)
    assert.equal(gateway.lab.phones.messagesOf('447900199002')[0]?.text, 'by name')
    const unknown = await sender.send({ to: 'sip:nobody@ims.invalid' })
    assert.equal(unknown.status, 404)
    assert.match(unknown.header('reason') ?? '', /^Q\.850;cause=1;/)
  })
})

describe('hidden sender, TS 23.204 §6.13 step 7', () => {
  const hidden = {
    from: '"Anonymous" <sip:anonymous@anonymous.invalid>',
    headers: [['Privacy', 'id']] as const,
  }
  const send = async (mode: string) => {
    const gateway = await GatewayInLab.start({ policy: { anonymity: { mode } } })
    const sender = await Sender.open(SCSCF, gateway.sip)
    try {
      const answer = await sender.send({ to: '447900123456', ...hidden })
      return { answer, gateway: gateway.lab }
    } finally {
      await sender.close()
      await gateway.stop()
    }
  }

  test('allowed by the operator: delivered under a name that is not the sender', async () => {
    const { answer, gateway } = await send('allow')
    assert.equal(answer.status, 200)
    const [message] = gateway.phones.messagesOf('447900123456')
    assert.deepEqual([message?.text, message?.originator], ['Hello', 'Anonymous'])
    assert.ok(!message?.tpdus.join().includes(Buffer.from(SENDER).toString('hex')))
  })

  test('prohibited: 433 before anything is asked of the HSS', async () => {
    const { answer, gateway } = await send('prohibit')
    assert.deepEqual([answer.status, answer.reason], [433, 'Anonymity Disallowed'])
    assert.deepEqual(gateway.hssLog.entries(), [])
    assert.deepEqual(gateway.nodesLog.entries(), [])
  })

  test('prohibited without saying so: 403', async () => {
    const { answer, gateway } = await send('prohibitHidden')
    assert.equal(answer.status, 403)
    assert.deepEqual(gateway.hssLog.entries(), [])
  })
})

function describeSetting({ behaviour, at, node, result }: SubscriberSetting): string {
  const what =
    result === undefined
      ? behaviour
      : [result.code, result.failureCause].filter((part) => part !== undefined).join('/')
  return [
    what,
    ...(at === undefined ? [] : [`at the ${at}`]),
    ...(node === undefined ? [] : [`served by the ${node}`]),
  ].join(' ')
}
