import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fromHex, toHex } from '@ipsmgw/bytes'
import { SccpAddress } from '@ipsmgw/sccp'
import {
  type BeginIndication,
  type Dialogue,
  type DialogueIndication,
  decodeTcap,
  encodeTcap,
  executedNothing,
  PAbortCause,
  Tcap,
  type TcapEvent,
  type TcapOptions,
} from './index.ts'
import { Network } from './testing/network.ts'

const GATEWAY = SccpAddress.e164('447700900010', 8)
const MSC = SccpAddress.e164('447700900030', 8)
const CONTEXT = '0.4.0.0.1.0.25.3'
const PARAMETER = fromHex('30020500')

interface Incoming {
  readonly dialogue: Dialogue
  readonly begin: BeginIndication
  readonly indications: DialogueIndication[]
}

/** Gateway and MSC on one network, with one clock. */
class Pair {
  readonly network = new Network()
  nowMs = 1_000_000
  readonly events: TcapEvent[] = []
  readonly faults: unknown[] = []
  readonly gateway: Tcap
  readonly msc: Tcap
  readonly incoming: Incoming[] = []

  constructor(t: TestContext, options: Partial<TcapOptions> = {}) {
    this.gateway = this.#tcap('gateway', GATEWAY, options)
    this.msc = this.#tcap('msc', MSC, options)
    this.gateway.bind(8, { onBegin: () => () => {} })
    this.msc.bind(8, {
      onBegin: (dialogue, begin) => {
        const indications: DialogueIndication[] = []
        this.incoming.push({ dialogue, begin, indications })
        return (indication) => indications.push(indication)
      },
    })
    t.after(() => {
      this.gateway.close()
      this.msc.close()
    })
  }

  #tcap(name: string, localAddress: SccpAddress, options: Partial<TcapOptions>): Tcap {
    let random = name.length
    return new Tcap(
      { localAddress, guardMs: 90_000, ...options },
      {
        sccp: this.network.node(name, localAddress),
        now: () => this.nowMs,
        random32: () => {
          random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
          return random
        },
        onEvent: (event) => this.events.push(event),
        onFault: (fault) => this.faults.push(fault),
      },
    )
  }

  /** A dialogue of the gateway with one invocation, and what it is told. */
  begin(invoke = true): { dialogue: Dialogue; told: DialogueIndication[] } {
    const told: DialogueIndication[] = []
    const dialogue = this.gateway.dialogue({ remote: MSC, applicationContext: CONTEXT }, (indication) =>
      told.push(indication),
    )
    if (invoke) dialogue.invoke({ operation: 44, parameter: PARAMETER, timeoutMs: 60_000 })
    assert.deepEqual(dialogue.begin(), { sent: true, deferred: false })
    this.network.run()
    return { dialogue, told }
  }

  last(): Incoming {
    return this.incoming.at(-1) ?? assert.fail('no dialogue came in')
  }

  advance(ms: number): void {
    this.nowMs += ms
    this.gateway.advance()
    this.msc.advance()
  }

  get types(): string[] {
    return this.network.sent.map(({ from, data }) => `${from} ${decodeTcap(data).type}`)
  }
}

test('Q.774 §3.2: a dialogue of BEGIN and END: invocation, result, both tables empty again', (t) => {
  const pair = new Pair(t)
  const { told } = pair.begin()
  const { dialogue, begin } = pair.last()
  assert.equal(begin.aarq?.applicationContext, CONTEXT)
  assert.deepEqual(begin.components, [{ kind: 'invoke', invokeId: 1, operation: 44, parameter: PARAMETER }])
  dialogue.result(1)
  assert.equal(dialogue.end().sent, true)
  pair.network.run()
  assert.equal(told.length, 1)
  const [end] = told
  assert.ok(end?.kind === 'end')
  assert.equal(end.aare?.applicationContext, CONTEXT)
  assert.deepEqual(end.components, [{ kind: 'returnResultLast', invokeId: 1 }])
  assert.deepEqual([pair.gateway.size, pair.msc.size], [0, 0])
  assert.deepEqual(pair.types, ['gateway begin', 'msc end'])
})

test('Q.773 §3.2: the dialogue portion stands in the BEGIN and in the first message back, nowhere else', (t) => {
  const pair = new Pair(t)
  const { dialogue, told } = pair.begin()
  pair.last().dialogue.result(1)
  pair.last().dialogue.continue()
  pair.network.run()
  assert.ok(told[0]?.kind === 'continue' && told[0].aare !== undefined)
  assert.equal(dialogue.invoke({ operation: 44, timeoutMs: 60_000 }), 2)
  dialogue.continue()
  pair.network.run()
  pair.last().dialogue.result(2)
  pair.last().dialogue.end()
  pair.network.run()
  const portions = pair.network.sent.map(({ data }) => decodeTcap(data).dialogue?.apdu)
  assert.deepEqual(portions, ['AARQ', 'AARE', undefined, undefined])
  assert.deepEqual(pair.types, ['gateway begin', 'msc continue', 'gateway continue', 'msc end'])
})

test('TS 29.002 §15.2: a BEGIN too long for one UDT goes out empty, its component in the CONTINUE', (t) => {
  const pair = new Pair(t)
  pair.network.limit = 60
  const told: DialogueIndication[] = []
  const dialogue = pair.gateway.dialogue({ remote: MSC, applicationContext: CONTEXT }, (it) => told.push(it))
  dialogue.invoke({
    operation: 44,
    parameter: Buffer.concat([fromHex('0440'), Buffer.alloc(64)]),
    timeoutMs: 1,
  })
  assert.deepEqual(dialogue.begin({ mayDefer: true }), { sent: true, deferred: true })
  pair.network.run()
  assert.deepEqual(pair.last().begin.components, [])
  pair.last().dialogue.continue()
  pair.network.run()
  assert.equal(told[0]?.kind, 'continue')
  assert.equal(dialogue.continue().sent, true)
  pair.network.run()
  const [indication] = pair.last().indications
  assert.ok(indication?.kind === 'continue')
  assert.equal(indication.components[0]?.kind, 'invoke')
})

test('Q.774 §3.2.1.1.3: the invoke timer runs from when the component left, and tells the user once', (t) => {
  const pair = new Pair(t)
  const { told } = pair.begin()
  pair.advance(59_000)
  assert.deepEqual(told, [])
  pair.advance(1_100)
  assert.deepEqual(told, [{ kind: 'invokeTimeout', invokeId: 1 }])
  pair.advance(4_000)
  assert.equal(told.length, 1)
  assert.equal(pair.gateway.size, 1)
})

test('Q.774 §3.3: a dialogue in which nothing happens is given up, and a peer that is known is told', (t) => {
  const pair = new Pair(t)
  const { told } = pair.begin(false)
  pair.last().dialogue.continue()
  pair.network.run()
  pair.advance(90_100)
  pair.network.run()
  assert.deepEqual(told.at(-1), { kind: 'timeout', established: true })
  assert.deepEqual([pair.gateway.size, pair.msc.size], [0, 0])
  assert.ok(pair.types.includes('gateway abort'))
})

test('Q.774 §3.3.3.1: a refusal as first answer proves that nothing was executed, an abort later does not', (t) => {
  const pair = new Pair(t)
  const first = pair.begin()
  const refuse = { applicationContext: CONTEXT, diagnostic: { source: 'user', code: 2 } } as const
  pair.last().dialogue.abort({ refuse })
  pair.network.run()
  const [refused] = first.told
  assert.ok(refused?.kind === 'refused')
  assert.deepEqual([refused.aare.result, refused.established], [1, false])
  assert.equal(executedNothing(refused), true)

  const second = pair.begin()
  pair.last().dialogue.abort({ pAbortCause: PAbortCause.resourceLimitation })
  pair.network.run()
  const [aborted] = second.told
  assert.deepEqual(aborted, { kind: 'providerAbort', cause: 4, established: false })
  assert.ok(aborted?.kind === 'providerAbort' && executedNothing(aborted))

  const third = pair.begin()
  pair.last().dialogue.continue()
  pair.network.run()
  pair.last().dialogue.abort({ pAbortCause: PAbortCause.resourceLimitation })
  pair.network.run()
  const late = third.told[1]
  assert.ok(late?.kind === 'providerAbort' && late.established && !executedNothing(late))

  const fourth = pair.begin()
  pair.last().dialogue.abort()
  pair.network.run()
  const [user] = fourth.told
  assert.ok(user?.kind === 'userAbort' && user.abrt?.source === 'user' && !executedNothing(user))
})

test('Q.711 §6.2.2: a message that did not leave is told at once, and leaves no dialogue behind', (t) => {
  const pair = new Pair(t)
  pair.network.fate = () => ({ kind: 'refuse', reason: 'noTranslation' })
  const dialogue = pair.gateway.dialogue({ remote: MSC, applicationContext: CONTEXT }, () => assert.fail())
  dialogue.invoke({ operation: 44, timeoutMs: 60_000 })
  assert.deepEqual(dialogue.begin(), { sent: false, reason: 'noTranslation' })
  assert.equal(pair.gateway.size, 0)
  assert.deepEqual(dialogue.begin(), { sent: false, reason: 'forbidden' })
})

test('Q.774 §3.3: a returned message ends its dialogue and names what it carried; a second return is nothing', (t) => {
  const pair = new Pair(t)
  pair.network.fate = () => ({ kind: 'return', returnCause: 1 })
  const { told } = pair.begin()
  assert.deepEqual(told, [{ kind: 'notice', returnCause: 1, invokeIds: [1], established: false }])
  const { data } = pair.network.sent[0] ?? assert.fail()
  pair.network.notice({ called: GATEWAY, calling: MSC, data, returnCause: 1 })
  assert.equal(told.length, 1)
  assert.equal(pair.gateway.size, 0)
})

test('Q.713 §3.17: the first segment of a returned message is enough to find the dialogue', (t) => {
  const pair = new Pair(t)
  pair.network.fate = () => ({ kind: 'lose' })
  const { told } = pair.begin()
  const { data } = pair.network.sent[0] ?? assert.fail()
  pair.network.notice({ called: GATEWAY, calling: MSC, data: data.subarray(0, 30), returnCause: 14 })
  assert.deepEqual(told, [{ kind: 'notice', returnCause: 14, invokeIds: undefined, established: false }])
})

test('Q.774 §3.3: an unknown transaction is aborted in a CONTINUE and dropped in END and ABORT', (t) => {
  const pair = new Pair(t)
  const head = { otid: fromHex('a0000002'), dtid: fromHex('00000001'), components: [] }
  pair.network.inject(GATEWAY, MSC, encodeTcap({ type: 'end', ...head }))
  pair.network.inject(GATEWAY, MSC, encodeTcap({ type: 'abort', ...head, pAbortCause: 1 }))
  assert.equal(pair.network.sent.length, 0)
  pair.network.inject(GATEWAY, MSC, encodeTcap({ type: 'continue', ...head }))
  assert.equal(toHex(pair.network.sent[0]?.data ?? new Uint8Array()), '67094904a00000024a0101')
  assert.deepEqual(pair.events, ['unknownTransaction', 'unknownTransaction', 'unknownTransaction'])
})

test('Q.774 §3.3.4: what cannot be read is aborted when its sender can be told, else dropped', (t) => {
  const pair = new Pair(t)
  pair.network.inject(MSC, GATEWAY, fromHex('62084804000000016b00'))
  assert.equal(toHex(pair.network.sent[0]?.data ?? new Uint8Array()), '67094904000000014a0102')
  for (const junk of ['', '62', 'ff', '6206480500000001', '64044904'])
    pair.network.inject(MSC, GATEWAY, fromHex(junk))
  assert.equal(pair.network.sent.length, 1)
  assert.equal(pair.msc.size, 0)
})

test('Q.774 §3.3.4: an answer that cannot be read ends its dialogue, and only that', (t) => {
  const pair = new Pair(t)
  const other = pair.begin()
  const { dialogue, told } = pair.begin()
  const dtid = Buffer.alloc(4)
  dtid.writeUInt32BE(dialogue.id)
  pair.network.inject(GATEWAY, MSC, Buffer.concat([fromHex('650e480400000009 4904'), dtid, fromHex('6b00')]))
  assert.equal(told[0]?.kind, 'malformed')
  assert.deepEqual(other.told, [])
  assert.equal(pair.gateway.size, 1)
  assert.equal(toHex(pair.network.sent.at(-1)?.data ?? new Uint8Array()), '67094904000000094a0102')
})

test('Q.774 §3.2.2: a malformed component is rejected, those before it count', (t) => {
  const pair = new Pair(t)
  const { dialogue, told } = pair.begin()
  const dtid = Buffer.alloc(4)
  dtid.writeUInt32BE(dialogue.id)
  const components = fromHex('6c0ba203020101a10402020101')
  pair.network.inject(GATEWAY, MSC, Buffer.concat([fromHex('6519480400000009 4904'), dtid, components]))
  const [indication] = told
  assert.ok(indication?.kind === 'continue')
  const [result, reject] = indication.components
  assert.equal(result?.kind, 'returnResultLast')
  assert.ok(reject?.kind === 'localReject' && reject.fault?.path.endsWith('invokeId'))
  assert.deepEqual(reject.problem, { type: 'general', code: 2 })
  dialogue.end()
  const sent = decodeTcap(pair.network.sent.at(-1)?.data ?? new Uint8Array())
  assert.ok(sent.type === 'end')
  assert.equal(sent.components[0]?.kind, 'reject')
})

test('Q.774 §3.2.2: answers nobody waits for are rejected with the problem of their kind', (t) => {
  const pair = new Pair(t)
  const { told } = pair.begin()
  const { dialogue } = pair.last()
  dialogue.result(7)
  dialogue.error(8, 27)
  dialogue.result(1)
  dialogue.end()
  pair.network.run()
  const [end] = told
  assert.ok(end?.kind === 'end')
  assert.deepEqual(
    end.components.map((it) => (it.kind === 'localReject' ? it.problem : it.kind)),
    [{ type: 'returnResult', code: 0 }, { type: 'returnError', code: 0 }, 'returnResultLast'],
  )
})

test('design: a flood of BEGINs is bounded, and refused with resource limitation', (t) => {
  const pair = new Pair(t, { maxDialogues: 100 })
  for (let i = 0; i < 1000; i++) {
    const otid = Buffer.alloc(4)
    otid.writeUInt32BE(i)
    pair.network.inject(MSC, GATEWAY, encodeTcap({ type: 'begin', otid, components: [] }))
  }
  assert.equal(pair.msc.size, 100)
  assert.equal(pair.events.filter((event) => event === 'refusedFull').length, 900)
  assert.equal(toHex(pair.network.sent.at(-1)?.data ?? new Uint8Array()), '67094904000003e74a0104')
})

test('design: our own dialogue beyond the bound is not sent, and says so', (t) => {
  const pair = new Pair(t, { maxDialogues: 1 })
  pair.begin()
  const dialogue = pair.gateway.dialogue({ remote: MSC }, () => {})
  assert.deepEqual(dialogue.begin(), { sent: false, reason: 'tooManyDialogues' })
})

test('design §7: a message for the dialogue of another instance is handed on, and injected there', (t) => {
  const network = new Network()
  const strays: number[] = []
  const instance = (number: number, foreign?: (to: number) => boolean) =>
    new Tcap(
      { localAddress: GATEWAY, instanceBits: 8, instance: number },
      {
        sccp: network.node(`gateway-${number}`, GATEWAY),
        now: () => 0,
        random32: () => 7,
        foreign: (to, indication) => {
          strays.push(to)
          second.inject(indication)
          return foreign?.(to) ?? true
        },
      },
    )
  const second = instance(2)
  const first = instance(1)
  first.bind(8, { onBegin: () => () => {} })
  t.after(() => {
    first.close()
    second.close()
  })
  const told: DialogueIndication[] = []
  const dialogue = second.dialogue({ remote: MSC, applicationContext: CONTEXT }, (it) => told.push(it))
  dialogue.begin()
  assert.equal(dialogue.id >>> 24, 2)
  const dtid = Buffer.alloc(4)
  dtid.writeUInt32BE(dialogue.id)
  network.inject(GATEWAY, MSC, encodeTcap({ type: 'end', dtid, components: [] }))
  assert.deepEqual(strays, [2])
  assert.equal(told[0]?.kind, 'end')
})

test('design: a fault of a user ends its own dialogue only', (t) => {
  const pair = new Pair(t)
  const other = pair.begin()
  const dialogue = pair.gateway.dialogue({ remote: MSC, applicationContext: CONTEXT }, () => {
    throw new Error('a defect')
  })
  dialogue.begin()
  pair.network.run()
  pair.last().dialogue.continue()
  pair.network.run()
  assert.equal(pair.faults.length, 1)
  assert.equal(dialogue.state, 'terminated')
  assert.equal(other.dialogue.state, 'initiationSent')
})

test('Q.774 §3.3: an answer goes to the address the last message came from', (t) => {
  const pair = new Pair(t)
  const { dialogue } = pair.begin(false)
  const own = SccpAddress.e164('447700900031', 8)
  const dtid = Buffer.alloc(4)
  dtid.writeUInt32BE(dialogue.id)
  const otid = fromHex('2a')
  pair.network.inject(GATEWAY, own, encodeTcap({ type: 'continue', otid, dtid, components: [] }))
  dialogue.end()
  const sent = pair.network.sent.at(-1) ?? assert.fail()
  assert.ok(sent.called.equals(own))
  assert.equal(toHex(sent.data), '640349012a')
})

test('design: closing tells every user, and no timer is left', (t) => {
  const pair = new Pair(t)
  const { told } = pair.begin()
  pair.gateway.close()
  assert.deepEqual(told, [{ kind: 'closed', established: false }])
  assert.equal(pair.gateway.size, 0)
})
