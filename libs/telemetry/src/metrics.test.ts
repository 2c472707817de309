import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { counter, createRegistry, tracedHistogram } from './metrics.ts'

describe('metrics', () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c'

  test('are told as OpenMetrics, every series of a closed label from the start', async () => {
    const registry = createRegistry('test', '1')
    counter(registry, 'ipsmgw_things_total', 'Things', { kind: ['a', 'b'] })
    const text = await registry.metrics()
    assert.match(registry.contentType, /^application\/openmetrics-text/)
    assert.match(text, /^ipsmgw_things_total\{kind="a",service="test"\} 0$/m)
    assert.match(text, /^ipsmgw_things_total\{kind="b",service="test"\} 0$/m)
    assert.match(text, /# EOF\n$/)
  })

  test('an observation within a trace leads from its bucket to the trace, others do not', async () => {
    const registry = createRegistry('test', '1')
    const seconds = tracedHistogram(registry, 'ipsmgw_test_seconds', 'Test', { outcome: ['good'] }, [1, 2, 3])
    seconds.observe({ outcome: 'good' }, 0.5, undefined)
    seconds.observe({ outcome: 'good' }, 1.5, traceId)
    const buckets = (await registry.metrics())
      .split('\n')
      .filter((line) => line.startsWith('ipsmgw_test_seconds_bucket'))
    assert.deepEqual(
      buckets.map((line) => line.includes(`# {trace_id="${traceId}"} 1.5`)),
      [false, true, false, false],
    )
  })
})
