// neighbours: osmo-stp
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { LAB_GATEWAYS } from '@ipsmgw/test/lab'
import { GatewayInLab, SCSCF } from '../../e2e/gateway.ts'
import { type Answer, Sender } from '../../e2e/sender.ts'
import { eventually } from '../../support/eventually.ts'
import { ipaConfig, type OsmoStp, startOsmoStp } from '../../support/osmo-stp.ts'
import { freePort } from '../../support/processes.ts'
import { IpaNetwork } from './ipa-network.ts'

const HOST = '127.0.0.1'
const LONG_TEXT = 'ö'.repeat(400)
/** What a phone takes: so long a message is on its way. */
const PAGING_MS = 200
const BETWEEN_MS = 10
const OUTAGE_MS = 300
const reconnect = { reconnectMs: 20, longestReconnectMs: 200 }

let stp: OsmoStp
let network: IpaNetwork
let gateway: GatewayInLab
let sender: Sender
let numbers = 447_900_500_000

before(async () => {
  const port = await freePort()
  stp = await startOsmoStp(
    ipaConfig(port, [
      { name: 'gateway', pointCode: '1.1.0', destination: '1.3.1' },
      { name: 'lab', pointCode: '1.3.1', destination: '1.1.0' },
    ]),
  )
  network = new IpaNetwork({ connect: { transport: 'tcp', host: HOST, port }, unitName: 'lab', reconnect })
  gateway = await GatewayInLab.start({
    network,
    routing: { protocols: ['map'] },
    delivery: { mapTimerSeconds: 30 },
    sigtran: {
      transport: 'ipa',
      links: [{ name: 'stp', hosts: [HOST], port }],
      instances: [{ ...LAB_GATEWAYS[0], unitName: 'gateway' }],
    },
  })
  sender = await Sender.open(SCSCF, gateway.sip)
})
after(async () => {
  await sender?.close()
  await gateway?.stop()
  await stp?.close()
})

interface Sent {
  readonly msisdn: string
  readonly answer: Answer
}

const received = (msisdn: string) => gateway.lab.phones.messagesOf(msisdn)

function send(
  count: number,
  { text, delayMs = 0 }: { text?: string; delayMs?: number } = {},
): Promise<Sent[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      numbers += 1
      const msisdn = String(numbers)
      gateway.set(msisdn, { behaviour: 'reachable', delayMs })
      const answer = await sender.send({ to: msisdn, ...(text !== undefined && { text }) })
      return { msisdn, answer }
    }),
  )
}

function allDelivered(sent: readonly Sent[]): void {
  for (const { msisdn, answer } of sent) {
    assert.equal(answer.status, 200)
    assert.equal(received(msisdn).length, 1)
  }
}

test('HLR and MSC behind a real STP: routed and delivered over MAP, long messages too', async () => {
  allDelivered(await send(40))
  const long = await send(10, { text: LONG_TEXT })
  allDelivered(long)
  for (const { msisdn } of long) assert.equal(received(msisdn)[0]?.text, LONG_TEXT)
})

test('the STP stops and starts under traffic: nothing is lost silently, nothing is doubled', async (t) => {
  let over = false
  const sent: Promise<Sent[]>[] = []
  const outage = (async () => {
    await delay(2 * PAGING_MS)
    await stp.stop()
    await eventually(() => !network.connected, 'the loss is seen')
    await delay(OUTAGE_MS)
    await stp.start()
    await eventually(() => network.connected, 'the lab is back')
    over = true
  })()
  while (!over) {
    sent.push(send(1, { delayMs: PAGING_MS }))
    await delay(BETWEEN_MS)
  }
  await outage
  const during = (await Promise.all(sent)).flat()
  for (const { msisdn, answer } of during) {
    const count = received(msisdn).length
    // 202: it was on its way when the STP went, and nobody can know.
    const possible = { 200: [1], 202: [0, 1], 480: [0] }[answer.status]
    assert.ok(possible?.includes(count), `${answer.status} with ${count} SMS`)
  }
  const statuses = during.map(({ answer }) => answer.status)
  const count = (status: number) => statuses.filter((it) => it === status).length
  t.diagnostic(`during the outage: ${count(200)} delivered, ${count(480)} not sent, ${count(202)} unknown`)
  assert.ok(count(200) > 0 && count(480) > 0 && count(202) > 0, 'each fate was met')
  await eventually(async () => (await send(1))[0]?.answer.status === 200, 'the gateway is back')
  allDelivered(await send(50))
})
