import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { loadConfig } from '@ipsmgw/config'
import { internationalNumber, type MapOutcome } from '@ipsmgw/map'
import { SccpAddress, Ssn } from '@ipsmgw/sccp'
import { createSigtranStack, type SigtranStack, sigtranSchema } from '@ipsmgw/sigtran'
import Type from 'typebox'
import { eventually } from '../../../support/eventually.ts'
import type { SubscriberSetting } from '../behaviour.ts'
import { LAB_GATEWAY, labSigtran } from '../gateway-settings.ts'
import { createLab } from '../lab.ts'
import { LAB_GATEWAYS, LAB_NODES } from '../nodes.ts'

const HOST = '127.0.0.1'
const SCHEMA = Type.Object({ sigtran: sigtranSchema })
const HELLO = Buffer.from('040b914407000000f0000062110200000000' + '05c8329bfd06', 'hex')

describe('neighbours of the lab, over MAP on M3UA', () => {
  const lab = createLab({ host: HOST, ports: { hss: 0, mme: 0, sgsn: 0, stp: 0 } })
  let gateway: SigtranStack
  let numbers = 447_900_200_000

  before(async () => {
    await lab.start()
    const base = { sigtran: labSigtran(HOST, lab.ports()) }
    const { config } = loadConfig(SCHEMA, { base, environment: {} })
    let random = 0
    gateway = createSigtranStack(
      config.sigtran,
      { ordinal: 0 },
      {
        onEvent() {},
        onFault: (error) => assert.fail(String(error)),
        random32: () => ++random,
        now: () => performance.now(),
      },
    )
    gateway.start()
    await eventually(() => gateway.mtp.active && lab.map.msc.count('accepted') === 0, 'M3UA is active')
  })
  after(async () => {
    await gateway.stop()
    await lab.stop()
  })

  const serviceCentreAddress = internationalNumber(LAB_GATEWAY.routing.serviceCentre)
  const subscriber = (setting: SubscriberSetting = { behaviour: 'reachable' }) => {
    numbers += 1
    return lab.subscribers.set(String(numbers), setting)
  }
  const route = (digits: string, timeoutMs = 1_000) =>
    gateway.map.sendRoutingInfoForSM(
      { remote: SccpAddress.e164(digits, Ssn.hlr), timeoutMs },
      { msisdn: internationalNumber(digits), smRpPri: true, serviceCentreAddress },
    )
  const forward = (imsi: string, node: 'msc' | 'sgsn' = 'msc', timeoutMs = 1_000) =>
    gateway.map
      .forward({
        remote: SccpAddress.e164(LAB_NODES[node].number, node === 'msc' ? Ssn.msc : Ssn.sgsn),
        imsi,
        serviceCentreAddress,
        timeoutMs,
      })
      .forward({ tpdu: HELLO })

  test('TS 29.002 §12.1: any number is on the MSC, a setting names another node, and a second one', async () => {
    const { msisdn, imsi } = subscriber()
    const outcome = await route(msisdn)
    assert.deepEqual(outcome, {
      kind: 'result',
      version: 3,
      result: { imsi, locationInfo: { networkNodeNumber: internationalNumber(LAB_NODES.msc.number) } },
    })
    const other = subscriber({ behaviour: 'reachable', node: 'sgsn', second: 'msc' })
    const { result } = (await route(other.msisdn)) as Extract<typeof outcome, { kind: 'result' }>
    assert.deepEqual(result?.locationInfo, {
      networkNodeNumber: internationalNumber(LAB_NODES.sgsn.number),
      gprsNodeIndicator: true,
      additionalNumber: { msc: internationalNumber(LAB_NODES.msc.number) },
    })
    const [seen] = lab.hssLog.entries(msisdn)
    assert.partialDeepStrictEqual(seen, {
      node: LAB_NODES.hlr.identity,
      command: 'sendRoutingInfoForSM',
      from: LAB_GATEWAYS[0]?.globalTitle,
      result: 'result',
      version: 3,
    })
  })

  test('TS 29.002 §12.1: an HLR that says no', async () => {
    const absent = await route(subscriber({ behaviour: 'absent', at: 'hss' }).msisdn)
    assert.deepEqual(errorOf(absent), 'absentSubscriberSM')
    assert.deepEqual(absent.kind === 'error' && absent.inform?.mwStatus, ['mnrfSet'])
    for (const [behaviour, error] of [
      ['unknown', 'unknownSubscriber'],
      ['barred', 'callBarred'],
      ['not-provisioned', 'teleserviceNotProvisioned'],
    ] as const)
      assert.equal(errorOf(await route(subscriber({ behaviour }).msisdn)), error)
    const silent = await route(subscriber({ behaviour: 'silent', at: 'hss' }).msisdn, 150)
    assert.deepEqual(silent, { kind: 'unknown', reason: 'timeout' })
  })

  for (const node of ['msc', 'sgsn'] as const)
    test(`TS 29.002 §12.9: what is forwarded to the ${node} is on the phone, its octets in the log`, async () => {
      const { imsi, msisdn } = subscriber({ behaviour: 'reachable', node })
      assert.partialDeepStrictEqual(await forward(imsi, node), { kind: 'result', version: 3 })
      assert.equal(lab.phones.messagesOf(msisdn).length, 1)
      const [seen] = lab.nodesLog.entries(msisdn)
      assert.partialDeepStrictEqual(seen, {
        node: LAB_NODES[node].identity,
        command: 'mt-ForwardSM',
        tpdu: HELLO.toString('hex'),
        moreMessages: false,
        result: 'result',
      })
      assert.match(seen?.octets ?? '', new RegExp(`^30.*${HELLO.toString('hex')}$`))
    })

  const MSC_ANSWERS: readonly [SubscriberSetting, string][] = [
    [{ behaviour: 'absent' }, 'absentSubscriberSM'],
    [{ behaviour: 'memory-full' }, 'smDeliveryFailure'],
    [{ behaviour: 'busy' }, 'subscriberBusyForMtSms'],
    [{ behaviour: 'unknown', at: 'node' }, 'unidentifiedSubscriber'],
    [{ behaviour: 'barred', at: 'node' }, 'illegalSubscriber'],
    [{ behaviour: 'not-provisioned', at: 'node' }, 'facilityNotSupported'],
    [{ behaviour: 'system-failure' }, 'systemFailure'],
    [{ behaviour: 'error', mapError: { code: 12 } }, 'illegalEquipment'],
    [{ behaviour: 'error', mapError: { code: 199 } }, 'unknown'],
    [{ behaviour: 'silent' }, 'unknown timeout'],
    [{ behaviour: 'malformed' }, 'unknown malformed'],
    [{ behaviour: 'abort' }, 'unknown aborted'],
    [{ behaviour: 'no-answer' }, 'unknown noAnswer'],
    [{ behaviour: 'turn-away' }, 'notExecuted abortedAtOnce'],
    [{ behaviour: 'reject' }, 'rejected'],
  ]
  for (const [setting, says] of MSC_ANSWERS)
    for (const taken of [false, true])
      test(`${JSON.stringify(setting)} at the MSC is ${says}, and the phone ${taken ? 'has it all the same' : 'has nothing'}`, async () => {
        const { imsi, msisdn } = subscriber({ ...setting, taken })
        assert.equal(errorOf(await forward(imsi, 'msc', 150)), says)
        assert.equal(lab.phones.messagesOf(msisdn).length, taken ? 1 : 0)
      })

  test('a second SMS in parallel is busy, an IMSI that nobody has is unidentified', async () => {
    const { imsi } = subscriber({ behaviour: 'reachable', delayMs: 50 })
    const both = await Promise.all([forward(imsi), forward(imsi)])
    assert.deepEqual(both.map(errorOf), ['result', 'subscriberBusyForMtSms'])
    assert.equal(errorOf(await forward('001019999999999')), 'unidentifiedSubscriber')
  })

  test('Q.714 §4.2: a title that nobody has comes back', async () => {
    const outcome = await gateway.map
      .forward({
        remote: SccpAddress.e164('882990999999', Ssn.msc),
        imsi: '001010000000001',
        serviceCentreAddress,
      })
      .forward({ tpdu: HELLO })
    assert.partialDeepStrictEqual(outcome, { kind: 'notExecuted', reason: 'returned' })
  })

  test('TS 23.040 §9.1.2: an SMS router names itself and another correlation id each time', async () => {
    const { msisdn, imsi } = subscriber({ behaviour: 'reachable', homeRouting: true })
    const answers = [await route(msisdn), await route(msisdn)]
    const ids = answers.map((it) => (it.kind === 'result' ? it.result?.imsi : undefined))
    assert.equal(new Set([...ids, imsi]).size, 3)
    for (const it of answers)
      assert.deepEqual(
        it.kind === 'result' && it.result?.locationInfo.networkNodeNumber?.digits,
        LAB_NODES.router.number,
      )
    const [first = ''] = ids
    const target = {
      remote: SccpAddress.e164(LAB_NODES.router.number, Ssn.msc),
      imsi: first,
      serviceCentreAddress,
    }
    assert.equal((await gateway.map.forward(target).forward({ tpdu: HELLO })).kind, 'result')
    assert.equal(lab.phones.messagesOf(msisdn).length, 1)
  })

  for (const version of [2, 1] as const)
    test(`TS 29.002 §5.4: a node of version ${version} refuses newer contexts, and takes forwardSM`, async () => {
      lab.map.sgsn.speak(version)
      const { imsi, msisdn } = subscriber({ behaviour: 'absent', node: 'sgsn' })
      assert.equal(errorOf(await forward(imsi, 'sgsn')), 'absentSubscriber')
      assert.partialDeepStrictEqual(lab.nodesLog.entries(msisdn)[0], { command: 'forwardSM', version })
    })
})

function errorOf(outcome: MapOutcome<'mtForwardSM'> | MapOutcome<'sendRoutingInfoForSM'>): string {
  switch (outcome.kind) {
    case 'error':
      return outcome.error.error
    case 'unknown':
    case 'notExecuted':
      return `${outcome.kind} ${outcome.reason}`
    default:
      return outcome.kind
  }
}
