import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import type { ReturnCause } from '@ipsmgw/sccp'
import { LAB_NODES, type SubscriberSetting } from '@ipsmgw/test/lab'
import { DiameterRelay } from '../support/diameter-relay.ts'
import { eventually } from '../support/eventually.ts'
import {
  AT_A_NODE,
  IN_THE_HOME_NETWORK,
  IN_THE_REQUEST,
  nameOf,
  RETURNED,
  type Row,
  type Told,
} from './answer-rows.ts'
import { ANSWER_BY_MS, GatewayInLab, type GatewayOptions, SCSCF, STRANGER } from './gateway.ts'
import { type Answer, Sender } from './sender.ts'

/** A peer that wants 480 where the outcome is unknown. */
const CAUTIOUS = STRANGER
class Suite {
  gateway!: GatewayInLab
  sender!: Sender
  cautious!: Sender
  readonly #node: 'mme' | 'msc'
  #numbers: number

  constructor(node: 'mme' | 'msc', firstNumber: number, options: () => GatewayOptions) {
    this.#node = node
    this.#numbers = firstNumber
    before(async () => {
      this.gateway = await GatewayInLab.start(options())
      this.sender = await Sender.open(SCSCF, this.gateway.sip)
      this.cautious = await Sender.open(CAUTIOUS, this.gateway.sip)
    })
    after(async () => {
      await Promise.all([this.sender.close(), this.cautious.close()])
      await this.gateway.stop()
    })
  }

  async deliver(setting: SubscriberSetting, sender = this.sender) {
    const msisdn = String(++this.#numbers)
    this.gateway.set(msisdn, { node: this.#node, ...setting })
    return { msisdn, answer: await sender.send({ to: msisdn }) }
  }

  async walk(setting: SubscriberSetting, told: Told): Promise<void> {
    const { msisdn, answer } = await this.deliver(setting)
    check(answer, told)
    assert.equal(this.gateway.lab.nodesLog.entries(msisdn).length, told.forwards ?? 1)
    assert.equal(this.gateway.lab.phones.messagesOf(msisdn).length, told.status === 200 ? 1 : 0)
  }

  rows(rows: readonly Row[], way: 'diameter' | 'map'): void {
    for (const row of rows)
      for (const setting of row[way] ?? [])
        test(`2 row ${row.cause}, ${nameOf(setting)}: ${row.status}`, () => this.walk(setting, row))
  }

  /** Column "GW" of the rows that nodes bring about: where it says so another node has the phone in the end. */
  others(way: 'diameter' | 'map', second: 'sgsn' | 'mme'): void {
    for (const row of AT_A_NODE)
      for (const setting of (row[way] ?? []).slice(0, 1)) {
        if (row.status === 200 || row.cause.startsWith('IMSI unknown')) continue
        const outcome = row.otherNode === true ? 'another node has it, 200' : `no other node, ${row.status}`
        test(`2 row ${row.cause}, ${nameOf(setting)}, with another node: ${outcome}`, async () => {
          const told = row.otherNode === true ? { status: 200, forwards: 2 } : row
          await this.walk({ ...setting, second }, told)
        })
      }
  }
}

function check(answer: Answer, { status, q850, retryAfter, warning, accept }: Told): void {
  assert.equal(answer.status, status)
  assert.equal(/^Q\.850;cause=(\d+)/.exec(answer.header('reason') ?? '')?.[1], q850?.toString())
  assert.equal(answer.header('retry-after'), retryAfter)
  if (warning !== undefined) assert.match(answer.header('warning') ?? '', warning)
  assert.equal(answer.header('accept') !== undefined, accept !== undefined)
  if (accept !== undefined) assert.match(answer.header('accept') ?? '', accept)
  assert.ok(answer.elapsedMs < ANSWER_BY_MS + 1_000, `answered after ${answer.elapsedMs} ms`)
}

describe('6. Each row of the causes by fault injection (docs/protocols/sip-answers.md, table 2), Diameter', {
  concurrency: 4,
}, () => {
  let sgsn: DiameterRelay
  const suite = new Suite('mme', 447_900_100_000, () => ({
    policy: { authorisation: { deniedRecipients: ['+447911'] } },
    routing: { singleAttempt: false, preference: ['mme', 'sgsn', 'msc'] },
    sip: {
      peers: [
        { name: 'scscf', addresses: [SCSCF] },
        { name: 'cautious', addresses: [CAUTIOUS], unknownOutcome: 480 },
      ],
    },
    through: async (ports) => {
      sgsn = await DiameterRelay.open({ host: '127.0.0.1', port: ports.sgsn })
      return { sgsn: sgsn.port }
    },
  }))
  after(() => sgsn.close())

  suite.rows(AT_A_NODE, 'diameter')
  suite.rows(IN_THE_HOME_NETWORK, 'diameter')
  suite.others('diameter', 'sgsn')

  for (const { cause, sending, ...told } of IN_THE_REQUEST)
    test(`2 row ${cause}: ${told.status}`, async () => {
      check(await suite.sender.send({ to: '447900109999', ...sending }), told)
      assert.equal(suite.gateway.lab.nodesLog.entries('447900109999').length, 0)
    })

  test('2 row forward sent, no answer until deadline, unknownOutcome 480: 480, nothing is sent again', async () => {
    const { msisdn, answer } = await suite.deliver({ behaviour: 'silent' }, suite.cautious)
    assert.equal(answer.status, 480)
    assert.equal(suite.gateway.lab.nodesLog.entries(msisdn).length, 1)
  })

  for (const behaviour of ['silent', 'malformed'] as const)
    test(`2 row Sh: other error or no answer, ${behaviour}: 480, asked once more, nothing is sent`, async () => {
      const identity = `sip:${behaviour}@ims.invalid`
      const msisdn = behaviour === 'silent' ? '447900108001' : '447900108002'
      suite.gateway.set(msisdn, { behaviour, at: 'hss', identities: [identity] })
      const answer = await suite.sender.send({ to: identity })
      check(answer, { status: 480 })
      const asked = suite.gateway.lab.hssLog.entries(msisdn).map(({ command }) => command)
      assert.deepEqual([...new Set(asked)], ['UDR'])
      assert.equal(suite.gateway.lab.nodesLog.entries(msisdn).length, 0)
    })

  test('2 row waiting list full: never changes the answer', async () => {
    const { msisdn, answer } = await suite.deliver({ behaviour: 'absent', listFull: true })
    check(answer, { status: 480, q850: 20 })
    const reports = () => suite.gateway.lab.hssLog.entries(msisdn).filter(({ command }) => command === 'RDR')
    await eventually(() => reports().length > 0, 'the report')
    assert.deepEqual(
      reports().map(({ result }) => result),
      [5558],
    )
  })

  test('2 row gateway overloaded or draining: 503 with Retry-After', async (t) => {
    const small = await GatewayInLab.start({ sip: { maximumInFlight: 1 } })
    const sender = await Sender.open(SCSCF, small.sip)
    t.after(async () => {
      await sender.close()
      await small.stop()
    })
    small.set('447900107001', { behaviour: 'reachable', delayMs: 500 })
    const slow = sender.send({ to: '447900107001' })
    await eventually(() => small.lab.nodesLog.entries().length > 0, 'the first one is under way')
    check(await sender.send({ to: '447900107002' }), { status: 503, retryAfter: '5' })
    assert.equal((await slow).status, 200)
  })
})

describe('6. Each row of the causes, a serving node that is not reached', () => {
  test('2 row no route to serving node, proved not sent: 480, and another node has it where there is one', async (t) => {
    let sgsn: DiameterRelay | undefined
    const gateway = await GatewayInLab.start({
      routing: { preference: ['sgsn', 'mme', 'msc'] },
      through: async (ports) => {
        sgsn = await DiameterRelay.open({ host: '127.0.0.1', port: ports.sgsn })
        return { sgsn: sgsn.port }
      },
    })
    const sender = await Sender.open(SCSCF, gateway.sip)
    t.after(async () => {
      await sender.close()
      await gateway.stop()
      await sgsn?.close()
    })
    sgsn?.cut()
    await eventually(() => !gateway.lab.connected(), 'the SGSN is gone')
    gateway.set('447900106001', { behaviour: 'reachable', node: 'sgsn' })
    check(await sender.send({ to: '447900106001' }), { status: 480, q850: 38 })
    gateway.set('447900106002', { behaviour: 'reachable', node: 'sgsn', second: 'mme' })
    check(await sender.send({ to: '447900106002' }), { status: 200 })
    assert.deepEqual(
      gateway.lab.nodesLog.entries('447900106002').map(({ node }) => node),
      [LAB_NODES.mme.identity],
    )
  })
})

describe('6. Each row of the causes, a serving node from which the message itself comes back (UDTS)', () => {
  const suite = new Suite('msc', 447_900_130_000, () => ({
    routing: { protocols: ['map'], preference: ['msc', 'sgsn', 'mme'] },
    sip: { peers: [{ name: 'scscf', addresses: [SCSCF] }] },
  }))
  const unreachable = async (t: TestContext, cause: ReturnCause, setting: object, told: Told) => {
    const { stp } = suite.gateway.lab
    stp.returnFor(LAB_NODES.msc.number, cause)
    t.after(() => stp.returnFor(LAB_NODES.msc.number, undefined))
    await suite.walk({ behaviour: 'reachable', ...setting }, told)
  }

  for (const [what, cause, told] of RETURNED) {
    test(`2 row no route to serving node, ${what}: ${told.status}, no node has seen it`, (t) =>
      unreachable(t, cause, {}, { ...told, forwards: 0 }))
    test(`2 row no route to serving node, ${what}, with another node: another node has it, 200`, (t) =>
      unreachable(t, cause, { second: 'sgsn' }, { status: 200 }))
  }

  test('2 row no route to serving node: the next message arrives when the route is back', () =>
    suite.walk({ behaviour: 'reachable' }, { status: 200 }))
})

describe('6. Each row of the causes by fault injection (docs/protocols/sip-answers.md, table 2), MAP', {
  concurrency: 4,
}, () => {
  const suite = new Suite('msc', 447_900_120_000, () => ({
    routing: {
      protocols: ['map'],
      preference: ['msc', 'sgsn', 'mme'],
      singleAttempt: false,
      ownNumbers: [LAB_NODES.router.number],
    },
    sip: {
      peers: [
        { name: 'scscf', addresses: [SCSCF] },
        { name: 'cautious', addresses: [CAUTIOUS], unknownOutcome: 480 },
      ],
    },
  }))

  suite.rows(AT_A_NODE, 'map')
  suite.rows(IN_THE_HOME_NETWORK, 'map')
  suite.others('map', 'sgsn')

  test('2 row routing names this gateway (loop): 480, nothing is forwarded', () =>
    suite.walk({ behaviour: 'reachable', homeRouting: true }, { status: 480, q850: 25, forwards: 0 }))

  test('2 row waiting list full: never changes the answer', async () => {
    const { msisdn, answer } = await suite.deliver({ behaviour: 'absent', listFull: true })
    check(answer, { status: 480, q850: 20 })
    const reports = () =>
      suite.gateway.lab.hssLog.entries(msisdn).filter((it) => it.command === 'reportSM-DeliveryStatus')
    await eventually(() => reports().length > 0, 'the report')
    assert.deepEqual(
      reports().map(({ result }) => result),
      ['messageWaitingListFull'],
    )
  })
})
