import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SmPrepared } from '@ipsmgw/events'
import { loadPolicy } from '@ipsmgw/policy'
import { Recipients, type RecipientsOptions } from './recipients.ts'
import type { HomeUser, UserAnswer, UserQuestion } from './sh/sh-client.ts'

const NUMBER = '+447900123456'
const IMSI = '234150000000001'
const BY_NUMBER = { number: NUMBER, uri: `sip:${NUMBER}@ims.example;user=phone` }
const BY_NAME = { uri: 'sip:bob@IMS.example' }
const unknown: UserAnswer = { kind: 'refused', cause: 'unknownSubscriber' }
const silent: UserAnswer = { kind: 'refused', cause: 'serviceDataUnavailable' }

function user(rest: Partial<HomeUser> = { number: NUMBER }): UserAnswer {
  return { kind: 'user', user: { host: 'hss1.example', ...rest } }
}

interface Case extends Partial<RecipientsOptions> {
  readonly recipient?: SmPrepared['recipient']
  readonly prepared?: Partial<SmPrepared>
  readonly answer?: UserAnswer
  readonly authorisation?: object
  readonly profiles?: object
}

async function ask(options: Case) {
  const { recipient = BY_NAME, prepared = {}, answer = user(), authorisation, profiles = {} } = options
  const asked: UserQuestion[] = []
  const policy = loadPolicy('', { ...(authorisation && { authorisation }), profiles })
  const recipients = new Recipients(
    { withoutNumber: 'imsi', always: false, ...options },
    {
      policy: () => policy,
      async user(question) {
        asked.push(question)
        return answer
      },
    },
  )
  const message = { recipient, routing: { attempt: 1, firstPart: 1 }, ...prepared } as SmPrepared
  return { target: await recipients.target(message, 1_000), asked }
}

const causeOf = ({ target }: Awaited<ReturnType<typeof ask>>) =>
  target.kind === 'refused' ? target.cause : target.kind

describe('TS 23.204 §6.13 step 8: who the recipient is', () => {
  test('a number in the URI is enough: the HSS is not asked', async () => {
    const { target, asked } = await ask({ recipient: BY_NUMBER })
    assert.deepEqual([target, asked], [{ kind: 'target', number: NUMBER }, []])
  })

  test('a name is asked about in canonical form; its number is routed at the HSS that told it', async () => {
    const { target, asked } = await ask({})
    assert.deepEqual(target, { kind: 'target', number: NUMBER, hss: 'hss1.example' })
    assert.deepEqual(asked, [{ publicIdentity: 'sip:bob@ims.example' }])
  })

  test('what the HSS says of the registration goes along', async () => {
    const { target } = await ask({ answer: user({ number: NUMBER, imsState: 'not-registered' }) })
    assert.equal(target.kind === 'target' && target.imsState, 'not-registered')
  })

  test('a name that no HSS knows, and one it does not tell of, keep their causes', async () => {
    assert.equal(causeOf(await ask({ answer: unknown })), 'unknownSubscriber')
    assert.equal(causeOf(await ask({ answer: silent })), 'serviceDataUnavailable')
  })

  test('a user without a number is routed by the IMSI', async () => {
    const { target } = await ask({ answer: user({ imsi: IMSI }) })
    assert.deepEqual(target, { kind: 'target', imsi: IMSI, hss: 'hss1.example' })
  })

  test('a user without both, and one that is not to be served without a number: 404', async () => {
    assert.equal(causeOf(await ask({ answer: user({}) })), 'noSubscriberNumber')
    const refusing = { answer: user({ imsi: IMSI }), withoutNumber: 'refuse' } as const
    assert.equal(causeOf(await ask(refusing)), 'noSubscriberNumber')
  })

  test('TS 29.338 §5.3.2.3: by SIP URI, both URIs in canonical form, the sender’s where it is known', async () => {
    const options = { withoutNumber: 'sip-uri', hssId: '00101', answer: user({}) } as const
    const { target } = await ask({ ...options, prepared: { originatorUri: 'sip:Alice@IMS.example;x=1' } })
    assert.deepEqual(target, {
      kind: 'target',
      correlation: {
        hssId: '00101',
        originatingUri: 'sip:Alice@ims.example',
        destinationUri: 'sip:bob@ims.example',
      },
      hss: 'hss1.example',
    })
    const hidden = await ask(options)
    assert.deepEqual(hidden.target.kind === 'target' && hidden.target.correlation, {
      hssId: '00101',
      destinationUri: 'sip:bob@ims.example',
    })
  })
})

describe('TS 23.204 §6.13 step 7: authorisation that only the home network can give', () => {
  const and = { homeData: { use: 'and' } }
  const or = {
    default: 'deny',
    allowedRecipients: ['+44'],
    homeData: { use: 'or', serviceIndication: 'sms' },
  }
  const granted = user({ number: NUMBER, grant: 'granted' })
  const barred = user({ number: NUMBER, grant: 'refused' })
  const foreign = { number: '+15550001042', uri: 'tel:+15550001042' }

  const cases: readonly [rule: string, options: Case, cause: string, asked: number][] = [
    ['and: granted', { recipient: BY_NUMBER, authorisation: and, answer: granted }, 'target', 1],
    ['and: barred', { recipient: BY_NUMBER, authorisation: and, answer: barred }, 'notAuthorisedAtHome', 1],
    ['and: no data, fail closed', { recipient: BY_NUMBER, authorisation: and }, 'notAuthorisedAtHome', 1],
    [
      'and: no data, switched open',
      { recipient: BY_NUMBER, authorisation: { homeData: { use: 'and', whenAbsent: 'allow' } } },
      'target',
      1,
    ],
    [
      'and: switched open for no data is not open for a bar',
      { authorisation: { homeData: { use: 'and', whenAbsent: 'allow' } }, answer: barred },
      'notAuthorisedAtHome',
      1,
    ],
    [
      'and: no answer, fail closed',
      { recipient: BY_NUMBER, authorisation: and, answer: silent },
      'serviceDataUnavailable',
      1,
    ],
    [
      'and: unknown to the HSS',
      { recipient: BY_NUMBER, authorisation: and, answer: unknown },
      'unknownSubscriber',
      1,
    ],
    ['and: a name, granted', { authorisation: and, answer: granted }, 'target', 1],
    ['and: a name, barred', { authorisation: and, answer: barred }, 'notAuthorisedAtHome', 1],
    [
      'and: a name whose number is denied here, whatever the HSS grants',
      { authorisation: { ...and, deniedRecipients: ['+4479'] }, answer: granted },
      'notAuthorised',
      1,
    ],
    ['or: a listed number is not asked about', { recipient: BY_NUMBER, authorisation: or }, 'target', 0],
    [
      'or: another one that the HSS grants',
      { recipient: foreign, authorisation: or, answer: granted },
      'target',
      1,
    ],
    [
      'or: another one that it bars',
      { recipient: foreign, authorisation: or, answer: barred },
      'notAuthorisedAtHome',
      1,
    ],
    ['or: another one without data', { recipient: foreign, authorisation: or }, 'notAuthorisedAtHome', 1],
    ['or: a name with a listed number needs no grant', { authorisation: or, answer: user() }, 'target', 1],
    [
      'or: a user without a number needs one',
      { authorisation: or, answer: user({ imsi: IMSI }) },
      'notAuthorisedAtHome',
      1,
    ],
    [
      'a second routing of the same message asks nobody',
      { recipient: BY_NUMBER, authorisation: and, prepared: { routing: { attempt: 2, firstPart: 2 } } },
      'target',
      0,
    ],
    [
      'the profile of the SIP peer decides',
      { recipient: BY_NUMBER, profiles: { strict: { authorisation: and } }, prepared: { profile: 'strict' } },
      'notAuthorisedAtHome',
      1,
    ],
    ['a profile that is gone', { recipient: BY_NUMBER, prepared: { profile: 'gone' } }, 'notAuthorised', 0],
  ]
  for (const [rule, options, cause, count] of cases)
    test(`${rule}: ${cause}`, async () => {
      const result = await ask(options)
      assert.deepEqual([causeOf(result), result.asked.length], [cause, count])
    })

  test('the data are asked for under the name that the policy gives them', async () => {
    assert.equal((await ask({ authorisation: and })).asked[0]?.serviceIndication, 'ipsmgw')
    assert.equal((await ask({ authorisation: or })).asked[0]?.serviceIndication, 'sms')
    assert.equal((await ask({})).asked[0]?.serviceIndication, undefined)
  })
})

describe('routing.protocols: [sh], the way by who knows the recipient', () => {
  test('an HSS that knows the number is where it is routed', async () => {
    const { target } = await ask({ recipient: BY_NUMBER, always: true, answer: user({}) })
    assert.deepEqual(target, { kind: 'target', number: NUMBER, hss: 'hss1.example' })
  })

  test('a number that no HSS knows is one of an HLR', async () => {
    const { target } = await ask({ recipient: BY_NUMBER, always: true, answer: unknown })
    assert.deepEqual(target, { kind: 'target', number: NUMBER, unknownToHss: true })
  })

  test('a name that no HSS knows is nobody', async () => {
    assert.equal(causeOf(await ask({ always: true, answer: unknown })), 'unknownSubscriber')
  })

  test('no answer is no answer: an HLR does not know those that an HSS has', async () => {
    assert.equal(
      causeOf(await ask({ recipient: BY_NUMBER, always: true, answer: silent })),
      'serviceDataUnavailable',
    )
  })

  test('service data that only an HSS could hold are absent for a subscriber of an HLR', async () => {
    const homeData = { homeData: { use: 'and' } }
    const closed = { recipient: BY_NUMBER, always: true, answer: unknown, authorisation: homeData }
    assert.equal(causeOf(await ask(closed)), 'notAuthorisedAtHome')
    const open = { homeData: { use: 'and', whenAbsent: 'allow' } }
    const { target } = await ask({ ...closed, authorisation: open })
    assert.equal(target.kind === 'target' && target.unknownToHss, true)
  })
})
