import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NumberingPlan, SccpAddress } from './index.ts'
import { RoutingTable } from './routing.ts'
import { Subsystems } from './subsystems.ts'

const STP_PAIR = [1, 2]
const table = new RoutingTable({
  defaultDestinations: STP_PAIR,
  translations: [
    { prefix: '44', destinations: [10] },
    { prefix: '4477', destinations: [20, 21], mode: 'backup' },
    { prefix: '447', numberingPlan: NumberingPlan.e214, destinations: [30] },
    { prefix: '447', translationType: 9, destinations: [40] },
  ],
})
const routed = (address: SccpAddress) => table.route(address)?.destinations

test('Q.714 §2.4: the longest prefix that fits says where to', () => {
  assert.deepEqual(table.route(SccpAddress.e164('447700900010', 8)), {
    destinations: [20, 21],
    mode: 'backup',
  })
  assert.deepEqual(table.route(SccpAddress.e164('4412', 8)), { destinations: [10], mode: 'share' })
})

test('design: a title that no translation knows goes to the STP pair', () => {
  assert.deepEqual(table.route(SccpAddress.e164('33123', 8)), { destinations: STP_PAIR, mode: 'share' })
})

test('Q.714 §2.4: numbering plan and translation type choose among equal prefixes', () => {
  const title = { indicator: 4, natureOfAddress: 4, digits: '44712' } as const
  const plan = SccpAddress.of({
    routeOn: 'gt',
    globalTitle: { ...title, translationType: 0, numberingPlan: NumberingPlan.e214 },
  })
  const type = SccpAddress.of({
    routeOn: 'gt',
    globalTitle: { ...title, translationType: 9, numberingPlan: 1 },
  })
  assert.deepEqual(routed(plan), [30])
  assert.deepEqual(routed(type), [40])
  assert.deepEqual(routed(SccpAddress.e164('44712', 8)), [10])
})

test('Q.714 §2.2.2.1: an address routed on SSN names its point code itself', () => {
  assert.deepEqual(routed(SccpAddress.of({ routeOn: 'ssn', ssn: 6, pointCode: 99 })), [99])
  assert.deepEqual(routed(SccpAddress.of({ routeOn: 'ssn', ssn: 6 })), STP_PAIR)
})

test('without a default, an unknown title has no route', () => {
  const lone = new RoutingTable({ translations: [{ prefix: '44', destinations: [1] }] })
  assert.equal(lone.route(SccpAddress.e164('33123', 8)), undefined)
  const everything = new RoutingTable({ translations: [{ prefix: '', destinations: [1] }] })
  assert.deepEqual(everything.route(SccpAddress.e164('33123', 8))?.destinations, [1])
})

test('a translation to nowhere is a mistake of the configuration', () => {
  assert.throws(() => new RoutingTable({ translations: [{ prefix: '44', destinations: [] }] }), RangeError)
})

test('Q.714 §5.3.4: a prohibited subsystem is asked for at growing intervals, until it or its node is back', () => {
  const subsystems = new Subsystems({ firstTestMs: 10_000, longestTestMs: 40_000, mostEntries: 2 })
  subsystems.prohibit(7, 6, 0)
  subsystems.prohibit(7, 6, 5_000)
  assert.ok(subsystems.prohibited(7, 6) && !subsystems.prohibited(7, 8) && !subsystems.prohibited(8, 6))
  const asked: number[] = []
  for (let nowMs = 0; nowMs <= 150_000; nowMs += 1_000)
    if (subsystems.due(nowMs).length > 0) asked.push(nowMs)
  assert.deepEqual(asked, [10_000, 30_000, 70_000, 110_000, 150_000])
  subsystems.prohibit(7, 8, 0)
  subsystems.prohibit(8, 6, 0)
  assert.equal(subsystems.size, 2, 'bounded')
  subsystems.allow(7, 8)
  subsystems.allowAll(7)
  assert.equal(subsystems.size, 0)
})
