import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { IncomingRequest, OutgoingAnswer, RequestHandler } from '@ipsmgw/diameter'
import { type PushVerdict, servePushes } from './push-handler.ts'
import type { HomeUser, Subscription, UserAnswer, UserQuestion } from './sh-client.ts'
import { Users, type UsersOptions } from './users.ts'

const ALICE = { publicIdentity: 'sip:alice@ims.example' }
const TTL_MS = 60_000
const NEGATIVE_MS = 10_000
const SUBSCRIPTION_MS = 3_600_000
const silent: UserAnswer = { kind: 'refused', cause: 'serviceDataUnavailable' }
const unknown: UserAnswer = { kind: 'refused', cause: 'unknownSubscriber' }

function user(rest: Partial<HomeUser> = {}): UserAnswer {
  return { kind: 'user', user: { number: '+15550001042', host: 'hss1.example', ...rest } }
}

/** Users before an HSS that answers as it is told. */
class Lab {
  nowMs = 1_000_000
  answer: UserAnswer | Promise<UserAnswer> = user()
  subscription: Subscription | Promise<Subscription> = { kind: 'failed' }
  readonly reads: UserQuestion[] = []
  readonly budgets: number[] = []
  readonly subscriptions: { host: string; untilMs: number }[] = []
  readonly facts: string[] = []
  readonly users: Users

  constructor(options: Partial<UsersOptions> = {}) {
    this.users = new Users(
      { maximumEntries: 100, ttlMs: TTL_MS, negativeTtlMs: NEGATIVE_MS, ...options },
      {
        sh: {
          read: async (question, budgetMs) => {
            this.reads.push(question)
            this.budgets.push(budgetMs)
            return this.answer
          },
          subscribe: async (_question, host, untilMs) => {
            this.subscriptions.push({ host, untilMs })
            return this.subscription
          },
        },
        report: {
          looked: (lookup) => this.facts.push(lookup),
          dropped: (reason) => this.facts.push(reason),
          subscribed: (outcome) => this.facts.push(outcome),
        },
        now: () => this.nowMs,
      },
    )
  }

  /** A lookup, and whatever it sets going behind the answer. */
  async look(question: UserQuestion = ALICE): Promise<UserAnswer> {
    const answer = await this.users.lookup(question, 4_000)
    await settled()
    return answer
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('Users kept for a time', () => {
  test('an answer holds for its time and not a moment longer, whatever the HSS says then', async () => {
    const lab = new Lab()
    assert.deepEqual(await lab.look(), user())
    lab.answer = silent
    lab.nowMs += TTL_MS - 1
    assert.deepEqual(await lab.look(), user())
    lab.nowMs += 1
    assert.deepEqual(await lab.look(), silent)
    assert.deepEqual(lab.facts, ['miss', 'hit', 'expired', 'miss'])
  })

  test('an unknown user is remembered for the shorter time', async () => {
    const lab = new Lab()
    lab.answer = unknown
    await lab.look()
    lab.answer = user()
    assert.deepEqual(await lab.look(), unknown)
    lab.nowMs += NEGATIVE_MS
    assert.deepEqual(await lab.look(), user())
    assert.deepEqual(lab.facts, ['miss', 'negative-hit', 'expired', 'miss'])
  })

  test('what may be another answer in a moment is not kept', async () => {
    const lab = new Lab()
    for (const cause of ['serviceDataUnavailable', 'serviceDataRefused', 'protocolDefect'] as const) {
      lab.answer = { kind: 'refused', cause }
      await lab.look()
    }
    assert.deepEqual([lab.reads.length, lab.users.size], [3, 0])
  })

  test('a number alone that was asked for is no answer to who the user is; the reverse it is', async () => {
    const lab = new Lab()
    const sender = { ...ALICE, numberOnly: true }
    for (const question of [sender, sender, ALICE, sender]) await lab.look(question)
    assert.deepEqual(lab.facts, ['miss', 'hit', 'miss', 'hit'])
  })

  test('with a time of 0 nothing is kept', async () => {
    const lab = new Lab({ ttlMs: 0 })
    await lab.look()
    await lab.look()
    assert.deepEqual([lab.reads.length, lab.users.size], [2, 0])
  })

  test('bounded: the user that was asked for longest ago goes', async () => {
    const lab = new Lab({ maximumEntries: 2 })
    const of = (name: string) => ({ publicIdentity: `sip:${name}@ims.example` })
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await lab.look(of(name))
    assert.equal(lab.users.size, 2)
    assert.deepEqual(lab.facts, ['miss', 'miss', 'hit', 'miss', 'evicted', 'hit', 'miss', 'evicted'])
  })

  test('an answer without service data is none to who needs them; one with them serves everybody', async () => {
    const lab = new Lab()
    const withData = { ...ALICE, serviceIndication: 'ipsmgw' }
    await lab.look()
    await lab.look(withData)
    await lab.look()
    await lab.look({ ...ALICE, serviceIndication: 'other' })
    assert.deepEqual(lab.facts, ['miss', 'miss', 'hit', 'miss'])
  })
})

describe('Questions about one user at the same time', () => {
  test('are one question', async () => {
    const lab = new Lab()
    const answers = await Promise.all([lab.look(), lab.look(), lab.look()])
    assert.deepEqual(answers, [user(), user(), user()])
    assert.deepEqual([lab.reads.length, ...lab.facts], [1, 'miss', 'shared', 'shared'])
  })

  test('who has more time asks again when the first one had too little', async () => {
    const lab = new Lab()
    const { promise, resolve } = Promise.withResolvers<UserAnswer>()
    lab.answer = promise
    const hurried = lab.users.lookup(ALICE, 100)
    const patient = lab.users.lookup(ALICE, 4_000)
    lab.nowMs += 100
    lab.answer = user()
    resolve(silent)
    assert.deepEqual([await hurried, await patient], [silent, user()])
    assert.deepEqual(lab.budgets, [100, 3_900])
  })

  test('who has less time does not wait for one with more', async () => {
    const lab = new Lab()
    lab.answer = new Promise(() => {})
    void lab.users.lookup(ALICE, 4_000)
    lab.answer = silent
    assert.deepEqual(await lab.users.lookup(ALICE, 100), silent)
  })
})

describe('TS 29.328 §6.1.3: subscriptions', () => {
  const subscribing = () => new Lab({ subscriptionMs: SUBSCRIPTION_MS })

  test('without the setting nothing is subscribed to', async () => {
    const lab = new Lab()
    await lab.look()
    assert.deepEqual(lab.subscriptions, [])
  })

  test('an answer holds as long as the subscription at the HSS that gave it', async () => {
    const lab = subscribing()
    const untilMs = lab.nowMs + SUBSCRIPTION_MS
    lab.subscription = { kind: 'subscribed', untilMs, data: undefined }
    await lab.look()
    assert.deepEqual(lab.subscriptions, [{ host: 'hss1.example', untilMs }])
    lab.nowMs += TTL_MS + 1
    assert.deepEqual(await lab.look(), user())
    lab.nowMs = untilMs
    lab.answer = silent
    assert.deepEqual(await lab.look(), silent)
    assert.deepEqual(lab.facts, ['miss', 'subscribed', 'hit', 'expired', 'miss'])
  })

  test('nobody waits for the subscription', async () => {
    const lab = subscribing()
    lab.subscription = new Promise(() => {})
    assert.deepEqual(await lab.look(), user())
  })

  test('a use in the last quarter renews it, once; without use it ends', async () => {
    const lab = subscribing()
    lab.subscription = { kind: 'subscribed', untilMs: lab.nowMs + SUBSCRIPTION_MS, data: undefined }
    await lab.look()
    lab.nowMs += SUBSCRIPTION_MS * 0.74
    await lab.look()
    assert.equal(lab.subscriptions.length, 1)
    lab.nowMs += SUBSCRIPTION_MS * 0.02
    lab.subscription = { kind: 'subscribed', untilMs: lab.nowMs + SUBSCRIPTION_MS, data: undefined }
    await Promise.all([lab.look(), lab.look()])
    assert.equal(lab.subscriptions.length, 2)
    lab.nowMs += SUBSCRIPTION_MS * 0.5
    assert.deepEqual(await lab.look(), user())
    assert.equal(lab.reads.length, 1)
  })

  test('what has changed between the answer and the subscription is in the answer from then on', async () => {
    const lab = subscribing()
    lab.answer = user({ grant: 'granted', imsState: 'registered' })
    lab.subscription = {
      kind: 'subscribed',
      untilMs: lab.nowMs + SUBSCRIPTION_MS,
      data: { numbers: [], grant: 'refused' },
    }
    await lab.look()
    assert.deepEqual(await lab.look(), user({ grant: 'refused' }))
  })

  test('an HSS that tells of no changes is not asked to again for an hour, and answers hold for their time', async () => {
    const lab = subscribing()
    lab.subscription = { kind: 'not-allowed' }
    await lab.look()
    lab.nowMs += TTL_MS
    await lab.look()
    assert.deepEqual([lab.reads.length, lab.subscriptions.length], [2, 1])
    lab.answer = user({ host: 'hss2.example' })
    lab.nowMs += TTL_MS
    await lab.look()
    assert.equal(lab.subscriptions[1]?.host, 'hss2.example')
    lab.answer = user()
    lab.nowMs += 3_600_000
    await lab.look()
    assert.equal(lab.subscriptions.length, 3)
  })

  test('an unknown user is not subscribed to', async () => {
    const lab = subscribing()
    lab.answer = unknown
    await lab.look()
    assert.deepEqual(lab.subscriptions, [])
  })
})

describe('TS 29.328 §6.1.4: changes that the HSS tells of', () => {
  function pushing() {
    const lab = new Lab({ subscriptionMs: SUBSCRIPTION_MS })
    lab.subscription = { kind: 'subscribed', untilMs: lab.nowMs + SUBSCRIPTION_MS, data: undefined }
    const verdicts: PushVerdict[] = []
    let handler: RequestHandler<'PNR'> | undefined
    const node = {
      handle: (_name: string, it: unknown) => {
        handler = it as RequestHandler<'PNR'>
      },
    }
    servePushes(node, lab.users, (verdict) => verdicts.push(verdict))
    const push = (identity: object) =>
      handler?.({ fields: { 'User-Identity': identity } } as unknown as IncomingRequest<'PNR'>)
    return { lab, verdicts, push }
  }
  const succeeds: OutgoingAnswer<'PNR'> = { 'Result-Code': 2001 }

  test('a user who was told of is asked about anew', async () => {
    const { lab, push } = pushing()
    await lab.look()
    assert.deepEqual(push({ 'Public-Identity': 'sip:alice@IMS.example' }), succeeds)
    lab.answer = user({ number: '+15550009999' })
    assert.deepEqual(await lab.look(), user({ number: '+15550009999' }))
    assert.deepEqual(lab.facts, ['miss', 'subscribed', 'pushed', 'miss', 'subscribed'])
  })

  test('a push about nobody known is answered 5107, so that the HSS ends it', async () => {
    const { push, verdicts } = pushing()
    const answer = push({ 'Public-Identity': 'sip:carol@ims.example' })
    assert.deepEqual(answer, {
      'Experimental-Result': { 'Vendor-Id': 10_415, 'Experimental-Result-Code': 5_107 },
    })
    assert.deepEqual(verdicts, ['nobody'])
  })

  test('a number is the identity of its tel URI', async () => {
    const { lab, push } = pushing()
    await lab.look({ publicIdentity: 'tel:+15550001042' })
    assert.deepEqual(push({ MSISDN: '15550001042' }), succeeds)
  })

  test('an answer that was under way when the HSS told of a change serves and is not kept', async () => {
    const { lab, push } = pushing()
    const { promise, resolve } = Promise.withResolvers<UserAnswer>()
    lab.answer = promise
    const looking = lab.look()
    assert.deepEqual(push({ 'Public-Identity': 'sip:alice@ims.example' }), succeeds)
    resolve(user())
    assert.deepEqual(await looking, user())
    assert.equal(lab.users.size, 0)
  })

  test('a subscription that is answered behind the push revives nothing', async () => {
    const { lab, push } = pushing()
    const { promise, resolve } = Promise.withResolvers<Subscription>()
    lab.subscription = promise
    await lab.look()
    void push({ 'Public-Identity': 'sip:alice@ims.example' })
    resolve({ kind: 'subscribed', untilMs: lab.nowMs + SUBSCRIPTION_MS, data: undefined })
    await settled()
    assert.equal(lab.users.size, 0)
  })
})
