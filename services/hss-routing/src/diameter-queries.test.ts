import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import {
  decodeDiameter,
  encodeMessage,
  type Fields,
  type MessageName,
  type OutgoingRequest,
  type RequestName,
  resultOf,
  type SendOptions,
  type SendResult,
} from '@ipsmgw/diameter'
import { createDiameterQueries, type DiameterQueriesOptions } from './diameter-queries.ts'

const FILE = new URL('../../../test/vectors/diameter-vectors.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(FILE, 'utf8')) as { vectors: { name: string; hex: string }[] }

const OPTIONS: DiameterQueriesOptions = {
  hssRealm: 'epc.example',
  serviceCentre: '15550009000',
  ownNumbers: ['15550009001'],
  originHost: 'GW1.ims.example',
  attemptMs: 1_500,
  smsf: false,
  singleAttempt: true,
}
const NUMBER = '+15550001042'

interface Sent {
  readonly name: RequestName
  readonly request: Readonly<Record<string, unknown>>
  readonly options: SendOptions
}

/** Queries over a node that answers with these outcomes, one after the other. */
function queries(outcomes: readonly SendResult[], options: Partial<DiameterQueriesOptions> = {}) {
  const sent: Sent[] = []
  const node = {
    send<M extends RequestName>(name: M, request: OutgoingRequest<M>, options: SendOptions<M>) {
      sent.push({ name, request: request as never, options: options as SendOptions })
      return Promise.resolve(outcomes[sent.length - 1] as SendResult)
    },
  }
  return { sent, queries: createDiameterQueries(node, { ...OPTIONS, ...options }) }
}

function answerOf(octets: Buffer): SendResult {
  const message = decodeDiameter(octets)
  const result = resultOf(message)
  assert.ok(result)
  return { kind: 'answer', message, result, peer: 'dra.example' }
}

function vector(name: string): SendResult {
  return answerOf(Buffer.from(vectors.find((it) => it.name === name)?.hex ?? '', 'hex'))
}

function made<M extends MessageName>(name: M, fields: Partial<Fields<M>>): SendResult {
  const common = {
    'Session-Id': 'a;1;2',
    'Vendor-Specific-Application-Id': { 'Vendor-Id': 10_415 },
    'Auth-Session-State': 1,
    'Origin-Host': 'hss.example',
    'Origin-Realm': 'epc.example',
    ...fields,
  }
  return answerOf(encodeMessage(name, common as never, { hopByHopId: 1, endToEndId: 1 }))
}

function routed(fields: Partial<Fields<'SRA'>>): SendResult {
  return made('SRA', { 'Result-Code': 2001, 'User-Name': '001010000000042', ...fields })
}

function failed(vendorId: number, code: number): SendResult {
  const result =
    vendorId === 0
      ? { 'Result-Code': code }
      : { 'Experimental-Result': { 'Vendor-Id': vendorId, 'Experimental-Result-Code': code } }
  return made('SRA', result)
}

describe('S6c routing', () => {
  test('TS 29.338 §5.3.2.3: the SRR has number, service centre, priority, single attempt, and may fail over', async () => {
    const it = queries([vector('sra-msc')])
    await it.queries.route(NUMBER, 4_000)
    assert.deepEqual(it.sent, [
      {
        name: 'SRR',
        request: {
          'Destination-Realm': 'epc.example',
          MSISDN: '15550001042',
          'SC-Address': '15550009000',
          'SM-RP-MTI': 0,
          'SRR-Flags': 0b111,
        },
        options: { timeoutMs: 4_000, attemptMs: 1_500, failover: true },
      },
    ])
  })

  test('TS 29.338 §5.3.3.6: an MSC with its LMSI is reached over MAP', async () => {
    const answer = await queries([vector('sra-msc')]).queries.route(NUMBER, 4_000)
    assert.ok(answer.kind === 'routed')
    assert.equal(answer.imsi, '001010000000042')
    const [node, ...others] = answer.nodes
    assert.deepEqual(others, [])
    assert.deepEqual([node?.kind, node?.protocol], ['msc', 'map'])
    assert.match(node?.lmsi ?? '', /^[0-9a-f]{8}$/)
  })

  test('TS 29.338 §5.3.3.7: MME and additional SGSN are both named, preferred first, over SGd', async () => {
    const answer = await queries([vector('sra-mme-sgsn')]).queries.route(NUMBER, 4_000)
    assert.ok(answer.kind === 'routed')
    assert.equal(answer.peer, 'hss1.epc.mnc001.mcc001.3gppnetwork.org')
    const realm = 'epc.mnc001.mcc001.3gppnetwork.org'
    assert.deepEqual(answer.nodes, [
      { kind: 'mme', protocol: 'sgd', host: `mmec01.mmegi0001.mme.${realm}`, realm, number: '155500070020' },
      { kind: 'sgsn', protocol: 'sgd', host: `sgsn7.${realm}`, realm, number: '15550007003' },
    ])
  })

  const MME = { 'MME-Name': 'mme.example', 'MME-Realm': 'epc.example' }
  const forms: [rule: string, answer: SendResult, nodes: string][] = [
    [
      'an SGSN with a number alone is reached over MAP',
      routed({ 'Serving-Node': { 'SGSN-Number': '1555' } }),
      'sgsn/map',
    ],
    [
      'beside an MSC the name of an MME without its number is no SMS in MME',
      routed({ 'Serving-Node': { 'MSC-Number': '1555', ...MME } }),
      'msc/map',
    ],
    [
      'an SMSF is reached over SGd',
      routed({ 'SMSF-3GPP-Address': { 'SMSF-3GPP-Name': 'smsf.example', 'SMSF-3GPP-Realm': 'x.example' } }),
      'smsf/sgd',
    ],
    ['no node at all is an empty list', routed({}), ''],
  ]
  for (const [rule, outcome, nodes] of forms)
    test(`TS 29.338 §5.3.3.6: ${rule}`, async () => {
      const answer = await queries([outcome]).queries.route(NUMBER, 4_000)
      assert.ok(answer.kind === 'routed')
      assert.equal(answer.nodes.map(({ kind, protocol }) => `${kind}/${protocol}`).join(' '), nodes)
    })

  const refused: [rule: string, outcome: SendResult, cause: string][] = [
    ['§7.3.2: an unknown number', failed(10_415, 5_001), 'unknownSubscriber'],
    ['§7.3.4: an absent user', vector('sra-absent'), 'absentSubscriber'],
    ['§7.3.10: SMS not subscribed', vector('sra-not-subscribed'), 'teleserviceNotProvisioned'],
    ['§7.3.11: SMS barred', failed(10_415, 5_557), 'callBarred'],
    ['RFC 6733 §7.1.3: an HSS too busy', failed(0, 3_004), 'routingCongested'],
    ['RFC 6733 §7.1.3: an HSS that an agent cannot reach', failed(0, 3_002), 'routingNoAnswer'],
    ['RFC 6733 §7.1.5: our own defect', failed(0, 5_005), 'protocolDefect'],
    ['no open peer', { kind: 'not-sent', reason: 'no-peer' }, 'routingNoAnswer'],
    ['a full window', { kind: 'not-sent', reason: 'window-full' }, 'routingCongested'],
    ['silence', { kind: 'no-answer', peer: 'dra.example', reason: 'timeout' }, 'routingNoAnswer'],
    ['a malformed answer', { kind: 'no-answer', peer: 'dra.example', reason: 'malformed' }, 'routingFailed'],
    ['a success without an IMSI', made('SRA', { 'Result-Code': 2001 }), 'routingFailed'],
    ['our own number', routed({ 'Serving-Node': { 'IP-SM-GW-Number': '15550009001' } }), 'routingLoop'],
    [
      'another IP-SM-GW alone',
      routed({ 'Serving-Node': { 'IP-SM-GW-Number': '15550007777' } }),
      'smsOverImsOnly',
    ],
    ['our own name', routed({ 'Serving-Node': { 'IP-SM-GW-Name': 'gw1.IMS.example' } }), 'routingLoop'],
    [
      'a node number that is none',
      routed({
        AVP: [
          {
            code: 2401,
            vendorId: 10_415,
            mandatory: true,
            data: Buffer.from('00000963c000000d000028afaa000000', 'hex'),
          },
        ],
      }),
      'routingFailed',
    ],
  ]
  for (const [rule, outcome, cause] of refused)
    test(`TS 29.338 ${rule} is ${cause}`, async () => {
      const answer = await queries([outcome]).queries.route(NUMBER, 4_000)
      assert.equal(answer.kind === 'refused' && answer.cause, cause)
    })

  test('TS 23.040 §3.3.2: the diagnostic of an absent user is told', async () => {
    const answer = await queries([vector('sra-absent')]).queries.route(NUMBER, 4_000)
    assert.match((answer.kind === 'refused' && answer.detail) || '', /10415:5550.*diagnostic \d/)
  })

  test('TS 29.338 §5.2.1: an HSS that refuses the SMSF feature is asked once more without it', async () => {
    const it = queries([failed(10_415, 5_011), vector('sra-msc')], { smsf: true })
    const answer = await it.queries.route(NUMBER, 4_000)
    assert.equal(answer.kind, 'routed')
    assert.deepEqual(
      it.sent.map(({ request }) => request['Supported-Features'] !== undefined),
      [true, false],
    )
    assert.ok((it.sent[1]?.options.timeoutMs ?? 0) <= 4_000)
  })
})

describe('Sh', () => {
  test('TS 29.328 §6.1.1: the number of an identity is asked for, and nothing else', async () => {
    const it = queries([vector('uda')])
    const answer = await it.queries.resolve('sip:alice@ims.example', 2_000)
    assert.deepEqual(it.sent[0]?.request, {
      'Destination-Realm': 'epc.example',
      'User-Identity': { 'Public-Identity': 'sip:alice@ims.example' },
      'Data-Reference': [17],
    })
    assert.deepEqual(answer, { kind: 'number', number: '+15550001042' })
  })

  const data = (xml: string) => made('UDA', { 'Result-Code': 2001, 'User-Data': Buffer.from(xml) })
  const refused: [rule: string, outcome: SendResult, cause: string][] = [
    ['an unknown identity', vector('uda-user-unknown'), 'unknownSubscriber'],
    ['a user without a number', data('<Sh-Data/>'), 'noSubscriberNumber'],
    ['no user data at all', made('UDA', { 'Result-Code': 2001 }), 'noSubscriberNumber'],
    ['malformed user data', data('<Sh-Data>'), 'serviceDataUnavailable'],
    ['entities', data('<!DOCTYPE a><Sh-Data/>'), 'serviceDataUnavailable'],
    ['a forbidden question', failed(10_415, 5_101), 'serviceDataRefused'],
    ['silence', { kind: 'no-answer', peer: 'hss.example', reason: 'timeout' }, 'serviceDataUnavailable'],
  ]
  for (const [rule, outcome, cause] of refused)
    test(`TS 29.328 §6.1.1: ${rule} is ${cause}`, async () => {
      const answer = await queries([outcome]).queries.resolve('sip:alice@ims.example', 2_000)
      assert.equal(answer.kind === 'refused' && answer.cause, cause)
    })
})
