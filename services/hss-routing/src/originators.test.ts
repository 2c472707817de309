import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SmPrepared } from '@ipsmgw/events'
import { loadPolicy } from '@ipsmgw/policy'
import { addressText, decodeDeliver } from '@ipsmgw/sms'
import { type HomeAnswerOfSender, Originators } from './originators.ts'
import type { HomeUser, UserAnswer, UserQuestion } from './sh/sh-client.ts'

/** From `MyBank1`, as another stack writes it (test/vectors/sms-vectors.json, oa-alpha-7). */
const NAME = '0dd0cdbc30ec5ec700'
const TPDU = Buffer.from(`04${NAME}00006230102143654009c337b90c8ac96634`, 'hex').toString('base64')
const TPDUS = [TPDU, TPDU]
const ASK = { uri: 'sip:alice@IMS.example:5060', otherwise: 'as-prepared' } as const
const unknown: UserAnswer = { kind: 'refused', cause: 'unknownSubscriber' }
const silent: UserAnswer = { kind: 'refused', cause: 'serviceDataUnavailable' }

function user(rest: Partial<HomeUser> = { number: '+15550001042' }): UserAnswer {
  return { kind: 'user', user: { host: 'hss1.example', ...rest } }
}

async function ask(
  prepared: Partial<SmPrepared>,
  answer: UserAnswer = user(),
  { tellSender = false, policy = {} }: { tellSender?: boolean; policy?: Record<string, unknown> } = {},
) {
  const asked: { question: UserQuestion; budgetMs: number }[] = []
  const counted: HomeAnswerOfSender[] = []
  const document = loadPolicy('', policy)
  const originators = new Originators(
    { tellSender },
    {
      policy: () => document,
      async user(question, budgetMs) {
        asked.push({ question, budgetMs })
        return answer
      },
      askedHome: (told) => counted.push(told),
    },
  )
  const origin = await originators.of({ tpdus: TPDUS, ...prepared } as SmPrepared, 4_000)
  const seen =
    origin.kind === 'origin'
      ? origin.tpdus.map((tpdu) => addressText(decodeDeliver(Buffer.from(tpdu, 'base64')).originator))
      : []
  return { origin, asked, counted, seen }
}

describe('whose address the phone sees', () => {
  test('what policy has decided alone is not asked about, and stays as it is', async () => {
    const { origin, asked, counted } = await ask({})
    assert.deepEqual([origin, asked, counted], [{ kind: 'origin', tpdus: TPDUS }, [], []])
  })

  test('the number that the HSS knows is in every part, and on record', async () => {
    const { origin, asked, counted, seen } = await ask({ askHome: ASK })
    assert.deepEqual(seen, ['+15550001042', '+15550001042'])
    assert.equal(origin.kind === 'origin' && origin.shown, '+15550001042')
    assert.deepEqual(counted, ['number'])
    assert.deepEqual(
      asked.map(({ question }) => question),
      [{ publicIdentity: 'sip:alice@ims.example', numberOnly: true }],
    )
  })

  test('a silent HSS leaves half of the time for the way', async () => {
    assert.equal((await ask({ askHome: ASK }, silent)).asked[0]?.budgetMs, 2_000)
  })

  for (const [what, answer, counted] of [
    ['knows no such user', unknown, 'unknown-user'],
    ['says nothing', silent, 'failed'],
    ['may not tell', { kind: 'refused', cause: 'serviceDataRefused' }, 'failed'],
    ['knows no number', user({}), 'no-number'],
  ] as const satisfies readonly (readonly [string, UserAnswer, HomeAnswerOfSender])[])
    test(`an HSS that ${what}: as policy prepared it, or 403 where policy wants a number; counted`, async () => {
      const named = await ask({ askHome: ASK }, answer)
      assert.deepEqual(named.origin, { kind: 'origin', tpdus: TPDUS, shown: 'MyBank1' })
      assert.deepEqual(named.counted, [counted])
      const { origin } = await ask({ askHome: { ...ASK, otherwise: 'refuse' } }, answer)
      assert.deepEqual([origin.kind, origin.kind === 'refused' && origin.cause], ['refused', 'noOriginator'])
    })

  test('a number that is barred as a sender stays barred under a name', async () => {
    const policy = { authorisation: { barredSenders: ['+1555*'] } }
    const { origin, counted } = await ask({ askHome: ASK }, user(), { policy })
    assert.deepEqual(origin, {
      kind: 'refused',
      cause: 'notAuthorised',
      detail: 'authorisation.barredSenders',
    })
    assert.deepEqual(counted, ['barred'])
  })

  test('SM-RP-SMEA: TP-OA as the phone sees it, where the home network is to be told, and never of one that hides', async () => {
    const smea = async (prepared: Partial<SmPrepared>, tellSender = true) => {
      const { origin } = await ask(prepared, user(), { tellSender })
      return origin.kind === 'origin' ? origin.smea?.toString('hex') : origin.kind
    }
    assert.equal(await smea({ hidden: false, askHome: ASK }), '0b915155001040f2')
    assert.equal(await smea({ hidden: false }), NAME)
    assert.equal(await smea({ hidden: true }), undefined)
    assert.equal(await smea({}), undefined)
    assert.equal(await smea({ hidden: false }, false), undefined)
  })
})
