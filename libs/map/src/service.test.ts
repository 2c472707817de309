import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fromHex, toHex } from '@ipsmgw/bytes'
import { SccpAddress } from '@ipsmgw/sccp'
import { decodeTcap, encodeTcap, PAbortCause, Tcap } from '@ipsmgw/tcap'
import { type Fate, Network } from '@ipsmgw/tcap/testing'
import {
  type Argument,
  internationalNumber,
  MapClient,
  type MapClientOptions,
  type MapHandlers,
  type MapRequest,
  MapServer,
  type MapServerOptions,
} from './index.ts'

const GATEWAY = SccpAddress.e164('447700900010', 8)
const PEER = SccpAddress.e164('447700900030', 8)
const IMSI = '001010123456789'
const serviceCentreAddress = internationalNumber('447700900001')
const TPDU = fromHex('040c9144770009406500006230102143654005c8329bfd06')
const LONG_TPDU = Buffer.concat([TPDU, Buffer.alloc(139)])
const target = { remote: PEER, imsi: IMSI, serviceCentreAddress }

interface Got {
  readonly operation: string
  readonly request: MapRequest
  readonly argument: Argument<'mtForwardSM'>
}

/** Gateway and one peer; the peer's handlers note what they got. */
class Lab {
  readonly network = new Network()
  nowMs = 5_000_000
  readonly got: Got[] = []
  readonly gateway: Tcap
  readonly client: MapClient
  readonly #peer: Tcap

  constructor(
    t: TestContext,
    handlers: MapHandlers = {},
    server: MapServerOptions = {},
    client: MapClientOptions = {},
  ) {
    this.network.automatic = true
    this.gateway = this.#tcap('gateway', GATEWAY)
    this.#peer = this.#tcap('peer', PEER)
    this.gateway.bind(8, new MapServer({}, { handlers: {} }))
    this.#peer.bind(8, new MapServer(server, { handlers: { ...this.#noting(), ...handlers } }))
    this.client = new MapClient(client, { tcap: this.gateway, now: () => this.nowMs })
    t.after(() => {
      this.gateway.close()
      this.#peer.close()
    })
  }

  #tcap(name: string, localAddress: SccpAddress): Tcap {
    const sccp = this.network.node(name, localAddress)
    return new Tcap({ localAddress }, { sccp, now: () => this.nowMs, random32: () => 4 })
  }

  #noting(): MapHandlers {
    const note = (operation: string) => (argument: Argument<'mtForwardSM'>, request: MapRequest) => {
      this.got.push({ operation, request, argument })
      return { kind: 'result' as const }
    }
    return { mtForwardSM: note('mtForwardSM'), forwardSM: note('forwardSM') }
  }

  /** Time passes when all that can happen has happened. */
  async advance(ms: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.nowMs += ms
    this.gateway.advance()
    this.#peer.advance()
  }

  /** What went over the wire: message types, with the context number and version where one stands. */
  get wire(): string[] {
    return this.network.sent.map(({ data }) => {
      const { type, dialogue } = decodeTcap(data)
      const context = dialogue && 'applicationContext' in dialogue ? dialogue.applicationContext : ''
      return `${type} ${context.split('.').slice(-2).join('.')}`.trim()
    })
  }
}

const routing = { msisdn: internationalNumber('447700900123'), smRpPri: true, serviceCentreAddress }

test('TS 29.002 §23.2: routing information, with what the HLR tells beside it', async (t) => {
  const lab = new Lab(t, {
    sendRoutingInfoForSM: ({ msisdn }) => ({
      kind: 'result',
      result: { imsi: IMSI, locationInfo: { networkNodeNumber: internationalNumber('447700900030') } },
      inform: { storedMsisdn: msisdn, mwStatus: ['mcefSet'] },
    }),
  })
  const outcome = await lab.client.sendRoutingInfoForSM({ remote: PEER }, routing)
  assert.ok(outcome.kind === 'result')
  assert.equal(outcome.version, 3)
  assert.equal(outcome.result?.imsi, IMSI)
  assert.deepEqual(outcome.inform, { storedMsisdn: routing.msisdn, mwStatus: ['mcefSet'] })
  assert.deepEqual(lab.wire, ['begin 20.3', 'end 20.3'])
})

test('TS 29.002 §23.3: an error with its parameter is an outcome', async (t) => {
  const error = { error: 'absentSubscriberSM', parameter: { absentSubscriberDiagnosticSM: 1 } } as const
  const lab = new Lab(t, { mtForwardSM: () => ({ kind: 'error', error }) })
  const outcome = await lab.client.forward(target).forward({ tpdu: TPDU })
  assert.deepEqual(outcome, { kind: 'error', error, version: 3 })
})

test('TS 29.002 §12.1: a short message goes in the BEGIN, and arrives octet for octet', async (t) => {
  const lab = new Lab(t)
  const part = { tpdu: TPDU, smDeliveryTimerSeconds: 30 }
  const outcome = await lab.client.forward(target).forward(part)
  assert.deepEqual(outcome, { kind: 'result', result: undefined, version: 3 })
  assert.deepEqual(lab.wire, ['begin 25.3', 'end 25.3'])
  const { argument, operation } = lab.got[0] ?? assert.fail()
  assert.equal(operation, 'mtForwardSM')
  assert.equal(toHex(argument.smRpUi), toHex(TPDU))
  assert.deepEqual(argument.smRpDa, { imsi: IMSI })
  assert.equal(argument.smDeliveryTimerSeconds, 30)
  assert.equal(
    toHex(lab.network.sent[0]?.data.subarray(8) ?? TPDU),
    // mt-fsm-v3-req-sgsn of the vectors, behind its transaction id
    '6b1e281c060700118605010101a011600f80020780a1090607040000010019036c3aa13802010102012c3030800800010121436587f98407914477000900100418040c9144770009406500006230102143654005c8329bfd0602011e',
  )
})

test('TS 29.002 §23.3: a long message waits for the answer to an empty BEGIN', async (t) => {
  const lab = new Lab(t)
  const outcome = await lab.client.forward(target).forward({ tpdu: LONG_TPDU })
  assert.equal(outcome.kind, 'result')
  assert.deepEqual(lab.wire, ['begin 25.3', 'continue 25.3', 'continue', 'end'])
  assert.equal(lab.got.length, 1)
})

test('TS 29.002 §23.3: parts go over one dialogue while the node keeps it', async (t) => {
  const lab = new Lab(t)
  const session = lab.client.forward(target)
  for (const moreMessagesToSend of [true, true, false])
    assert.equal((await session.forward({ tpdu: TPDU, moreMessagesToSend })).kind, 'result')
  assert.deepEqual(lab.wire, ['begin 25.3', 'continue 25.3', 'continue', 'continue', 'continue', 'end'])
  assert.deepEqual(
    lab.got.map(({ argument }) => argument.moreMessagesToSend ?? false),
    [true, true, false],
  )
  assert.equal(lab.gateway.size, 0)
})

test('TS 29.002 §23.3: a node that ends the dialogue early gets a new one for the next part', async (t) => {
  const lab = new Lab(t)
  lab.network.fate = ({ from, data }) => {
    const message = decodeTcap(data)
    if (from !== 'peer' || message.type !== 'continue') return { kind: 'deliver' }
    const { dtid, dialogue, components } = message
    const end = { type: 'end', dtid, ...(dialogue && { dialogue }), components } as Parameters<
      typeof encodeTcap
    >[0]
    return { kind: 'change', data: encodeTcap(end) }
  }
  const session = lab.client.forward(target)
  assert.equal((await session.forward({ tpdu: TPDU, moreMessagesToSend: true })).kind, 'result')
  assert.equal((await session.forward({ tpdu: TPDU })).kind, 'result')
  assert.equal(lab.wire.filter((line) => line.startsWith('begin')).length, 2)
  assert.equal(lab.got.length, 2)
})

test('TS 29.002 §23.3: a session that is given up ends the dialogue the node holds', async (t) => {
  const lab = new Lab(t)
  const session = lab.client.forward(target)
  await session.forward({ tpdu: TPDU, moreMessagesToSend: true })
  assert.equal(lab.gateway.size, 1)
  session.close()
  assert.equal(lab.gateway.size, 0)
  assert.equal(lab.wire.at(-1), 'end')
})

for (const [newest, expected, operation] of [
  [2, ['begin 25.3', 'abort 25.3', 'begin 25.2', 'end 25.2'], 'forwardSM'],
  [1, ['begin 25.3', 'abort', 'begin', 'end'], 'forwardSM'],
] as const)
  test(`TS 29.002 §5.4: a node of version ${newest} is asked again in its own, once, and remembered`, async (t) => {
    const lab = new Lab(t, {}, { newest: { shortMsgMtRelay: newest } })
    const outcome = await lab.client.forward(target).forward({ tpdu: TPDU })
    assert.deepEqual(outcome, { kind: 'result', result: undefined, version: newest })
    assert.deepEqual(lab.wire, expected)
    await lab.client.forward(target).forward({ tpdu: TPDU })
    assert.deepEqual(lab.wire.slice(expected.length), expected.slice(2))
    assert.deepEqual(
      lab.got.map((got) => [got.operation, got.request.version]),
      [
        [operation, newest],
        [operation, newest],
      ],
    )
    lab.nowMs += 5 * 3_600_000
    await lab.client.forward(target).forward({ tpdu: TPDU })
    assert.equal(lab.wire[expected.length + 2], 'begin 25.3')
  })

test('TS 29.002 §5.4: step by step from 3 over 2 to 1, when no refusal names a version', async (t) => {
  const lab = new Lab(t)
  lab.network.fate = ({ from, data }): Fate => {
    const message = decodeTcap(data)
    if (from !== 'gateway' || message.type !== 'begin' || message.dialogue?.apdu !== 'AARQ')
      return { kind: 'deliver' }
    const { applicationContext } = message.dialogue
    const diagnostic = { source: 'user', code: 2 } as const
    const dialogue = { apdu: 'AARE', applicationContext, result: 1, diagnostic } as const
    lab.network.inject(GATEWAY, PEER, encodeTcap({ type: 'abort', dtid: message.otid, dialogue }))
    return { kind: 'lose' }
  }
  const outcome = await lab.client.forward(target).forward({ tpdu: TPDU })
  assert.ok(outcome.kind === 'result' && outcome.version === 1)
  assert.deepEqual(lab.wire, ['begin 25.3', 'begin 25.2', 'begin', 'end'])
})

test('TS 29.002 §12.1: a refusal in every version is proof that nothing was delivered', async (t) => {
  const lab = new Lab(t)
  lab.network.fate = ({ data }): Fate => {
    const message = decodeTcap(data)
    if (message.type !== 'begin') return { kind: 'deliver' }
    const abort = { type: 'abort', dtid: message.otid, pAbortCause: 3 } as const
    lab.network.inject(GATEWAY, PEER, encodeTcap(abort))
    return { kind: 'lose' }
  }
  const outcome = await lab.client.forward(target).forward({ tpdu: TPDU })
  assert.deepEqual(outcome, { kind: 'notExecuted', reason: 'abortedAtOnce', pAbortCause: 3 })
  assert.deepEqual(lab.wire, ['begin 25.3', 'begin'])
})

test('design §4 rule 6: not sent, and given back by the network, are proofs', async (t) => {
  const lab = new Lab(t)
  lab.network.fate = () => ({ kind: 'refuse', reason: 'noTranslation' })
  assert.deepEqual(await lab.client.forward(target).forward({ tpdu: TPDU }), {
    kind: 'notExecuted',
    reason: 'notSent',
    sendReason: 'noTranslation',
  })
  lab.network.fate = () => ({ kind: 'return', returnCause: 3 })
  assert.deepEqual(await lab.client.forward(target).forward({ tpdu: TPDU }), {
    kind: 'notExecuted',
    reason: 'returned',
    returnCause: 3,
  })
  assert.equal(lab.gateway.size, 0)
})

test('design §4 rule 6: the CONTINUE that carried the message, given back, is proof as well', async (t) => {
  const lab = new Lab(t)
  lab.network.fate = ({ from, data }) =>
    from === 'gateway' && decodeTcap(data).type === 'continue'
      ? { kind: 'return', returnCause: 1 }
      : { kind: 'deliver' }
  const outcome = await lab.client.forward(target).forward({ tpdu: LONG_TPDU })
  assert.deepEqual(outcome, { kind: 'notExecuted', reason: 'returned', returnCause: 1 })
  assert.equal(lab.got.length, 0)
})

test('design §4 rule 6: a BEGIN given back after it was answered is a copy, and proves nothing', async (t) => {
  const lab = new Lab(t, { mtForwardSM: () => ({ kind: 'silence' }) })
  const pending = lab.client.forward(target).forward({ tpdu: TPDU })
  await lab.advance(0)
  const { data } = lab.network.sent[0] ?? assert.fail()
  const begin = decodeTcap(data)
  assert.ok(begin.type === 'begin')
  const otid = fromHex('a0000002')
  lab.network.inject(GATEWAY, PEER, encodeTcap({ type: 'continue', otid, dtid: begin.otid, components: [] }))
  lab.network.notice({ called: GATEWAY, calling: PEER, data, returnCause: 1 })
  assert.deepEqual(await pending, { kind: 'unknown', reason: 'aborted' })
})

test('design §4 rule 6: an abort after the dialogue was accepted proves nothing', async (t) => {
  const lab = new Lab(t, {
    mtForwardSM: () => ({ kind: 'abort', reason: { pAbortCause: PAbortCause.resourceLimitation } }),
  })
  const outcome = await lab.client.forward(target).forward({ tpdu: LONG_TPDU })
  assert.deepEqual(outcome, { kind: 'unknown', reason: 'aborted' })
})

test('design §4 rule 6: an abort of the MAP user as first answer proves nothing', async (t) => {
  const lab = new Lab(t, { mtForwardSM: () => ({ kind: 'abort' }) })
  const outcome = await lab.client.forward(target).forward({ tpdu: TPDU })
  assert.deepEqual(outcome, { kind: 'unknown', reason: 'aborted' })
})

test('design §4 rule 6: silence is unknown, and the dialogue is gone when it is over', async (t) => {
  const lab = new Lab(t, { mtForwardSM: () => ({ kind: 'silence' }) })
  const pending = lab.client.forward(target).forward({ tpdu: TPDU })
  await lab.advance(59_000)
  assert.equal(lab.gateway.size, 1)
  await lab.advance(1_100)
  assert.deepEqual(await pending, { kind: 'unknown', reason: 'timeout' })
  assert.equal(lab.gateway.size, 0)
})

test('design §4 rule 6: an empty BEGIN that nobody answers is proof: the message never left', async (t) => {
  const lab = new Lab(t)
  lab.network.fate = () => ({ kind: 'lose' })
  const pending = lab.client.forward(target).forward({ tpdu: LONG_TPDU })
  await lab.advance(10_100)
  assert.deepEqual(await pending, { kind: 'notExecuted', reason: 'neverOpened' })
})

test('design §4 rule 6: an END without the answer is unknown, and shutting down is, too', async (t) => {
  const lab = new Lab(t, { mtForwardSM: () => ({ kind: 'silence' }) })
  const pending = lab.client.forward(target).forward({ tpdu: TPDU })
  await lab.advance(0)
  const begin = decodeTcap(lab.network.sent[0]?.data ?? TPDU)
  assert.ok(begin.type === 'begin')
  lab.network.inject(GATEWAY, PEER, encodeTcap({ type: 'end', dtid: begin.otid, components: [] }))
  assert.deepEqual(await pending, { kind: 'unknown', reason: 'noAnswer' })
  const another = lab.client.forward(target).forward({ tpdu: TPDU })
  await lab.advance(0)
  lab.gateway.close()
  assert.deepEqual(await another, { kind: 'unknown', reason: 'closed' })
})

test('TS 29.002 §15.1: a result whose parameter cannot be read is still a result', async (t) => {
  const lab = new Lab(t)
  lab.network.fate = ({ from, data }) => {
    const message = decodeTcap(data)
    if (from !== 'peer' || message.type !== 'end') return { kind: 'deliver' }
    const result = { kind: 'returnResultLast', invokeId: 1, operation: 44 } as const
    const components = [{ ...result, parameter: fromHex('0400') }]
    return { kind: 'change', data: encodeTcap({ type: 'end', dtid: message.dtid, components }) }
  }
  const outcome = await lab.client.forward(target).forward({ tpdu: TPDU })
  assert.ok(outcome.kind === 'result')
  assert.equal(outcome.fault?.protocol, 'MAP')
})

test('Q.773 §4.2.2.6: a reject is an outcome of its own', async (t) => {
  const problem = { type: 'invoke', code: 2 } as const
  const lab = new Lab(t, { mtForwardSM: () => ({ kind: 'reject', problem }) })
  const outcome = await lab.client.forward(target).forward({ tpdu: TPDU })
  assert.deepEqual(outcome, { kind: 'rejected', problem, version: 3 })
})

test('TS 29.002 §17.6: what a server has no handler for, or cannot read, it rejects', async (t) => {
  const lab = new Lab(t)
  const problems: unknown[] = []
  const ask = async (operation: number, parameter: Uint8Array) => {
    const dialogue = lab.gateway.dialogue(
      { remote: PEER, applicationContext: '0.4.0.0.1.0.25.3' },
      (indication) => {
        if (indication.kind === 'end')
          problems.push(indication.components.map((it) => it.kind === 'reject' && it.problem.code))
      },
    )
    dialogue.invoke({ operation, parameter, timeoutMs: 1000 })
    dialogue.begin()
    await lab.advance(0)
  }
  await ask(45, fromHex('3000'))
  await ask(99, fromHex('3000'))
  await ask(44, fromHex('3003800101'))
  assert.deepEqual(problems, [[1], [1], [2]])
})

test('TS 29.002 §12.6: an alert is answered; its version 1 leaves without an answer', async (t) => {
  const alerts: string[] = []
  const lab = new Lab(t, {
    alertServiceCentre: ({ msisdn }) => {
      alerts.push(`2 ${msisdn.digits}`)
      return { kind: 'result' }
    },
    alertServiceCentreWithoutResult: ({ msisdn }) => {
      alerts.push(`1 ${msisdn.digits}`)
      return { kind: 'result' }
    },
  })
  const argument = { msisdn: routing.msisdn, serviceCentreAddress }
  assert.equal((await lab.client.alertServiceCentre({ remote: PEER }, argument)).kind, 'result')
  assert.equal(lab.client.alertServiceCentreWithoutResult({ remote: PEER }, argument), true)
  await lab.advance(0)
  assert.deepEqual(alerts, ['2 447700900123', '1 447700900123'])
  assert.deepEqual(lab.wire, ['begin 23.2', 'end 23.2', 'begin'])
  assert.equal(lab.gateway.size, 0)
})

test('TS 29.002 §12.2: an LMSI goes with the IMSI in the destination reference', async (t) => {
  const lab = new Lab(t)
  const lmsi = fromHex('00112233')
  await lab.client.forward({ ...target, lmsi }).forward({ tpdu: TPDU })
  const { argument, request } = lab.got[0] ?? assert.fail()
  assert.ok('lmsi' in argument.smRpDa)
  assert.equal(toHex(argument.smRpDa.lmsi), '00112233')
  assert.deepEqual(request.open?.destinationReference, { nature: 1, plan: 6, digits: IMSI })
})

test('design: an exception of a handler becomes systemFailure', async (t) => {
  const lab = new Lab(t, {
    mtForwardSM: () => {
      throw new Error('a defect')
    },
  })
  const outcome = await lab.client.forward(target).forward({ tpdu: TPDU })
  assert.deepEqual(outcome, { kind: 'error', error: { error: 'systemFailure' }, version: 3 })
})
