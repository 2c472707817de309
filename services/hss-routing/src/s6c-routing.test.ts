import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Fields, SendResult } from '@ipsmgw/diameter'
import { createS6cRouting, type S6cRoutingOptions } from './s6c-routing.ts'
import { failed as failedWith, made, scriptedNode, vector } from './testing/scripted-node.ts'

const OPTIONS: S6cRoutingOptions = {
  hssRealm: 'epc.example',
  serviceCentre: '15550009000',
  ownNumbers: ['15550009001'],
  originHost: 'GW1.ims.example',
  attemptMs: 1_500,
  smsf: false,
  singleAttempt: true,
}
const TARGET = { number: '+15550001042' }

/** Routing over a node that answers with these outcomes, one after the other. */
function routing(outcomes: readonly SendResult[], options: Partial<S6cRoutingOptions> = {}) {
  const { sent, node } = scriptedNode(outcomes)
  return { sent, route: createS6cRouting(node, { ...OPTIONS, ...options }) }
}

function routed(fields: Partial<Fields<'SRA'>>): SendResult {
  return made('SRA', { 'Result-Code': 2001, 'User-Name': '001010000000042', ...fields })
}

const failed = (vendorId: number, code: number) => failedWith('SRA', vendorId, code)

describe('S6c routing', () => {
  test('TS 29.338 §5.3.2.3: the SRR has number, service centre, priority, single attempt, and may fail over', async () => {
    const it = routing([vector('sra-msc')])
    await it.route(TARGET, 4_000)
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

  test('TS 29.338 §5.3.2.3: SM-RP-SMEA says who sends, where it is to be told', async () => {
    const it = routing([vector('sra-msc')])
    const smea = Buffer.from('0b915155001040f2', 'hex')
    await it.route({ ...TARGET, smea }, 4_000)
    assert.deepEqual(it.sent[0]?.request['SM-RP-SMEA'], smea)
  })

  test('TS 29.338 §5.3.3.6: an MSC with its LMSI is reached over MAP', async () => {
    const answer = await routing([vector('sra-msc')]).route(TARGET, 4_000)
    assert.ok(answer.kind === 'routed')
    assert.equal(answer.imsi, '001010000000042')
    const [node, ...others] = answer.nodes
    assert.deepEqual(others, [])
    assert.deepEqual([node?.kind, node?.protocol], ['msc', 'map'])
    assert.match(node?.lmsi ?? '', /^[0-9a-f]{8}$/)
  })

  test('TS 29.338 §5.3.3.7: MME and additional SGSN are both named, preferred first, over SGd', async () => {
    const answer = await routing([vector('sra-mme-sgsn')]).route(TARGET, 4_000)
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
      const answer = await routing([outcome]).route(TARGET, 4_000)
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
      const answer = await routing([outcome]).route(TARGET, 4_000)
      assert.equal(answer.kind === 'refused' && answer.cause, cause)
    })

  test('roaming: nodes of a network without SGd are reached over MAP by their numbers, those of others over SGd', async () => {
    const mapRealms = ['MNC002.mcc002.3gppnetwork.org']
    const realm = 'epc.mnc002.mcc002.3gppnetwork.org'
    const number = { 'MME-Number-for-MT-SMS': '15550007002' }
    const mme = { 'MME-Name': 'mme.example', 'MME-Realm': realm }
    const sgsn = { 'SGSN-Name': 'sgsn.example', 'SGSN-Realm': realm, 'SGSN-Number': '15550007003' }
    const nodes = async (
      fields: Partial<Fields<'SRA'>>,
      options: Partial<S6cRoutingOptions> = { mapRealms },
    ) => {
      const answer = await routing([routed(fields)], options).route(TARGET, 4_000)
      return answer.kind === 'routed' ? answer.nodes : answer.kind
    }
    const both = { 'Serving-Node': { ...mme, ...number }, 'Additional-Serving-Node': sgsn }
    assert.deepEqual(await nodes(both), [
      { kind: 'mme', protocol: 'map', number: '15550007002' },
      { kind: 'sgsn', protocol: 'map', number: '15550007003' },
    ])
    assert.deepEqual(await nodes({ 'Serving-Node': mme }), [])
    const home = { 'Serving-Node': { ...mme, ...number, 'MME-Realm': 'epc.xmnc002.mcc002.3gppnetwork.org' } }
    for (const [fields, options] of [
      [home, { mapRealms }],
      [both, {}],
    ] as const) {
      const [first] = await nodes(fields, options)
      assert.equal(typeof first === 'object' && first.protocol, 'sgd')
    }
  })

  test('TS 23.040 §3.3.2: the diagnostic of an absent user is told', async () => {
    const answer = await routing([vector('sra-absent')]).route(TARGET, 4_000)
    assert.match((answer.kind === 'refused' && answer.detail) || '', /10415:5550.*diagnostic \d/)
  })

  test('TS 29.338 §5.2.1: an HSS that refuses the SMSF feature is asked once more without it', async () => {
    const it = routing([failed(10_415, 5_011), vector('sra-msc')], { smsf: true })
    const answer = await it.route(TARGET, 4_000)
    assert.equal(answer.kind, 'routed')
    assert.deepEqual(
      it.sent.map(({ request }) => request['Supported-Features'] !== undefined),
      [true, false],
    )
    assert.ok((it.sent[1]?.options.timeoutMs ?? 0) <= 4_000)
  })

  test('TS 29.338 §5.2.1: the HSS that has the user is named, and when it cannot answer nobody is', async () => {
    const it = routing([failed(0, 3_002), vector('sra-msc')])
    const answer = await it.route({ ...TARGET, hss: 'hss1.example' }, 4_000)
    assert.equal(answer.kind, 'routed')
    assert.deepEqual(
      it.sent.map(({ request, options }) => [request['Destination-Host'], options.timeoutMs <= 4_000]),
      [
        ['hss1.example', true],
        [undefined, true],
      ],
    )
    assert.equal(it.sent[0]?.options.timeoutMs, OPTIONS.attemptMs)
  })

  test('TS 29.338 §5.2.1: a no of the HSS that has the user is a no', async () => {
    const it = routing([vector('sra-absent')])
    const answer = await it.route({ ...TARGET, hss: 'hss1.example' }, 4_000)
    assert.deepEqual([answer.kind === 'refused' && answer.cause, it.sent.length], ['absentSubscriber', 1])
  })

  test('TS 29.338 §5.3.2.3: without a number the IMSI stands in User-Name', async () => {
    const it = routing([vector('sra-msc')])
    await it.route({ imsi: '001010000000042' }, 4_000)
    const { MSISDN: msisdn, 'User-Name': name } = it.sent[0]?.request ?? {}
    assert.deepEqual([msisdn, name], [undefined, '001010000000042'])
  })

  test('TS 29.338 §5.3.2.3: without both SMSMI-Correlation-ID names the URIs, and User-Name the HSS', async () => {
    const it = routing([vector('sra-msc')])
    const correlation = {
      hssId: '00101',
      originatingUri: 'sip:alice@ims.example',
      destinationUri: 'sip:bob@ims.example',
    }
    const answer = await it.route({ correlation }, 4_000)
    assert.equal(answer.kind === 'routed' && answer.imsi, '001010000000042')
    const { MSISDN: msisdn, 'User-Name': name, 'SMSMI-Correlation-ID': id } = it.sent[0]?.request ?? {}
    assert.deepEqual([msisdn, name], [undefined, '00101'])
    assert.deepEqual(id, {
      'HSS-ID': '00101',
      'Originating-SIP-URI': 'sip:alice@ims.example',
      'Destination-SIP-URI': 'sip:bob@ims.example',
    })
  })

  const absent = (status: number | undefined) =>
    made('SRA', {
      'Experimental-Result': { 'Vendor-Id': 10_415, 'Experimental-Result-Code': 5_550 },
      'SGSN-Absent-User-Diagnostic-SM': 6,
      ...(status !== undefined && { 'MWD-Status': status }),
    })
  const untold: [rule: string, status: number | undefined, told: boolean][] = [
    ['has noted the service centre', 0b0010, false],
    ['says nothing of its list', undefined, false],
    ['has not included the service centre', 0b0011, true],
  ]
  for (const [rule, status, told] of untold)
    test(`TS 29.338 §5.2.1: an HSS that refuses an absent user and ${rule} is${told ? '' : ' not'} to be told`, async () => {
      const answer = await routing([absent(status)]).route(TARGET, 4_000)
      assert.ok(answer.kind === 'refused')
      assert.deepEqual(
        answer.untold,
        told
          ? {
              home: { protocol: 's6c', host: 'hss.example', waiting: false },
              nodes: [{ kind: 'sgsn', outcome: 'absent', diagnostic: 6 }],
            }
          : undefined,
      )
    })
})
