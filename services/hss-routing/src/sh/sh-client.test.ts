import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DataReference, type SendResult } from '@ipsmgw/diameter'
import { failed as failedWith, made, scriptedNode, vector } from '../testing/scripted-node.ts'
import { ShClient, type ShClientOptions } from './sh-client.ts'

const OPTIONS: ShClientOptions = {
  hssRealm: 'epc.example',
  attemptMs: 1_500,
  budgetMs: 4_000,
  imsi: true,
  userState: false,
}
const ALICE = { publicIdentity: 'sip:alice@ims.example' }
const WITH_DATA = { ...ALICE, serviceIndication: 'ipsmgw' }
const UNTIL = Date.UTC(2026, 6, 1, 12)

function client(outcomes: readonly SendResult[], options: Partial<ShClientOptions> = {}) {
  const { sent, node } = scriptedNode(outcomes)
  return { sent, sh: new ShClient(node, { ...OPTIONS, ...options }) }
}

const failed = (vendorId: number, code: number) => failedWith('UDA', vendorId, code)
const data = (content: string) =>
  made('UDA', { 'Result-Code': 2001, 'User-Data': Buffer.from(`<Sh-Data>${content}</Sh-Data>`) })
const NUMBER = '<PublicIdentifiers><MSISDN>15550001042</MSISDN></PublicIdentifiers>'
const IMSI = '<Extension><IMSI>001010000000042</IMSI></Extension>'
const GRANT =
  '<RepositoryData><ServiceIndication>ipsmgw</ServiceIndication><SequenceNumber>1</SequenceNumber><ServiceData><IpSmGw><ImToSms>allowed</ImToSms></IpSmGw></ServiceData></RepositoryData>'

describe('TS 29.328 §6.1.1: reading a user', () => {
  test('the number of an identity is asked for, and nothing else', async () => {
    const { sent, sh } = client([vector('uda')])
    const answer = await sh.read(ALICE, 2_000)
    assert.deepEqual(sent, [
      {
        name: 'UDR',
        request: {
          'Destination-Realm': 'epc.example',
          'User-Identity': { 'Public-Identity': 'sip:alice@ims.example' },
          'Data-Reference': [DataReference.MSISDN],
        },
        options: { timeoutMs: 2_000, attemptMs: 1_500, failover: true },
      },
    ])
    assert.ok(answer.kind === 'user')
    assert.equal(answer.user.number, '+15550001042')
    assert.match(answer.user.host, /^hss/)
  })

  test('service data and IMSUserState come with the same question', async () => {
    const state = '<Sh-IMS-Data><IMSUserState>0</IMSUserState></Sh-IMS-Data>'
    const { sent, sh } = client([data(NUMBER + GRANT + state)], { userState: true })
    assert.deepEqual(await sh.read(WITH_DATA, 2_000), {
      kind: 'user',
      user: { number: '+15550001042', imsState: 'not-registered', grant: 'granted', host: 'hss.example' },
    })
    assert.deepEqual(sent[0]?.request['Data-Reference'], [17, 11, 0])
    assert.deepEqual(sent[0]?.request['Service-Indication'], [Buffer.from('ipsmgw')])
  })

  test('a user without repository data (5106) is asked about without them', async () => {
    const { sent, sh } = client([failed(10_415, 5_106), data(NUMBER)])
    const answer = await sh.read(WITH_DATA, 2_000)
    assert.deepEqual(answer, { kind: 'user', user: { number: '+15550001042', host: 'hss.example' } })
    assert.deepEqual(sent[1]?.request['Data-Reference'], [17])
    assert.equal(sent[1]?.request['Service-Indication'], undefined)
  })

  test('the IMSI is a question of its own, where there is no number', async () => {
    const { sent, sh } = client([data(''), data(IMSI)])
    const answer = await sh.read(ALICE, 2_000)
    assert.deepEqual(answer, { kind: 'user', user: { imsi: '001010000000042', host: 'hss.example' } })
    assert.deepEqual(
      sent.map(({ request }) => request['Data-Reference']),
      [[17], [32]],
    )
    assert.ok((sent[1]?.options.timeoutMs ?? 0) <= 2_000)
  })

  test('an HSS that keeps the IMSI to itself has told of a user without one', async () => {
    const { sh } = client([data(''), failed(10_415, 5_102)])
    assert.deepEqual(await sh.read(ALICE, 2_000), { kind: 'user', user: { host: 'hss.example' } })
  })

  test('no answer to the question for the IMSI is none about the user', async () => {
    const { sh } = client([data(''), { kind: 'no-answer', peer: 'hss.example', reason: 'timeout' }])
    const answer = await sh.read(ALICE, 2_000)
    assert.equal(answer.kind === 'refused' && answer.cause, 'serviceDataUnavailable')
  })

  test('no IMSI is asked for where it is not used', async () => {
    const { sent, sh } = client([data('')], { imsi: false })
    assert.deepEqual(await sh.read(ALICE, 2_000), { kind: 'user', user: { host: 'hss.example' } })
    assert.equal(sent.length, 1)
    const sender = client([data('')])
    await sender.sh.read({ ...ALICE, numberOnly: true }, 2_000)
    assert.equal(sender.sent.length, 1)
  })

  const silence = { kind: 'no-answer', peer: 'hss.example', reason: 'timeout' } as const
  const refused: [rule: string, outcome: SendResult, cause: string][] = [
    ['an unknown identity', vector('uda-user-unknown'), 'unknownSubscriber'],
    ['malformed user data', data('<PublicIdentifiers>'), 'serviceDataUnavailable'],
    [
      'entities',
      made('UDA', { 'Result-Code': 2001, 'User-Data': Buffer.from('<!DOCTYPE a><Sh-Data/>') }),
      'serviceDataUnavailable',
    ],
    ['a forbidden question', failed(10_415, 5_101), 'serviceDataRefused'],
    ['data not available now', failed(10_415, 4_100), 'serviceDataUnavailable'],
    ['silence', silence, 'serviceDataUnavailable'],
    ['no open peer', { kind: 'not-sent', reason: 'no-peer' }, 'serviceDataUnavailable'],
  ]
  for (const [rule, outcome, cause] of refused)
    test(`${rule} is ${cause}`, async () => {
      const answer = await client([outcome]).sh.read(ALICE, 2_000)
      assert.equal(answer.kind === 'refused' && answer.cause, cause)
    })

  test('no user data at all is a user of whom nothing is known', async () => {
    const { sh } = client([made('UDA', { 'Result-Code': 2001 }), made('UDA', { 'Result-Code': 2001 })])
    assert.deepEqual(await sh.read(ALICE, 2_000), { kind: 'user', user: { host: 'hss.example' } })
  })
})

describe('TS 29.328 §6.1.3: subscribing to a user', () => {
  test('the HSS that has the user is asked to send what there is, and to tell of changes for a time', async () => {
    const { sent, sh } = client([made('SNA', { 'Result-Code': 2001 })], { userState: true })
    const subscription = await sh.subscribe(WITH_DATA, 'hss1.example', UNTIL)
    assert.deepEqual(sent, [
      {
        name: 'SNR',
        request: {
          'Destination-Host': 'hss1.example',
          'Destination-Realm': 'epc.example',
          'User-Identity': { 'Public-Identity': 'sip:alice@ims.example' },
          'Service-Indication': [Buffer.from('ipsmgw')],
          'Send-Data-Indication': 1,
          'Subs-Req-Type': 0,
          'Data-Reference': [10, 11, 0],
          'Expiry-Time': new Date(UNTIL),
        },
        options: { timeoutMs: 4_000, attemptMs: 1_500, failover: true },
      },
    ])
    assert.deepEqual(subscription, { kind: 'subscribed', untilMs: UNTIL, data: undefined })
  })

  test('the time of the HSS holds where it is shorter, and its data are as of now', async () => {
    const sooner = new Date(UNTIL - 60_000)
    const octets = Buffer.from(`<Sh-Data>${GRANT}</Sh-Data>`)
    const answer = made('SNA', { 'Result-Code': 2001, 'Expiry-Time': sooner, 'User-Data': octets })
    const subscription = await client([answer]).sh.subscribe(WITH_DATA, 'hss1.example', UNTIL)
    assert.deepEqual(subscription, {
      kind: 'subscribed',
      untilMs: sooner.getTime(),
      data: { numbers: [], grant: 'granted' },
    })
  })

  const outcomes: [rule: string, outcome: SendResult, kind: string][] = [
    ['an operation that is not allowed', failedWith('SNA', 10_415, 5_101), 'not-allowed'],
    ['data that nobody is told changes of', failedWith('SNA', 10_415, 5_104), 'not-allowed'],
    ['an HSS without the command', failedWith('SNA', 0, 3_001), 'not-allowed'],
    ['a user without such data', failedWith('SNA', 10_415, 5_106), 'failed'],
    ['an HSS that is too busy', failedWith('SNA', 0, 3_004), 'failed'],
    ['silence', { kind: 'no-answer', peer: 'hss.example', reason: 'timeout' }, 'failed'],
    ['malformed user data', made('SNA', { 'Result-Code': 2001, 'User-Data': Buffer.from('<a>') }), 'failed'],
  ]
  for (const [rule, outcome, kind] of outcomes)
    test(`${rule}: ${kind}`, async () => {
      assert.equal((await client([outcome]).sh.subscribe(ALICE, 'hss1.example', UNTIL)).kind, kind)
    })
})
