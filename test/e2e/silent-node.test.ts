import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { NodeKind, SubscriberSetting } from '@ipsmgw/test/lab'
import { eventually } from '../support/eventually.ts'
import { GatewayInLab, SCSCF } from './gateway.ts'
import { Sender } from './sender.ts'

const PER_SECOND = 40
const BASELINE_MS = 15_000
const SILENT_MS = 60_000
/** What a phone takes: the share of the gateway is on top. */
const PAGING_MS = 100
/** Far below what the silent node costs whoever waits for it. The ratio itself is printed; 1.5 is the aim. */
const ALLOWED_MS = 1_000

const percentile = (values: readonly number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN

interface Outcome {
  readonly msisdn: string
  readonly status: number
  readonly elapsedMs: number
}

let gateway: GatewayInLab
let sender: Sender
let numbers = 447_900_400_000

before(async () => {
  // All over MAP; one MSC and one SGSN, which do not know of each other.
  const delivery = { mapTimerSeconds: 30, breakerProbeMs: 5_000 }
  gateway = await GatewayInLab.start({ routing: { protocols: ['map'] }, delivery })
  sender = await Sender.open(SCSCF, gateway.sip)
})
after(async () => {
  await sender.close()
  await gateway.stop()
})

/** An even stream of messages to phones at one node, each to another number. */
async function load(node: NodeKind, setting: SubscriberSetting, durationMs: number): Promise<Outcome[]> {
  const underWay: Promise<Outcome>[] = []
  const startedAt = performance.now()
  for (let i = 0; i < (durationMs / 1000) * PER_SECOND; i++) {
    const dueMs = startedAt + (i * 1000) / PER_SECOND - performance.now()
    if (dueMs > 0) await delay(dueMs)
    numbers += 1
    const msisdn = String(numbers)
    gateway.set(msisdn, { ...setting, node })
    underWay.push(
      sender.send({ to: msisdn }).then(({ status, elapsedMs }) => ({ msisdn, status, elapsedMs })),
    )
  }
  return Promise.all(underWay)
}

const served: SubscriberSetting = { behaviour: 'reachable', at: 'node', delayMs: PAGING_MS }

test('design §6: an MSC that is silent for a minute under load does not slow the others', async (t) => {
  const [before] = await Promise.all([load('sgsn', served, BASELINE_MS), load('msc', served, BASELINE_MS)])
  const [others, silent] = await Promise.all([
    load('sgsn', served, SILENT_MS),
    load('msc', { behaviour: 'silent' }, SILENT_MS),
  ])

  assert.ok(before.every(({ status }) => status === 200))
  assert.ok(others.every(({ status }) => status === 200))
  const [usual, meanwhile] = [before, others].map((it) =>
    percentile(
      it.map(({ elapsedMs }) => elapsedMs),
      0.99,
    ),
  ) as [number, number]
  const ratio = (meanwhile / usual).toFixed(2)
  t.diagnostic(
    `p99 of the others: ${usual.toFixed(0)} ms before, ${meanwhile.toFixed(0)} ms meanwhile, ${ratio} ×`,
  )
  assert.ok(meanwhile <= ALLOWED_MS, `${meanwhile} ms, before ${usual} ms`)

  const unknown = silent.filter(({ status }) => status === 202)
  const refused = silent.filter(({ status }) => status === 480)
  t.diagnostic(`to the silent MSC: ${unknown.length} unknown, ${refused.length} held back by the breaker`)
  assert.equal(unknown.length + refused.length, silent.length)
  assert.ok(refused.length > silent.length / 2, 'from a third of the time on nothing more is sent there')
  for (const { msisdn } of refused) assert.equal(gateway.lab.nodesLog.entries(msisdn).length, 0)

  await eventually(async () => {
    const [outcome] = await load('msc', { behaviour: 'reachable' }, 1000 / PER_SECOND)
    return outcome?.status === 200
  }, 'the MSC is back: a probe finds it')
  const [next] = await load('msc', { behaviour: 'reachable' }, 1000 / PER_SECOND)
  assert.equal(next?.status, 200)
})
