import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { MESSAGES } from '@ipsmgw/diameter'
import { DiameterRelay, type Tamper } from '../support/diameter-relay.ts'
import { eventually } from '../support/eventually.ts'
import { ANSWER_BY_MS, GatewayInLab, SCSCF } from './gateway.ts'
import { type Answer, Sender } from './sender.ts'

/** First AVP of a message behind its header. */
const FIRST_AVP = 20

/** Ways to spoil an answer; all of them are octets that a peer may really send. */
const SPOILED: Readonly<Record<string, Tamper>> = {
  'an AVP length of 3': (answer) => withLength(answer, FIRST_AVP, 3),
  'an AVP length of 0': (answer) => withLength(answer, FIRST_AVP, 0),
  'an AVP that goes on behind the end': (answer) => withLength(answer, FIRST_AVP, 0xff_ffff),
  'no AVP at all': (answer) => asMessage(answer.subarray(0, FIRST_AVP)),
  'a message length of 0': (answer) => withMessageLength(answer, 0),
  'a message length that is no multiple of 4': (answer) => withMessageLength(answer, answer.length + 1),
  'a message length beyond every bound': (answer) => withMessageLength(answer, 0xff_fffc),
  'version 2': (answer) => {
    answer[0] = 2
    return answer
  },
  'octets that are no Diameter': (answer) => answer.fill(0xa5),
  'an answer to a request that was never sent': (answer) => {
    answer.writeUInt32BE(0xdead_beef, 12)
    return answer
  },
}

function withLength(message: Buffer, avp: number, lengthOctets: number): Buffer {
  message.writeUIntBE(lengthOctets, avp + 5, 3)
  return message
}

function withMessageLength(message: Buffer, lengthOctets: number): Buffer {
  message.writeUIntBE(lengthOctets, 1, 3)
  return message
}

function asMessage(octets: Buffer): Buffer {
  return withMessageLength(Buffer.from(octets), octets.length)
}

describe('Diameter neighbours that fail', () => {
  let gateway: GatewayInLab
  let sender: Sender
  let hss: DiameterRelay
  let mme: DiameterRelay
  let numbers = 447_900_400_000

  before(async () => {
    const relays: DiameterRelay[] = []
    gateway = await GatewayInLab.start({
      through: async ({ hss, mme }) => {
        for (const port of [hss, mme]) relays.push(await DiameterRelay.open({ host: '127.0.0.1', port }))
        return { hss: relays[0]?.port ?? 0, mme: relays[1]?.port ?? 0 }
      },
    })
    ;[hss, mme] = relays as [DiameterRelay, DiameterRelay]
    sender = await Sender.open(SCSCF, gateway.sip)
  })
  after(async () => {
    await sender.close()
    await gateway.stop()
    await Promise.all([hss.close(), mme.close()])
  })

  const next = () => {
    numbers += 1
    gateway.set(String(numbers), { behaviour: 'reachable', node: 'mme' })
    return String(numbers)
  }
  const q850 = (answer: Answer) => /cause=(\d+)/.exec(answer.header('reason') ?? '')?.[1]

  /** The gateway goes on: sooner or later a message is delivered again. */
  async function recovers(): Promise<void> {
    await eventually(
      async () => (await sender.send({ to: next() })).status === 200,
      'the gateway delivers again',
    )
  }

  test('HSS down: 480 before answerBy, and delivery goes on when it is back', async () => {
    hss.cut()
    const answer = await sender.send({ to: next() })
    assert.deepEqual([answer.status, q850(answer)], [480, '102'])
    assert.ok(answer.elapsedMs < ANSWER_BY_MS)
    hss.restore()
    await recovers()
  })

  test('HSS slower than its budget: 480 before answerBy, and nothing is forwarded when it answers late', async () => {
    const to = next()
    gateway.set(to, { behaviour: 'silent', at: 'hss', delayMs: 1_500 })
    const answer = await sender.send({ to })
    assert.deepEqual([answer.status, q850(answer)], [480, '102'])
    assert.ok(answer.elapsedMs < 1_500)
    await eventually(
      () => gateway.lab.hssLog.entries(to).some(({ result }) => result === 2001),
      'late answer',
    )
    await sender.send({ to: next() })
    assert.deepEqual(gateway.lab.nodesLog.entries(to), [])
  })

  test('serving node down: 480, certain that nothing was sent, and delivery goes on when it is back', async () => {
    mme.cut()
    const answer = await sender.send({ to: next() })
    assert.deepEqual([answer.status, q850(answer)], [480, '38'])
    assert.equal((await gateway.message(answer.callId)).outcome, 'failed')
    mme.restore()
    await recovers()
  })

  test('the line to the serving node is lost behind a forward: 202, never sent again', async () => {
    const to = next()
    gateway.set(to, { behaviour: 'reachable', node: 'mme', delayMs: 400 })
    const pending = sender.send({ to })
    await eventually(() => gateway.lab.nodesLog.entries(to).length === 1, 'the forward')
    mme.cut()
    assert.equal((await pending).status, 202)
    mme.restore()
    await recovers()
    assert.equal(gateway.lab.nodesLog.entries(to).length, 1)
    assert.equal(gateway.lab.phones.messagesOf(to).length, 1)
  })

  for (const [what, tamper] of Object.entries(SPOILED)) {
    test(`${what} from the serving node: 202, one forward, and the gateway goes on`, async () => {
      const to = next()
      mme.spoil(MESSAGES.TFA.code, tamper)
      const answer = await sender.send({ to })
      mme.spoilNothing()
      assert.equal(answer.status, 202)
      assert.ok(answer.elapsedMs < ANSWER_BY_MS + 1_000)
      await recovers()
      assert.equal(gateway.lab.nodesLog.entries(to).length, 1)
    })

    test(`${what} from the HSS: 480 before answerBy, nothing forwarded, and the gateway goes on`, async () => {
      const to = next()
      hss.spoil(MESSAGES.SRA.code, tamper)
      const answer = await sender.send({ to })
      hss.spoilNothing()
      assert.equal(answer.status, 480)
      assert.ok(answer.elapsedMs < ANSWER_BY_MS)
      assert.deepEqual(gateway.lab.nodesLog.entries(to), [])
      await recovers()
    })
  }
})

describe('one silent serving node', () => {
  const SILENT = 40
  const OTHERS = 100

  test('slows nobody else, takes no more than its own places, and is refused quickly above them', async (t) => {
    const gateway = await GatewayInLab.start({ delivery: { maximumInFlightPerNode: SILENT } })
    const sender = await Sender.open(SCSCF, gateway.sip)
    t.after(async () => {
      await sender.close()
      await gateway.stop()
    })
    const number = (index: number) => String(447_900_500_000 + index)
    for (let index = 0; index <= SILENT; index++)
      gateway.set(number(index), { behaviour: 'silent', node: 'sgsn' })
    const silent = Array.from({ length: SILENT }, (_, index) => sender.send({ to: number(index) }))
    await eventually(
      () => gateway.lab.nodesLog.entries().length === SILENT,
      'all places of the node are taken',
    )

    const above = await sender.send({ to: number(SILENT) })
    assert.deepEqual([above.status, above.header('retry-after')], [480, '10'])
    assert.ok(above.elapsedMs < 500)

    const others: Answer[] = []
    for (let index = 0; index < OTHERS; index += SILENT / 2)
      others.push(
        ...(await Promise.all(
          Array.from({ length: SILENT / 2 }, (_, i) => sender.send({ to: number(1_000 + index + i) })),
        )),
      )
    assert.deepEqual([...new Set(others.map(({ status }) => status))], [200])
    const slowest = Math.max(...others.map(({ elapsedMs }) => elapsedMs))
    assert.ok(slowest < 1_000, `slowest of the others: ${slowest} ms`)
    const statuses = (await Promise.all(silent)).map(({ status }) => status)
    assert.deepEqual([...new Set(statuses)], [202])
  })
})
