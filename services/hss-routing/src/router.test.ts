import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SmPrepared, SmReport, SmRouted } from '@ipsmgw/events'
import { KeyMaker } from '@ipsmgw/numbering'
import { Router } from './router.ts'

const START = 1_790_000_000_000

function prepared(rest: Partial<SmPrepared> = {}): SmPrepared {
  return {
    messageId: 'message-0123456789abcd',
    recipientKey: 'k'.repeat(32),
    receivedAtMs: START,
    answerByMs: START + 25_000,
    forwardByMs: START + 20_000,
    reply: { ordinal: 0, bootId: 'b' },
    recipient: { number: '+447900123456', uri: 'tel:+447900123456' },
    tpdus: ['AAAA', 'AAAA'],
    routing: { attempt: 1, firstPart: 1 },
    early: false,
    ...rest,
  }
}

/** Asked at `nowMs`; the HSS names one MME. */
async function route(message: SmPrepared, nowMs: number, owned = () => true) {
  const routed: SmRouted[] = []
  const reports: SmReport[] = []
  const budgets: number[] = []
  const router = new Router(
    { preference: ['mme'], singleAttempt: true, budgetMs: 4_000 },
    {
      queries: {
        resolve: async () => ({ kind: 'refused', cause: 'noSubscriberNumber' }),
        route: async (_, budgetMs) => {
          budgets.push(budgetMs)
          return {
            kind: 'routed',
            imsi: '234150000000001',
            nodes: [{ kind: 'mme', protocol: 'sgd', host: 'mme1.example', realm: 'example' }],
            peer: 'hss.example',
          }
        },
      },
      keys: new KeyMaker(Buffer.alloc(32)),
      serves: () => true,
      now: () => nowMs,
      publishRouted: async (value) => void routed.push(value),
      publishReport: async (value) => void reports.push(value),
    },
  )
  await router.handle(message, owned)
  return { routed, reports, budgets }
}

describe('TS 23.204 §6.13 step 8: in time', () => {
  test('nothing is asked after forwardBy, and never for longer than until then', async () => {
    const late = await route(prepared(), START + 20_000)
    assert.deepEqual([late.budgets, late.routed, late.reports[0]?.cause], [[], [], 'expiredBeforeForward'])
    const tight = await route(prepared(), START + 19_000)
    assert.deepEqual(tight.budgets, [1_000])
  })

  test('with part 1 on the phone the rest is routed anew even after forwardBy; the report names the attempt', async () => {
    const { routed, reports } = await route(
      prepared({ routing: { attempt: 2, firstPart: 2 } }),
      START + 30_000,
    )
    assert.deepEqual(routed[0]?.routing, { attempt: 2, firstPart: 2 })
    assert.deepEqual([reports[0]?.step, reports[0]?.attempt], ['routed', 2])
  })

  test("design Never twice: what was taken over during the queries is its new owner's, whatever the HSS said", async () => {
    const { routed, reports } = await route(prepared(), START, () => false)
    assert.deepEqual([routed, reports], [[], []])
  })
})
