import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { Drain } from './drain.ts'
import type { ForwardResult, PartForward } from './forwarder.ts'

const GRACE_MS = 20_000
const PART: PartForward = {
  node: { kind: 'mme', protocol: 'sgd', host: 'mme1.example', realm: 'example' },
  imsi: '234150000000001',
  tpdu: Buffer.from('0400', 'hex'),
  part: 1,
  parts: 1,
  moreMessagesToSend: false,
  startedAtMs: 0,
}

/** A way whose node answers when the test says so, and a drain on a clock of the test. */
function harness(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  const state = { reachable: true, begun: 0 }
  const { promise, resolve: answer } = Promise.withResolvers<ForwardResult>()
  const drain = new Drain({ graceMs: GRACE_MS })
  t.after(() => drain.end())
  const forwarder = drain.over({
    reachable: () => state.reachable,
    session: () => ({
      forward() {
        state.begun++
        return promise
      },
      close() {},
    }),
  })
  return { drain, state, answer, forward: () => forwarder.session().forward(PART) }
}

describe('a stop while parts are under way', () => {
  test('an answer within the grace counts', async (t) => {
    const { drain, answer, forward } = harness(t)
    const outcome = forward()
    drain.begin()
    t.mock.timers.tick(GRACE_MS - 1)
    answer({ kind: 'delivered' })
    assert.deepEqual(await outcome, { kind: 'delivered' })
  })

  test('after the grace a silent node’s part is of unknown outcome, never not sent', async (t) => {
    const { drain, answer, forward } = harness(t)
    const outcome = forward()
    drain.begin()
    t.mock.timers.tick(GRACE_MS + 250)
    assert.equal((await outcome).kind, 'unknown')
    answer({ kind: 'delivered' })
  })

  test('without the last path no answer can come: unknown at once', async (t) => {
    const { drain, state, forward } = harness(t)
    const outcome = forward()
    drain.begin()
    state.reachable = false
    t.mock.timers.tick(250)
    assert.equal((await outcome).kind, 'unknown')
  })

  test('what has not begun by then is certainly not sent', async (t) => {
    const { drain, state, forward } = harness(t)
    drain.begin()
    t.mock.timers.tick(GRACE_MS)
    const { kind } = await forward()
    assert.deepEqual([kind, state.begun], ['not-sent', 0])
  })

  test('without a stop nothing is cut short, lost path or not', async (t) => {
    const { state, answer, forward } = harness(t)
    const outcome = forward()
    state.reachable = false
    t.mock.timers.tick(10 * GRACE_MS)
    answer({ kind: 'delivered' })
    assert.equal((await outcome).kind, 'delivered')
  })
})
