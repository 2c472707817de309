import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createLogger, createRegistry } from '@ipsmgw/telemetry'
import { createBusReport } from './report.ts'

const WINDOW_MS = 300_000

function setUp() {
  let nowMs = 1_790_000_000_000
  const registry = createRegistry('test', '0')
  const events = createBusReport({
    registry,
    logger: createLogger({ service: 'test', level: 'silent' }),
    service: 'test',
    now: () => nowMs,
    publishDeadLetter: async () => {},
    fatal: (error) => assert.fail(error),
  })
  const value = async (series: string) => {
    const line = (await registry.metrics()).split('\n').find((it) => it.startsWith(series))
    return line === undefined ? undefined : Number(line.split(' ').at(-1))
  }
  return { events, value, later: (ms: number) => (nowMs += ms) }
}

describe('bus report', () => {
  test('design Clocks: a record from the future shows by how much another clock is ahead, for a while', async () => {
    const { events, value, later } = setUp()
    assert.equal(await value('ipsmgw_bus_clock_ahead_seconds'), 0)
    events.consumed('sm.routed', 700)
    events.consumed('sm.routed', -1_500)
    events.consumed('sm.routed', -200)
    assert.equal(await value('ipsmgw_bus_clock_ahead_seconds'), 1.5)
    later(WINDOW_MS)
    events.consumed('sm.routed', -100)
    assert.equal(await value('ipsmgw_bus_clock_ahead_seconds'), 1.5)
    later(WINDOW_MS)
    assert.equal(await value('ipsmgw_bus_clock_ahead_seconds'), 0.1)
    later(2 * WINDOW_MS)
    assert.equal(await value('ipsmgw_bus_clock_ahead_seconds'), 0)
  })

  test('partitions of a replica are told by group, 0 when the group has more replicas than partitions', async () => {
    const { events, value } = setUp()
    events.rebalanced('im-to-sms', 12)
    assert.equal(await value('ipsmgw_bus_partitions{group="im-to-sms"'), 12)
    events.rebalanced('im-to-sms', 0)
    assert.equal(await value('ipsmgw_bus_partitions{group="im-to-sms"'), 0)
    assert.equal(await value('ipsmgw_bus_rebalances_total'), 2)
  })
})
