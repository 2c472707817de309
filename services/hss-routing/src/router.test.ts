import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SmOutcome, SmPrepared, SmReport, SmRouted } from '@ipsmgw/events'
import { KeyMaker } from '@ipsmgw/numbering'
import type { Origin } from './originators.ts'
import { type Refusal, type RouteQuery, Router, type Sender, type Target } from './router.ts'

const START = 1_790_000_000_000
const NUMBER = '+447900123456'
const IMSI = '234150000000001'
const keys = new KeyMaker(Buffer.alloc(32))

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

type Answer = Awaited<ReturnType<RouteQuery>>

const AT_MME: Extract<Answer, { kind: 'routed' }> = {
  kind: 'routed',
  imsi: IMSI,
  nodes: [{ kind: 'mme', protocol: 'sgd', host: 'mme1.example', realm: 'example' }],
  peer: 'hss.example',
  home: { protocol: 's6c', host: 'hss.example', waiting: true },
}

/** Asked at `nowMs`; the HSS names one MME. */
async function route(
  message: SmPrepared,
  nowMs = START,
  {
    target = { kind: 'target', number: NUMBER },
    answer = AT_MME,
    singleAttempt = true,
    owned = () => true,
    origin,
  }: {
    target?: { kind: 'target' } & Target
    answer?: Answer
    singleAttempt?: boolean
    owned?: () => boolean
    origin?: Origin | Refusal
  } = {},
) {
  const outcomes: SmOutcome[] = []
  const targets: (Target & Sender)[] = []
  const routed: SmRouted[] = []
  const reports: SmReport[] = []
  const budgets: number[] = []
  const router = new Router(
    { preference: ['mme'], singleAttempt, budgetMs: 4_000 },
    {
      recipients: { target: async () => target },
      originators: {
        of: async ({ tpdus }) => origin ?? { kind: 'origin', tpdus },
      },
      route: async (asked, budgetMs) => {
        budgets.push(budgetMs)
        targets.push(asked)
        return answer
      },
      keys,
      now: () => nowMs,
      publishRouted: async (value) => void routed.push(value),
      publishReport: async (value) => void reports.push(value),
      publishOutcome: async (value) => void outcomes.push(value),
    },
  )
  await router.handle(message, owned)
  return { routed, reports, budgets, outcomes, targets }
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
    let asked = 0
    const owned = () => ++asked < 2
    for (const answer of [AT_MME, { kind: 'refused', cause: 'routingNoAnswer' } as const]) {
      asked = 0
      const { routed, reports, outcomes } = await route(prepared(), START, { answer, owned })
      assert.deepEqual([routed, reports, outcomes], [[], [], []])
    }
  })
})

describe('TS 23.204 §6.13 step 8: the originator that the HSS told', () => {
  const smea = Buffer.from('0b915155001040f2', 'hex')
  const origin: Origin = { kind: 'origin', tpdus: ['BBBB', 'BBBB'], shown: '+15550001042', smea }

  test('is in all parts and on record; HSS and HLR are told it, and again with a second routing', async () => {
    const { routed, reports, targets } = await route(prepared(), START, { origin })
    assert.deepEqual(routed[0]?.tpdus, ['BBBB', 'BBBB'])
    assert.equal(reports[0]?.originator, '+15550001042')
    assert.deepEqual(targets[0]?.smea, smea)
    assert.equal(routed[0]?.hidden, false)
  })

  test('without it the record is that of the conversion, and nobody is told anything', async () => {
    const { routed, reports, targets } = await route(prepared())
    assert.deepEqual(
      [reports[0]?.originator, targets[0]?.smea, routed[0]?.hidden],
      [undefined, undefined, undefined],
    )
  })

  test('where policy has no word for a sender without a number, nothing is routed', async () => {
    const refused = { kind: 'refused', cause: 'noOriginator' } as const
    const { routed, reports, targets } = await route(prepared(), START, { origin: refused })
    assert.deepEqual([routed, targets], [[], []])
    assert.deepEqual([reports[0]?.cause, reports[0]?.outcome], ['noOriginator', 'proof'])
  })
})

describe('TS 23.204 §6.13 step 8: one phone is one lane, and the home network is told what it has to know', () => {
  const CORRELATION = {
    hssId: '00101',
    originatingUri: 'sip:alice@ims.example',
    destinationUri: 'sip:bob@ims.example',
  }

  test('TS 29.328 §7.6.6: IMSUserState is told where it was asked for, of a success and of a failure', async () => {
    const target = { kind: 'target', number: NUMBER, imsState: 'registered' } as const
    const answer = { kind: 'refused', cause: 'smsOverImsOnly' } as const
    const details = [
      (await route(prepared(), START, { target })).reports,
      (await route(prepared(), START, { target, answer })).reports,
      (await route(prepared(), START, { answer })).reports,
    ].map(([report]) => report?.detail)
    assert.deepEqual(details, ['mme, IMS: registered', 'IMS: registered', undefined])
  })

  test('the lane is that of the number, without one that of the IMSI', async () => {
    const lane = async (target: Target) =>
      (await route(prepared(), START, { target: { kind: 'target', ...target } })).routed[0]?.deliveryKey
    assert.equal(await lane({ number: NUMBER }), keys.keyOf(NUMBER))
    assert.equal(await lane({ imsi: IMSI }), keys.keyOf(IMSI))
    assert.equal(await lane({ correlation: CORRELATION }), keys.keyOf(IMSI))
  })

  test('what ties requests about a user without a number together goes to the serving node and to the report', async () => {
    const { routed } = await route(prepared(), START, {
      target: { kind: 'target', correlation: CORRELATION },
    })
    assert.deepEqual(routed[0]?.correlation, CORRELATION)
    assert.deepEqual(routed[0]?.home, {
      protocol: 's6c',
      host: 'hss.example',
      waiting: true,
      singleAttempt: true,
      correlation: CORRELATION,
    })
  })

  const untold: Answer = {
    kind: 'refused',
    cause: 'absentSubscriber',
    untold: {
      home: { protocol: 's6c', host: 'hss.example', waiting: false },
      nodes: [{ kind: 'sgsn', outcome: 'absent', diagnostic: 6 }],
    },
  }

  test('TS 29.338 §5.2.1: an absence that the HSS has not noted is an outcome for it', async () => {
    const { outcomes, reports } = await route(prepared(), START, { answer: untold, singleAttempt: false })
    assert.equal(reports[0]?.cause, 'absentSubscriber')
    const [outcome, ...others] = outcomes
    assert.deepEqual(others, [])
    const { home, ending, nodes, deliveryKey, imsi } = outcome ?? assert.fail()
    assert.deepEqual(
      { home, ending, nodes, deliveryKey, imsi },
      {
        home: {
          protocol: 's6c',
          host: 'hss.example',
          waiting: false,
          singleAttempt: false,
          msisdn: '447900123456',
        },
        ending: 'failed',
        nodes: [{ kind: 'sgsn', outcome: 'absent', diagnostic: 6 }],
        deliveryKey: keys.keyOf(NUMBER),
        imsi: undefined,
      },
    )
  })

  test('TS 29.338 §5.2.1: none where it is to keep nothing, or has noted it itself', async () => {
    const single = await route(prepared(), START, { answer: untold })
    const noted = await route(prepared(), START, {
      answer: { kind: 'refused', cause: 'absentSubscriber' },
      singleAttempt: false,
    })
    assert.deepEqual([single.outcomes, noted.outcomes], [[], []])
  })

  test('TS 29.338 §5.2.3: an HSS that names no node is told of the one that is preferred', async () => {
    const answer = { ...untold, untold: { ...untold.untold, nodes: [] } } as Answer
    const { outcomes } = await route(prepared(), START, { answer, singleAttempt: false })
    assert.deepEqual(outcomes[0]?.nodes, [{ kind: 'mme', outcome: 'absent' }])
  })
})
