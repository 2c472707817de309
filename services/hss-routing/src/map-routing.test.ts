import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import {
  type Argument,
  internationalNumber,
  MapClient,
  type MapError,
  type MapHandlers,
  type MapRequest,
  MapServer,
  type MapServerOptions,
  type Result,
} from '@ipsmgw/map'
import { SccpAddress, Ssn } from '@ipsmgw/sccp'
import { Tcap } from '@ipsmgw/tcap'
import { type Fate, Network } from '@ipsmgw/tcap/testing'
import { createMapRouting } from './map-routing.ts'
import type { RouteQuery } from './router.ts'
import { inOrder } from './routing-order.ts'

const MSISDN = '+447700900123'
const OWN = '447700900010'
const MSC = '447700900030'
const SGSN = '447700900040'
const IMSI = '234150000000001'
const OPTIONS = {
  serviceCentre: '447700900001',
  ownNumbers: [OWN],
  attemptMs: 1_500,
  smsf: false,
  singleAttempt: true,
}

type Location = Result<'sendRoutingInfoForSM'>['locationInfo']
interface Got {
  readonly argument: Argument<'sendRoutingInfoForSM'>
  readonly request: MapRequest
}

/** The queries and an HLR on a network in memory: the HLR is reached under the number that is asked about. */
class Lab {
  readonly network = new Network()
  readonly got: Got[] = []
  readonly route: RouteQuery
  nowMs = 5_000_000
  readonly #gateway: Tcap

  constructor(t: TestContext, handlers: MapHandlers, server: MapServerOptions = {}) {
    this.network.automatic = true
    this.#gateway = this.#tcap('gateway', SccpAddress.e164(OWN, Ssn.msc))
    this.#gateway.bind(Ssn.msc, new MapServer({}, { handlers: {} }))
    const hlr = this.#tcap('hlr', SccpAddress.e164(MSISDN.slice(1), Ssn.hlr))
    hlr.bind(Ssn.hlr, new MapServer(server, { handlers }))
    const map = new MapClient({}, { tcap: this.#gateway, now: () => this.nowMs })
    this.route = createMapRouting(map, OPTIONS)
    t.after(() => {
      this.#gateway.close()
      hlr.close()
    })
  }

  static answering(t: TestContext, locationInfo: Location, server: MapServerOptions = {}): Lab {
    const lab: Lab = new Lab(
      t,
      {
        sendRoutingInfoForSM(argument, request) {
          lab.got.push({ argument, request })
          return { kind: 'result', result: { imsi: IMSI, locationInfo } }
        },
      },
      server,
    )
    return lab
  }

  async advance(ms: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.nowMs += ms
    this.#gateway.advance()
  }

  #tcap(name: string, localAddress: SccpAddress): Tcap {
    const sccp = this.network.node(name, localAddress)
    return new Tcap({ localAddress }, { sccp, now: () => this.nowMs, random32: () => 4 })
  }
}

const at = (digits: string) => ({ networkNodeNumber: internationalNumber(digits) })

describe('TS 29.002 §12.1: sendRoutingInfoForSM', () => {
  test('the HLR is asked under the recipient’s own number, and names an MSC with its LMSI', async (t) => {
    const lab = Lab.answering(t, { ...at(MSC), lmsi: Buffer.of(1, 2, 3, 4) })
    const answer = await lab.route({ number: MSISDN }, 4_000)
    assert.ok(answer.kind === 'routed')
    assert.equal(answer.imsi, IMSI)
    assert.deepEqual(answer.nodes, [{ kind: 'msc', protocol: 'map', number: MSC, lmsi: '01020304' }])
    const { argument, request } = lab.got[0] ?? assert.fail()
    assert.equal(request.called.globalTitle?.digits, MSISDN.slice(1))
    assert.equal(request.called.ssn, Ssn.hlr)
    assert.equal(argument.msisdn.digits, MSISDN.slice(1))
    assert.equal(argument.serviceCentreAddress.digits, OPTIONS.serviceCentre)
    assert.equal(argument.smRpPri, true)
    assert.equal(argument.gprsSupportIndicator, true)
    assert.equal(argument.singleAttemptDelivery, true)
  })

  for (const [title, location, nodes] of [
    ['gprsNodeIndicator makes it an SGSN', { ...at(SGSN), gprsNodeIndicator: true }, ['sgsn']],
    [
      'an SGSN has no use for the LMSI',
      { ...at(SGSN), gprsNodeIndicator: true, lmsi: Buffer.of(1, 2, 3, 4) },
      ['sgsn'],
    ],
    [
      'the additional number follows',
      { ...at(MSC), additionalNumber: { sgsn: internationalNumber(SGSN) } },
      ['msc', 'sgsn'],
    ],
    [
      'and the third',
      {
        ...at(SGSN),
        gprsNodeIndicator: true,
        additionalNumber: { msc: internationalNumber(MSC) },
        thirdNumber: { msc: internationalNumber('447700900050') },
      },
      ['sgsn', 'msc', 'msc'],
    ],
    [
      'an IP-SM-GW is passed over for the additional number',
      {
        ...at('447700900099'),
        imsNodeIndicator: true,
        additionalNumber: { msc: internationalNumber(MSC) },
      },
      ['msc'],
    ],
    ['an SMSF is one', { ...at(MSC), smsf3gppNumber: internationalNumber('447700900060') }, ['msc', 'smsf']],
    [
      'our own number is passed over',
      { ...at(OWN), additionalNumber: { sgsn: internationalNumber(SGSN) } },
      ['sgsn'],
    ],
  ] as const satisfies readonly (readonly [string, Location, readonly string[]])[])
    test(title, async (t) => {
      const answer = await Lab.answering(t, location).route({ number: MSISDN }, 4_000)
      assert.ok(answer.kind === 'routed')
      assert.deepEqual(
        answer.nodes.map(({ kind }) => kind),
        nodes,
      )
      for (const { kind, lmsi } of answer.nodes) assert.ok(kind === 'msc' || lmsi === undefined)
    })

  for (const location of [
    at(OWN),
    at(OPTIONS.serviceCentre),
    { ...at(OWN), imsNodeIndicator: true },
  ] as const)
    test('an answer that names only this gateway is a loop', async (t) => {
      const answer = await Lab.answering(t, location).route({ number: MSISDN }, 4_000)
      assert.ok(answer.kind === 'refused')
      assert.equal(answer.cause, 'routingLoop')
    })

  test('an answer that names only another IP-SM-GW: the phone takes SMS over IMS', async (t) => {
    const location = { ...at('447700900099'), imsNodeIndicator: true } as const
    const answer = await Lab.answering(t, location).route({ number: MSISDN }, 4_000)
    assert.equal(answer.kind === 'refused' && answer.cause, 'smsOverImsOnly')
  })

  for (const newest of [2, 1] as const)
    test(`§5.4: an HLR of version ${newest} is asked in its version; its range of numbers is remembered`, async (t) => {
      const lab = Lab.answering(t, at(MSC), { newest: { shortMsgGateway: newest } })
      const answer = await lab.route({ number: MSISDN }, 4_000)
      assert.ok(answer.kind === 'routed')
      assert.equal(answer.nodes[0]?.number, MSC)
      assert.equal(lab.got[0]?.request.version, newest)
      const before = lab.network.sent.length
      await lab.route({ number: MSISDN }, 4_000)
      assert.equal(lab.network.sent.length - before, 2)
    })
})

describe('TS 29.002 §17.6.6: what an HLR refuses', () => {
  for (const [error, cause] of [
    ['unknownSubscriber', 'unknownSubscriber'],
    ['absentSubscriberSM', 'absentSubscriber'],
    ['absentSubscriber', 'absentSubscriber'],
    ['teleserviceNotProvisioned', 'teleserviceNotProvisioned'],
    ['callBarred', 'callBarred'],
    ['facilityNotSupported', 'facilityNotSupported'],
    ['systemFailure', 'routingFailed'],
    ['dataMissing', 'protocolDefect'],
    ['unexpectedDataValue', 'protocolDefect'],
  ] as const satisfies readonly (readonly [MapError['error'], string])[])
    test(`${error} is ${cause}`, async (t) => {
      const lab = new Lab(t, { sendRoutingInfoForSM: () => ({ kind: 'error', error: { error } }) })
      const answer = await lab.route({ number: MSISDN }, 4_000)
      assert.ok(answer.kind === 'refused')
      assert.equal(answer.cause, cause)
      assert.match(answer.detail ?? '', new RegExp(error))
    })

  test('no path, and a number that no STP translates: no routing answer', async (t) => {
    const lab = Lab.answering(t, at(MSC))
    const fates: Fate[] = [
      { kind: 'refuse', reason: 'notActive' },
      { kind: 'return', returnCause: 1 },
    ]
    for (const fate of fates) {
      lab.network.fate = () => fate
      const answer = await lab.route({ number: MSISDN }, 4_000)
      assert.ok(answer.kind === 'refused')
      assert.equal(answer.cause, 'routingNoAnswer')
    }
    assert.equal(lab.got.length, 0)
  })

  test('sm-RP-MTI and sm-RP-SMEA go together, where the HLR is to be told who sends', async (t) => {
    const lab = Lab.answering(t, { networkNodeNumber: internationalNumber(MSC) })
    const smea = Buffer.from('0b915155001040f2', 'hex')
    await lab.route({ number: MSISDN, smea }, 4_000)
    await lab.route({ number: MSISDN }, 4_000)
    const told = lab.got.map(({ argument: { smRpMti, smRpSmea } }) => [
      smRpMti,
      smRpSmea && Buffer.from(smRpSmea).toString('hex'),
    ])
    assert.deepEqual(told, [
      [0, '0b915155001040f2'],
      [undefined, undefined],
    ])
  })

  test('a question that is lost is asked again within its budget', async (t) => {
    const lab = Lab.answering(t, at(MSC))
    let sent = 0
    lab.network.fate = () => ({ kind: ++sent === 1 ? 'lose' : 'deliver' })
    const answer = lab.route({ number: MSISDN }, 4_000)
    await lab.advance(1_600)
    assert.equal((await answer).kind, 'routed')
    assert.equal(lab.got.length, 1)
  })

  test('personal data: a refusal holds no number of the subscriber', async (t) => {
    const lab = Lab.answering(t, at(MSC))
    lab.network.fate = () => ({ kind: 'return', returnCause: 1 })
    assert.doesNotMatch(JSON.stringify(await lab.route({ number: MSISDN }, 4_000)), /7700900123/)
  })
})

describe('routing.protocols: one after the other', () => {
  const asked: string[] = []
  const over =
    (name: string, answer: Awaited<ReturnType<RouteQuery>>): RouteQuery =>
    async () => {
      asked.push(name)
      return answer
    }
  const routed = { kind: 'routed', imsi: IMSI, nodes: [], peer: 'x' } as const
  const ask = async (...queries: RouteQuery[]) => {
    asked.length = 0
    return inOrder(queries)({ number: MSISDN }, 4_000)
  }

  test('the second is asked when the first cannot answer', async () => {
    for (const cause of ['routingNoAnswer', 'routingCongested', 'routingFailed'] as const) {
      const answer = await ask(over('s6c', { kind: 'refused', cause }), over('map', routed))
      assert.deepEqual([answer.kind, ...asked], ['routed', 's6c', 'map'])
    }
  })

  test('a no is a no', async () => {
    const absent = { kind: 'refused', cause: 'absentSubscriber' } as const
    assert.equal(await ask(over('map', absent), over('s6c', routed)), absent)
    assert.deepEqual(asked, ['map'])
  })

  test('the first has half of the time, the last what is left', async () => {
    const budgets: number[] = []
    const noting: RouteQuery = async (_target, budgetMs) => {
      budgets.push(budgetMs)
      return { kind: 'refused', cause: 'routingNoAnswer' }
    }
    await ask(noting, noting)
    assert.equal(budgets[0], 2_000)
    assert.ok((budgets[1] ?? 0) > 3_000)
  })
})
