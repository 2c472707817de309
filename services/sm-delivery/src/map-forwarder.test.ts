import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { ServingNode } from '@ipsmgw/events'
import {
  type Argument,
  MapClient,
  type MapError,
  type MapHandlers,
  type MapRequest,
  MapServer,
  type MapServerOptions,
} from '@ipsmgw/map'
import { SccpAddress, Ssn } from '@ipsmgw/sccp'
import { Tcap } from '@ipsmgw/tcap'
import { type Fate, Network } from '@ipsmgw/tcap/testing'
import type { ForwardResult, PartForward } from './forwarder.ts'
import { createMapForwarder } from './map-forwarder.ts'

const GATEWAY = SccpAddress.e164('447700900010', Ssn.msc)
const NUMBER = '447700900030'
const MSC: ServingNode = { kind: 'msc', protocol: 'map', number: NUMBER }
const IMSI = '001010123456789'
const SERVICE_CENTRE = '447700900001'
const TPDU = Buffer.from('040c9144770009406500006230102143654005c8329bfd06', 'hex')
const LONG_TPDU = Buffer.concat([TPDU, Buffer.alloc(139)])
const NOW_MS = Date.parse('2026-11-22T10:42:00Z')
const SECONDS_1900_TO_1970 = 2_208_988_800

interface Got {
  readonly argument: Argument<'mtForwardSM'>
  readonly request: MapRequest
}

/** The gateway's forwarder and one node on a network in memory; what the node got is noted. */
class Lab {
  readonly network = new Network()
  readonly got: Got[] = []
  nowMs = 5_000_000
  readonly #gateway: Tcap
  readonly #forwarder

  constructor(
    t: TestContext,
    handlers: MapHandlers = {},
    server: MapServerOptions = {},
    ssn: number = Ssn.msc,
  ) {
    this.network.automatic = true
    const address = SccpAddress.e164(NUMBER, ssn)
    this.#gateway = this.#tcap('gateway', GATEWAY)
    const node = this.#tcap('node', address)
    this.#gateway.bind(Ssn.msc, new MapServer({}, { handlers: {} }))
    node.bind(ssn, new MapServer(server, { handlers: { ...this.#noting(), ...handlers } }))
    const map = new MapClient({}, { tcap: this.#gateway, now: () => this.nowMs })
    this.#forwarder = createMapForwarder(
      map,
      { serviceCentre: SERVICE_CENTRE, mapTimerSeconds: 60 },
      () => NOW_MS,
    )
    t.after(() => {
      this.#gateway.close()
      node.close()
    })
  }

  /** The parts of one message, until one fails. */
  async forward(
    tpdus: readonly Buffer[] = [TPDU],
    change: Partial<PartForward> = {},
  ): Promise<ForwardResult[]> {
    const session = this.#forwarder.session()
    const results: ForwardResult[] = []
    for (const [index, tpdu] of tpdus.entries()) {
      const part = index + 1
      const moreMessagesToSend = part < tpdus.length
      const where = { node: MSC, imsi: IMSI, startedAtMs: NOW_MS }
      const result = await session.forward({
        ...where,
        tpdu,
        part,
        parts: tpdus.length,
        moreMessagesToSend,
        ...change,
      })
      results.push(result)
      if (result.kind !== 'delivered') break
    }
    session.close()
    return results
  }

  /** Time passes when all that can happen has happened. */
  async advance(ms: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.nowMs += ms
    this.#gateway.advance()
  }

  get dialogues(): number {
    return this.#gateway.size
  }

  #tcap(name: string, localAddress: SccpAddress): Tcap {
    const sccp = this.network.node(name, localAddress)
    return new Tcap({ localAddress }, { sccp, now: () => this.nowMs, random32: () => 4 })
  }

  #noting(): MapHandlers {
    const note = (argument: Argument<'mtForwardSM'>, request: MapRequest) => {
      this.got.push({ argument, request })
      return { kind: 'result' as const }
    }
    return { mtForwardSM: note, forwardSM: note }
  }
}

const answering = (error: MapError): MapHandlers => ({ mtForwardSM: () => ({ kind: 'error', error }) })

describe('TS 29.002 §12.9: mt-ForwardSM', () => {
  test('a result is a delivery: IMSI and service centre stand in it, the TPDU octet for octet', async (t) => {
    const lab = new Lab(t)
    assert.deepEqual(await lab.forward(), [{ kind: 'delivered' }])
    const { argument } = lab.got[0] ?? assert.fail()
    assert.deepEqual(argument.smRpDa, { imsi: IMSI })
    assert.deepEqual(argument.smRpOa, {
      serviceCentreAddressOa: { nature: 1, plan: 1, digits: SERVICE_CENTRE },
    })
    assert.deepEqual(Buffer.from(argument.smRpUi), TPDU)
    assert.equal(lab.network.sent.length, 2)
  })

  test('TS 29.002 §23.3: a TPDU too long for the BEGIN follows an empty one', async (t) => {
    const lab = new Lab(t)
    assert.deepEqual(await lab.forward([LONG_TPDU]), [{ kind: 'delivered' }])
    assert.equal(lab.network.sent.length, 4)
    assert.deepEqual(Buffer.from(lab.got[0]?.argument.smRpUi ?? []), LONG_TPDU)
  })

  test('an LMSI stands in place of the IMSI, which moves into the destination reference', async (t) => {
    const lab = new Lab(t)
    await lab.forward([TPDU], { node: { ...MSC, lmsi: '01020304' } })
    const { argument, request } = lab.got[0] ?? assert.fail()
    assert.deepEqual(argument.smRpDa, { lmsi: Buffer.of(1, 2, 3, 4) })
    assert.equal(request.open?.destinationReference?.digits, IMSI)
  })

  test('an SGSN is asked as an SGSN', async (t) => {
    const lab = new Lab(t, {}, {}, Ssn.sgsn)
    const [result] = await lab.forward([TPDU], { node: { ...MSC, kind: 'sgsn' } })
    assert.deepEqual(result, { kind: 'delivered' })
    assert.equal(lab.got[0]?.request.called.ssn, Ssn.sgsn)
  })

  test('the parts of a message share one dialogue, the last one ends it', async (t) => {
    const lab = new Lab(t)
    const results = await lab.forward([TPDU, TPDU, TPDU])
    assert.deepEqual(
      results.map(({ kind }) => kind),
      ['delivered', 'delivered', 'delivered'],
    )
    assert.deepEqual(
      lab.got.map(({ argument }) => argument.moreMessagesToSend),
      [true, true, undefined],
    )
    assert.equal(lab.network.sent.length, 6)
    assert.equal(lab.dialogues, 0)
  })

  test('a message given up between two parts leaves no dialogue open', async (t) => {
    const lab = new Lab(t)
    await lab.forward([TPDU], { moreMessagesToSend: true, parts: 2 })
    await lab.advance(0)
    assert.equal(lab.dialogues, 0)
  })

  test('a node without a number is not sent to', async (t) => {
    const lab = new Lab(t)
    const [result] = await lab.forward([TPDU], { node: { kind: 'msc', protocol: 'map' } })
    assert.equal(result?.kind, 'not-sent')
    assert.equal(lab.network.sent.length, 0)
  })
})

describe('TS 29.002 §5.4: older nodes', () => {
  for (const newest of [2, 1] as const)
    test(`a node of version ${newest} gets it in its version, once, and the next message begins there`, async (t) => {
      const lab = new Lab(t, {}, { newest: { shortMsgMtRelay: newest } })
      assert.deepEqual(await lab.forward(), [{ kind: 'delivered' }])
      assert.equal(lab.got.length, 1)
      assert.equal(lab.got[0]?.request.version, newest)
      const before = lab.network.sent.length
      assert.deepEqual(await lab.forward(), [{ kind: 'delivered' }])
      assert.equal(lab.network.sent.length - before, 2, 'no second round trip')
    })
})

describe('TS 23.040 §9.2.3.22: the SMS-DELIVER-REPORT in an error', () => {
  const failure = (cause: number, report?: string): MapError => ({
    error: 'smDeliveryFailure',
    parameter: { cause, ...(report !== undefined && { diagnosticInfo: Buffer.from(report, 'hex') }) },
  })
  for (const [title, error, expected] of [
    ['memory full', failure(0), { kind: 'refused', cause: 'memoryCapacityExceeded', proof: true }],
    [
      'TP-FCS D3: memory full',
      failure(1, '00d300'),
      { kind: 'refused', cause: 'memoryCapacityExceeded', proof: true },
    ],
    [
      'TP-FCS D5: the phone refused',
      failure(1, '00d500'),
      { kind: 'refused', cause: 'equipmentProtocolError', proof: true },
    ],
    ['TP-FCS C5: the phone has it already', failure(1, '00c500'), { kind: 'delivered' }],
    ['no TP-FCS: nobody knows', failure(1), { kind: 'refused', cause: 'equipmentProtocolError' }],
  ] as const)
    test(title, async (t) => {
      const [result] = await new Lab(t, answering(error)).forward()
      const { detail: _detail, ...rest } = result ?? assert.fail()
      assert.deepEqual(rest, expected)
    })
})

describe('design §4 rule 6: what each outcome proves', () => {
  for (const [error, cause, proof] of [
    ['absentSubscriberSM', 'absentSubscriber', true],
    ['absentSubscriber', 'absentSubscriber', true],
    ['unidentifiedSubscriber', 'unidentifiedSubscriber', true],
    ['facilityNotSupported', 'facilityNotSupported', true],
    ['illegalSubscriber', 'illegalSubscriber', true],
    ['illegalEquipment', 'illegalEquipment', true],
    ['subscriberBusyForMtSms', 'subscriberBusyForMtSms', true],
    ['systemFailure', 'systemFailure', false],
    ['dataMissing', 'protocolDefect', false],
    ['unexpectedDataValue', 'protocolDefect', false],
  ] as const)
    test(`${error} is ${cause}, ${proof ? 'proof' : 'no proof'}`, async (t) => {
      const [result] = await new Lab(t, answering({ error })).forward()
      assert.ok(result?.kind === 'refused')
      assert.equal(result.cause, cause)
      assert.equal(result.proof === true, proof)
    })

  test('absentSubscriberSM tells when to try again', async (t) => {
    const time = Buffer.alloc(4)
    time.writeUInt32BE(NOW_MS / 1000 + SECONDS_1900_TO_1970 + 90)
    const error: MapError = {
      error: 'absentSubscriberSM',
      parameter: { absentSubscriberDiagnosticSM: 1, requestedRetransmissionTime: time },
    }
    const [result] = await new Lab(t, answering(error)).forward()
    assert.ok(result?.kind === 'refused')
    assert.equal(result.retryAfterSeconds, 90)
    assert.match(result.detail ?? '', /absentSubscriberSM, diagnostic 1/)
  })

  const fates: readonly [string, Fate, ForwardResult['kind']][] = [
    ['a path that is down: it never left', { kind: 'refuse', reason: 'notActive' }, 'not-sent'],
    ['Q.714 §4.2: returned by the network', { kind: 'return', returnCause: 4 }, 'not-sent'],
  ]
  for (const [title, fate, kind] of fates)
    test(title, async (t) => {
      const lab = new Lab(t)
      lab.network.fate = () => fate
      const [result] = await lab.forward()
      assert.equal(result?.kind, kind)
      assert.ok(result.kind === 'not-sent' && result.cause === 'noRouteToServingNode')
    })

  test('an abort of the user is unknown: the phone may have it', async (t) => {
    const [result] = await new Lab(t, { mtForwardSM: () => ({ kind: 'abort' }) }).forward()
    assert.equal(result?.kind, 'unknown')
  })

  test('silence is unknown after timer ml, not before, and the dialogue is gone', async (t) => {
    const lab = new Lab(t, { mtForwardSM: () => ({ kind: 'silence' }) })
    let result: ForwardResult | undefined
    const done = lab.forward().then(([it]) => {
      result = it
    })
    await lab.advance(59_000)
    await lab.advance(0)
    assert.equal(result, undefined)
    await lab.advance(2_000)
    await done
    assert.deepEqual(result, { kind: 'unknown', detail: 'MAP timeout' })
    assert.equal(lab.dialogues, 0)
  })

  test('an answer after answerBy is still the answer: it amends what the sender was told', async (t) => {
    const answer = Promise.withResolvers<{ kind: 'result' }>()
    const lab = new Lab(t, { mtForwardSM: () => answer.promise })
    const done = lab.forward()
    await lab.advance(40_000)
    answer.resolve({ kind: 'result' })
    assert.deepEqual(await done, [{ kind: 'delivered' }])
  })
})
