import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { Application, DiameterNode, type SendResult, value } from '@ipsmgw/diameter'
import { eventually } from '../../support/eventually.ts'
import { LAB_GATEWAY, labPeers } from './gateway-settings.ts'
import { createLab } from './lab.ts'
import { LAB_NODES } from './nodes.ts'

const HOST = '127.0.0.1'
const { vectors } = JSON.parse(
  readFileSync(new URL('../../vectors/sms-vectors.json', import.meta.url), 'utf8'),
) as { vectors: { id: string; tpdus: string[] }[] }
const HELLO = Buffer.from(vectors.find(({ id }) => id === 'gsm7-hello')?.tpdus[0] ?? '', 'hex')

describe('neighbours of the lab, over Diameter', () => {
  const lab = createLab({ host: HOST, ports: { hss: 0, mme: 0, sgsn: 0, stp: 0 } })
  let gateway: DiameterNode

  before(async () => {
    await lab.start()
    gateway = new DiameterNode({
      ...LAB_GATEWAY.diameter,
      applications: [Application.SH, Application.S6C, Application.SGD],
      peers: labPeers(HOST, lab.ports()),
    })
    assert.equal(lab.connected(), false)
    await gateway.start()
    await eventually(
      () => gateway.peers().every(({ state }) => state === 'iOpen'),
      'all neighbours over Diameter are connected',
    )
  })
  after(async () => {
    await gateway.stop()
    await lab.stop()
  })

  const route = (msisdn: string) =>
    gateway.send(
      'SRR',
      { 'Destination-Realm': LAB_GATEWAY.diameter.originRealm, MSISDN: msisdn, 'SM-RP-MTI': 0 },
      { timeoutMs: 1_000 },
    )
  const forward = (imsi: string, node: 'mme' | 'sgsn' = 'mme', timeoutMs = 1_000) =>
    gateway.send(
      'TFR',
      {
        'Destination-Host': LAB_NODES[node].identity,
        'Destination-Realm': LAB_NODES[node].realm,
        'User-Name': imsi,
        'SC-Address': LAB_GATEWAY.routing.serviceCentre,
        'SM-RP-UI': HELLO,
      },
      { timeoutMs },
    )
  const imsiOf = async (msisdn: string) => {
    const result = await route(msisdn)
    return result.kind === 'answer' ? (value(result.message, 'User-Name') ?? '') : ''
  }

  test('S6c: any number is routed to the MSC, a setting names other nodes', async () => {
    const result = await route('447900123456')
    assert.ok(result.kind === 'answer')
    assert.equal(result.result.code, 2001)
    assert.deepEqual(value(result.message, 'Serving-Node'), { 'MSC-Number': LAB_NODES.msc.number })
    lab.subscribers.set('447900123457', { behaviour: 'reachable', node: 'mme', second: 'msc' })
    const other = await route('447900123457')
    assert.ok(other.kind === 'answer')
    assert.equal(value(other.message, 'Serving-Node')?.['MME-Name'], LAB_NODES.mme.identity)
    const second = value(other.message, 'Additional-Serving-Node')
    assert.deepEqual(second, { 'MSC-Number': LAB_NODES.msc.number })
  })

  test('S6c: behind an SMS router the answer has a correlation id, another one each time', async () => {
    const { imsi } = lab.subscribers.set('447900123458', { behaviour: 'reachable', homeRouting: true })
    const result = await route('447900123458')
    assert.ok(result.kind === 'answer')
    assert.deepEqual(value(result.message, 'Serving-Node'), { 'MSC-Number': LAB_NODES.router.number })
    const ids = [value(result.message, 'User-Name'), await imsiOf('447900123458'), imsi]
    assert.equal(new Set(ids).size, 3)
  })

  test('SGd: what is forwarded is on the phone, its octets in the log, and the answer is a success', async () => {
    const result = await forward(await imsiOf('447900123460'))
    assert.ok(result.kind === 'answer')
    assert.equal(result.result.code, 2001)
    assert.equal(lab.phones.messagesOf('447900123460')[0]?.text, 'Hello')
    const [seen] = lab.nodesLog.entries('447900123460')
    assert.deepEqual([seen?.command, seen?.result, seen?.tpdu], ['TFR', 2001, HELLO.toString('hex')])
    assert.ok(seen?.octets.includes(HELLO.toString('hex')))
  })

  test('SGd: a second SMS in parallel is busy, an IMSI that nobody has is unknown', async () => {
    const imsi = await imsiOf('447900123461')
    lab.subscribers.set('447900123461', { behaviour: 'reachable', delayMs: 100 })
    assert.deepEqual((await Promise.all([forward(imsi), forward(imsi)])).map(codeOf), [2001, 5551])
    assert.equal(codeOf(await forward('001019999999999')), 5001)
  })

  test('a silent subscriber gets no answer, a malformed one an answer without a result', async () => {
    const imsi = await imsiOf('447900123462')
    lab.subscribers.set('447900123462', { behaviour: 'silent' })
    assert.deepEqual(reasonOf(await forward(imsi, 'sgsn', 150)), 'timeout')
    lab.subscribers.set('447900123462', { behaviour: 'malformed' })
    assert.deepEqual(reasonOf(await forward(imsi)), 'malformed')
    assert.deepEqual(lab.phones.messagesOf('447900123462'), [])
  })

  test('memory full: the cause of the phone is in the answer', async () => {
    const imsi = await imsiOf('447900123463')
    lab.subscribers.set('447900123463', { behaviour: 'memory-full' })
    const result = await forward(imsi)
    assert.ok(result.kind === 'answer')
    const cause = value(result.message, 'SM-Delivery-Failure-Cause')
    assert.deepEqual([codeOf(result), cause?.['SM-Enumerated-Delivery-Failure-Cause']], [5555, 0])
  })

  test('Sh: only what is asked for is told, and what a setting leaves out is not', async () => {
    const identities = ['sip:carol@ims.invalid']
    const { imsi } = lab.subscribers.set('447900123470', { behaviour: 'reachable', identities })
    const ask = async (references: number[]) => {
      const outcome = await gateway.send(
        'UDR',
        {
          'Destination-Realm': LAB_GATEWAY.diameter.originRealm,
          'User-Identity': { 'Public-Identity': 'sip:carol@ims.invalid' },
          'Service-Indication': [Buffer.from('x')],
          'Data-Reference': references,
        },
        { timeoutMs: 1_000 },
      )
      assert.ok(outcome.kind === 'answer')
      return value(outcome.message, 'User-Data')?.toString('utf8') ?? ''
    }
    assert.match(await ask([32]), new RegExp(`<IMSI>${imsi}</IMSI>`))
    assert.doesNotMatch(await ask([32]), /MSISDN|IMSUserState|RepositoryData/)
    assert.match(await ask([11]), /<IMSUserState>1</)
    assert.doesNotMatch(await ask([0]), /RepositoryData/)
    const sh = { number: false, imsi: false, imsState: 0, serviceData: '<A/>' }
    lab.subscribers.set('447900123470', { behaviour: 'reachable', identities, sh })
    const text = await ask([0, 11, 17, 32])
    assert.match(text, /<ServiceIndication>x<.*<ServiceData><A\/><\/ServiceData>.*<IMSUserState>0</)
    assert.doesNotMatch(text, /<MSISDN>|<IMSI>/)
  })

  test('Sh: the number of an identity, an unknown one, a report about a delivery', async () => {
    lab.subscribers.set('447900123464', { behaviour: 'reachable', identities: ['sip:alice@ims.invalid'] })
    const ask = (identity: string) =>
      gateway.send(
        'UDR',
        {
          'Destination-Realm': LAB_GATEWAY.diameter.originRealm,
          'User-Identity': { 'Public-Identity': identity },
          'Data-Reference': [17],
        },
        { timeoutMs: 1_000 },
      )
    const known = await ask('sip:alice@ims.invalid')
    assert.ok(known.kind === 'answer')
    assert.match(value(known.message, 'User-Data')?.toString('utf8') ?? '', /<MSISDN>447900123464<\/MSISDN>/)
    assert.equal(codeOf(await ask('sip:nobody@ims.invalid')), 5001)
    const report = await gateway.send(
      'RDR',
      {
        'Destination-Realm': LAB_GATEWAY.diameter.originRealm,
        'User-Identifier': { MSISDN: '447900123464' },
        'SC-Address': LAB_GATEWAY.routing.serviceCentre,
        'SM-Delivery-Outcome': { 'MME-SM-Delivery-Outcome': { 'SM-Delivery-Cause': 2 } },
      },
      { timeoutMs: 1_000 },
    )
    assert.equal(codeOf(report), 2001)
  })
})

function codeOf(result: SendResult): number | string {
  return result.kind === 'answer' ? result.result.code : result.kind
}

function reasonOf(result: SendResult): string {
  return result.kind === 'no-answer' ? result.reason : result.kind
}
