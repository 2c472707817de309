import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { NodeGate } from './node-gate.ts'

const OPTIONS = {
  maximumInFlight: 100,
  maximumPerSecond: 1_000,
  unanswered: 3,
  silenceMs: 20_000,
  probeMs: 10_000,
}
const MESSAGE = { messageId: 'one' }
const DELIVERED = { kind: 'delivered' } as const
const UNKNOWN = { kind: 'unknown', detail: '' } as const
const NOT_SENT = { kind: 'not-sent', cause: 'noRouteToServingNode', detail: '' } as const
const REFUSED = { kind: 'refused', cause: 'absentSubscriber' } as const

function harness(change: Partial<typeof OPTIONS> = {}) {
  const clock = { now: 1_000_000 }
  const changes: string[] = []
  const holds: string[] = []
  const gate = new NodeGate(
    { ...OPTIONS, ...change },
    {
      now: () => clock.now,
      held: ({ messageId }, node, hold) => holds.push(`${messageId}: ${node} ${hold}`),
      breakerChanged: (node, open) => changes.push(`${node} ${open ? 'open' : 'closed'}`),
    },
  )
  const enters = (node = 'a') => gate.enter(node, MESSAGE) === undefined
  const goesSilent = () => {
    for (let i = 0; i < 3; i++) assert.ok(enters())
    clock.now += 20_000
  }
  return { gate, clock, changes, holds, enters, goesSilent }
}

describe('bulkhead: one node takes its own places only', () => {
  test('with all its places taken a node is not sent to, another is', () => {
    const { gate, enters } = harness({ maximumInFlight: 1 })
    assert.ok(enters())
    assert.deepEqual(gate.enter('a', MESSAGE), {
      kind: 'not-sent',
      cause: 'servingNodeBusy',
      detail: 'in-flight bound of the node',
    })
    assert.ok(enters('b'))
    gate.leave('a', DELIVERED)
    assert.ok(enters())
  })

  test('the rate of a node is held, and grows back with time', () => {
    const { gate, clock, enters, holds } = harness({ maximumPerSecond: 2 })
    for (let i = 0; i < 2; i++) {
      assert.ok(enters())
      gate.leave('a', DELIVERED)
    }
    assert.equal(gate.enter('a', MESSAGE)?.detail, 'rate bound of the node')
    assert.deepEqual(holds, ['one: a rate'])
    assert.ok(enters('b'))
    clock.now += 500
    assert.ok(enters())
    assert.ok(!enters())
    clock.now += 60_000
    assert.deepEqual([enters(), enters(), enters()], [true, true, false], 'never more than a second’s worth')
  })
})

describe('breaker: a silent node is left alone', () => {
  test('opens after a run without an answer that lasted, which is proof that nothing was sent', () => {
    const { gate, changes, holds, goesSilent, enters } = harness()
    goesSilent()
    const { cause } = gate.enter('a', MESSAGE) ?? assert.fail('open')
    assert.equal(cause, 'noRouteToServingNode')
    assert.deepEqual(changes, ['a open'])
    assert.deepEqual(holds, ['one: a breaker'])
    assert.ok(enters('b'))
  })

  test('a run that is short, or has not lasted, opens nothing', () => {
    const { clock, enters } = harness()
    assert.ok(enters())
    assert.ok(enters())
    clock.now += 60_000
    assert.ok(enters(), 'two unanswered are too few')
    const other = harness()
    for (let i = 0; i < 50; i++) assert.ok(other.enters(), 'all in one moment')
  })

  test('unknown outcomes are no answers', () => {
    const { gate, clock, enters } = harness()
    for (let i = 0; i < 3; i++) {
      assert.ok(enters())
      clock.now += 10_000
      gate.leave('a', UNKNOWN)
    }
    assert.ok(!enters())
  })

  for (const answer of [DELIVERED, REFUSED])
    test(`${answer.kind} is an answer: the run is over`, () => {
      const { gate, clock, enters } = harness()
      for (let i = 0; i < 5; i++) {
        assert.ok(enters())
        assert.ok(enters())
        clock.now += 20_000
        gate.leave('a', answer)
      }
    })

  test('what never reached the node says nothing about it', () => {
    const { gate, clock, enters } = harness()
    for (let i = 0; i < 20; i++) {
      assert.ok(enters())
      gate.leave('a', NOT_SENT)
      clock.now += 10_000
    }
    assert.ok(enters())
    gate.leave('a', undefined)
    assert.ok(enters())
  })

  test('half-open: one part at a time asks whether it is back, its answer closes the breaker', () => {
    const { gate, clock, changes, goesSilent, enters } = harness()
    goesSilent()
    assert.ok(!enters())
    clock.now += 10_000
    assert.ok(enters(), 'the probe')
    assert.ok(!enters(), 'no second one')
    gate.leave('a', UNKNOWN)
    clock.now += 9_999
    assert.ok(!enters())
    clock.now += 1
    assert.ok(enters())
    gate.leave('a', DELIVERED)
    assert.deepEqual(changes, ['a open', 'a closed'])
    for (let i = 0; i < 3; i++) assert.ok(enters())
  })

  test('a late answer of before closes it as well', () => {
    const { gate, goesSilent, enters } = harness()
    goesSilent()
    assert.ok(!enters())
    gate.leave('a', DELIVERED)
    assert.ok(enters())
  })

  test('what the breaker holds takes no place', () => {
    const { gate, clock, goesSilent, enters } = harness({ maximumInFlight: 4 })
    goesSilent()
    for (let i = 0; i < 10; i++) assert.equal(gate.enter('a', MESSAGE)?.cause, 'noRouteToServingNode')
    gate.leave('a', DELIVERED)
    clock.now += 1_000
    assert.deepEqual([enters(), enters(), enters()], [true, true, false])
  })
})
