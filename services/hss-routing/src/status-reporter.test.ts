import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SmOutcome } from '@ipsmgw/events'
import { StatusReporter, type StatusResult } from './status-reporter.ts'

const OUTCOME: SmOutcome = {
  messageId: 'm'.repeat(32),
  recipientKey: 'k'.repeat(32),
  deliveryKey: 'd'.repeat(32),
  receivedAtMs: 0,
  answerByMs: 25_000,
  forwardByMs: 20_000,
  reply: { ordinal: 0, bootId: 'b' },
  atMs: 0,
  imsi: '001010000000001',
  home: { protocol: 's6c', host: 'hss1.example', msisdn: '15550001042', waiting: true, singleAttempt: true },
  ending: 'delivered',
  nodes: [{ kind: 'mme', outcome: 'delivered' }],
}
const AGAIN: StatusResult = { kind: 'again', detail: 'nobody' }

function harness(results: readonly StatusResult[]) {
  const log: string[] = []
  const state = { now: 0, draining: false, attempts: 0 }
  const reporter = new StatusReporter(
    { firstDelayMs: 1_000, maximumDelayMs: 4_000, maximumAgeMs: 60_000 },
    {
      queries: { s6c: async () => results[Math.min(state.attempts++, results.length - 1)] ?? AGAIN },
      now: () => state.now,
      wait: async (delayMs) => {
        log.push(`wait ${delayMs}`)
        state.now += delayMs
      },
      draining: () => state.draining,
      giveBack: async () => {
        log.push('given back')
      },
      reported: (result) => log.push(result),
    },
  )
  return { reporter, log, state }
}

describe('reports to the home network: at least once, and bounded', () => {
  test('what is taken at once is asked once', async () => {
    const h = harness([{ kind: 'done' }])
    await h.reporter.handle(OUTCOME)
    assert.deepEqual([h.log, h.state.attempts], [['done'], 1])
  })

  test('an HSS that cannot be reached is tried again, later each time', async () => {
    const h = harness([AGAIN, AGAIN, AGAIN, AGAIN, { kind: 'done' }])
    await h.reporter.handle(OUTCOME)
    assert.deepEqual(
      h.log.filter((line) => line.startsWith('wait')),
      ['wait 1000', 'wait 2000', 'wait 4000', 'wait 4000'],
    )
    assert.equal(h.log.at(-1), 'done')
  })

  test('an outcome that is too old is given up', async () => {
    const h = harness([AGAIN])
    await h.reporter.handle(OUTCOME)
    assert.equal(h.log.at(-1), 'given-up')
    assert.ok(h.state.now <= 60_000)
  })

  test('what is refused is not repeated', async () => {
    const h = harness([{ kind: 'refused', detail: '5001' }])
    await h.reporter.handle(OUTCOME)
    assert.deepEqual([h.log, h.state.attempts], [['refused'], 1])
  })

  test('a process that drains gives back what nobody has taken yet', async () => {
    const h = harness([AGAIN])
    h.state.draining = true
    await h.reporter.handle(OUTCOME)
    assert.deepEqual(h.log, ['again', 'given back'])
  })

  test('an outcome of which the home network need not know asks nobody', async () => {
    const h = harness([{ kind: 'done' }])
    await h.reporter.handle({ ...OUTCOME, home: { ...OUTCOME.home, waiting: false } })
    assert.deepEqual([h.log, h.state.attempts], [[], 0])
  })
})
