import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, toHex } from '@ipsmgw/bytes'
import type { SendRefusal } from '@ipsmgw/m3ua'
import { FakeClock } from '@ipsmgw/sctp/testing'
import {
  decodeManagement,
  decodeSccp,
  type NoticeIndication,
  ReturnCause,
  SccpAddress,
  SccpEndpoint,
  type SccpEndpointOptions,
  type SccpEvent,
  type UnitDataIndication,
} from './index.ts'
import { FakeMtp } from './testing/fake-mtp.ts'
import { vector, vectorHex } from './testing/vectors.ts'

const OWN = 2057
const HLR = 2058
const GATEWAY = SccpAddress.e164('447700900010', 8)
const SUBSCRIBER = SccpAddress.e164('447700900123', 6)

class Bench {
  readonly mtp = new FakeMtp()
  readonly clock = new FakeClock()
  readonly events: SccpEvent[] = []
  readonly received: UnitDataIndication[] = []
  readonly notices: NoticeIndication[] = []
  readonly sccp: SccpEndpoint
  readonly unbind: () => void

  constructor(options: Partial<SccpEndpointOptions> = {}, ssn = 8) {
    this.sccp = new SccpEndpoint(
      { pointCode: OWN, routing: { defaultDestinations: [HLR] }, ...options },
      { mtp: this.mtp, clock: this.clock, random: () => 0, onEvent: (event) => this.events.push(event) },
    )
    this.unbind = this.sccp.bind(ssn, {
      onUnitData: (indication) => this.received.push(indication),
      onNotice: (notice) => this.notices.push(notice),
    })
  }

  send(octets: number | Uint8Array, more: object = {}) {
    const data = typeof octets === 'number' ? Buffer.alloc(octets, 7) : octets
    return this.sccp.send({ called: SUBSCRIBER, calling: GATEWAY, data, ...more })
  }

  messages() {
    return this.mtp.take().map(({ data }) => decodeSccp(data))
  }
}

test('Q.714 §4.1: the UDT of another stack, octet for octet', () => {
  const bench = new Bench()
  assert.deepEqual(bench.send(decodeSccp(vector('sccp-udt-gt')).data), { sent: true })
  const [sent] = bench.mtp.take()
  assert.equal(toHex(sent?.data ?? Buffer.of()), vectorHex('sccp-udt-gt'))
  assert.deepEqual([sent?.opc, sent?.dpc], [OWN, HLR])
})

test('Q.714 §4.1: importance makes an XUDT, as another stack writes it', () => {
  const bench = new Bench()
  bench.send(decodeSccp(vector('sccp-xudt-importance')).data, { importance: 4 })
  assert.equal(toHex(bench.mtp.take()[0]?.data ?? Buffer.of()), vectorHex('sccp-xudt-importance'))
})

test('Q.714 §1.1.2: class 0 is spread, class 1 keeps its signalling link', () => {
  const bench = new Bench()
  for (let i = 0; i < 16; i++) bench.send(10)
  assert.equal(new Set(bench.mtp.sent.map(({ sls }) => sls)).size, 16)
  assert.ok(bench.messages().every((it) => 'protocolClass' in it && it.protocolClass === 0))
  for (let i = 0; i < 3; i++) bench.send(10, { sequenceControl: 0x12345 })
  assert.deepEqual(
    bench.mtp.sent.map(({ sls }) => sls),
    [5, 5, 5],
  )
  assert.ok(bench.messages().every((it) => 'protocolClass' in it && it.protocolClass === 1))
})

test('Q.704: no message is longer than the network takes, and the limit is used to the last octet', () => {
  const bench = new Bench()
  const limit = bench.sccp.unitDataLimit(SUBSCRIBER, GATEWAY)
  for (let octets = limit - 5; octets < 700; octets++) {
    assert.deepEqual(bench.send(octets), { sent: true })
    const lengths = bench.mtp.sent.map(({ data }) => data.length)
    assert.ok(Math.max(...lengths) <= 268, `${octets} octets: ${lengths}`)
    const messages = bench.messages()
    assert.equal(
      messages.reduce((sum, { data }) => sum + data.length, 0),
      octets,
    )
    assert.equal(messages.length === 1 && messages[0]?.type === 'UDT', octets <= limit)
  }
  bench.send(limit)
  assert.equal(bench.mtp.take()[0]?.data.length, 268)
})

test('Q.714 §4.1.1: segments go in class 1, on one link, to one node, under one reference', () => {
  const bench = new Bench({ routing: { defaultDestinations: [1, 2] } })
  bench.send(900, { startsDialogue: true })
  const { sent } = bench.mtp
  assert.equal(new Set(sent.map(({ sls, dpc }) => `${sls} ${dpc}`)).size, 1)
  assert.deepEqual(
    sent.map(({ startsDialogue }) => startsDialogue ?? false),
    [true, false, false, false],
  )
  const messages = bench.messages()
  assert.deepEqual(
    messages.map(
      (it) => 'protocolClass' in it && [it.protocolClass, it.segmentation?.first, it.segmentation?.remaining],
    ),
    [
      [1, true, 3],
      [1, false, 2],
      [1, false, 1],
      [1, false, 0],
    ],
  )
  assert.ok(messages.every(({ segmentation }) => segmentation?.userClass === 0))
  bench.send(900)
  assert.notEqual(
    bench.messages()[0]?.segmentation?.localReference,
    messages[0]?.segmentation?.localReference,
  )
})

test('Q.714 §4.1.1: what needs more than 16 segments, or may not be segmented, is refused', () => {
  const bench = new Bench()
  assert.deepEqual(bench.send(4_000), {
    sent: false,
    reason: 'tooLong',
    returnCause: ReturnCause.errorInLocalProcessing,
  })
  assert.equal(bench.mtp.sent.length, 0)
  const plain = new Bench({ segmentation: false })
  assert.deepEqual(plain.send(300), {
    sent: false,
    reason: 'noSegmentation',
    returnCause: ReturnCause.segmentationNotSupported,
  })
})

test('routing: primary and backup, load sharing, and nowhere', () => {
  const backup = new Bench({ routing: { defaultDestinations: [1, 2], defaultMode: 'backup' } })
  backup.send(10)
  backup.mtp.refusals.set(1, 'destinationUnavailable')
  backup.send(10)
  assert.deepEqual(
    backup.mtp.sent.map(({ dpc }) => dpc),
    [1, 2],
  )
  const share = new Bench({ routing: { defaultDestinations: [1, 2] } })
  for (let i = 0; i < 4; i++) share.send(10)
  share.mtp.refusals.set(1, 'destinationUnavailable')
  for (let i = 0; i < 4; i++) share.send(10)
  assert.deepEqual(
    share.mtp.sent.map(({ dpc }) => dpc),
    [1, 2, 1, 2, 2, 2, 2, 2],
  )
  assert.deepEqual(new Bench({ routing: {} }).send(10), {
    sent: false,
    reason: 'noTranslation',
    returnCause: ReturnCause.noTranslationOfAddress,
  })
})

const refusals: [SendRefusal, ReturnCause][] = [
  ['notActive', ReturnCause.mtpFailure],
  ['destinationUnavailable', ReturnCause.mtpFailure],
  ['userPartUnavailable', ReturnCause.sccpFailure],
  ['destinationCongested', ReturnCause.networkCongestion],
  ['queueFull', ReturnCause.networkCongestion],
]
for (const [reason, returnCause] of refusals)
  test(`a lower layer that says ${reason}: the user hears it at once`, () => {
    const bench = new Bench()
    bench.mtp.refusals.set(HLR, reason)
    assert.deepEqual(bench.send(10), { sent: false, reason, returnCause })
  })

test('a request may name its point code: it goes there whatever the routing says', () => {
  const bench = new Bench()
  bench.send(10, { pointCode: 77 })
  assert.equal(bench.mtp.sent[0]?.dpc, 77)
})

test('Q.714 §4.1: the UDT of another stack reaches the user of its subsystem', () => {
  const bench = new Bench({}, 6)
  bench.mtp.receive(vector('sccp-udt-gt'))
  bench.mtp.receive(vector('sccp-udt-class1-noreturn'), 0)
  bench.mtp.receive(vector('sccp-udt-gt'), 2058, 5)
  assert.deepEqual(
    bench.received.map(({ protocolClass, originPointCode }) => [protocolClass, originPointCode]),
    [
      [0, 2058],
      [1, undefined],
    ],
  )
  assert.equal(bench.received[0]?.calling.globalTitle?.digits, '447700900010')
})

test('Q.714 §4.1.1.2.3: the XUDT segments of another stack reach the user as one', () => {
  const bench = new Bench({}, 6)
  for (const id of ['sccp-xudt-seg-1', 'sccp-xudt-seg-2', 'sccp-xudt-seg-3']) bench.mtp.receive(vector(id))
  const expected = [1, 2, 3].map((it) => decodeSccp(vector(`sccp-xudt-seg-${it}`)).data)
  assert.deepEqual(
    bench.received.map(({ data }) => toHex(data)),
    [toHex(Buffer.concat(expected))],
  )
  assert.equal(bench.received[0]?.protocolClass, 0, 'the class the user asked for')
})

test('Q.714 §4.1.1.2.3: T(reass): what stays incomplete is returned to its sender', () => {
  const bench = new Bench({}, 6)
  bench.mtp.receive(vector('sccp-xudt-seg-1'))
  bench.clock.advance(16_000)
  const [returned] = bench.messages()
  assert.ok(returned?.type === 'XUDTS' && returned.returnCause === ReturnCause.segmentationFailure)
  assert.equal(bench.clock.pending, 0)
})

test('Q.714 §4.2: the UDTS for an unknown subsystem is that of another stack', () => {
  const bench = new Bench()
  bench.mtp.receive(vector('sccp-udt-gt'))
  assert.equal(toHex(bench.mtp.take()[0]?.data ?? Buffer.of()), vectorHex('sccp-udts-4'))
})

test('Q.714 §4.2: without the return option, and for a service message, nothing goes back', () => {
  const bench = new Bench()
  bench.mtp.receive(vector('sccp-udt-class1-noreturn'))
  bench.unbind()
  bench.mtp.receive(vector('sccp-udts-4'))
  assert.deepEqual(bench.mtp.sent, [])
})

test('Q.714 §4.2: a called address without subsystem is returned as unqualified', () => {
  const bench = new Bench()
  const data = Buffer.of(1)
  const other = new Bench({ pointCode: HLR })
  other.sccp.send({ called: GATEWAY.with({ ssn: undefined } as object), calling: SUBSCRIBER, data })
  bench.mtp.receive(other.mtp.take()[0]?.data ?? data)
  const [returned] = bench.messages()
  assert.ok(returned && 'returnCause' in returned && returned.returnCause === ReturnCause.unqualified)
})

test('Q.714 §4.2: a service message goes by the origin when its address has no route', () => {
  const bench = new Bench({ routing: {} })
  bench.mtp.receive(vector('sccp-udt-gt'), 99)
  assert.equal(bench.mtp.sent[0]?.dpc, 99)
})

for (const cause of [0, 1, 2, 3, 4, 5, 6, 7, 12])
  test(`Q.713 §3.12: UDTS with cause ${cause} is told with its data`, () => {
    const bench = new Bench()
    bench.mtp.receive(vector(`sccp-udts-${cause}`))
    assert.deepEqual(
      bench.notices.map(({ returnCause }) => returnCause),
      [cause],
    )
    assert.equal(toHex(bench.notices[0]?.data ?? Buffer.of()), toHex(decodeSccp(vector('sccp-udt-gt')).data))
  })

test('Q.713 §4.19: XUDTS is told like UDTS', () => {
  const bench = new Bench()
  bench.mtp.receive(vector('sccp-xudts'))
  assert.deepEqual(
    bench.notices.map(({ returnCause }) => returnCause),
    [1],
  )
})

test('Q.714 §4.2: a returned segment, whichever it was, is told once and with the whole message', () => {
  const peer = new Bench({ pointCode: HLR }, 7)
  const bench = new Bench()
  bench.send(900)
  for (const { data } of bench.mtp.take().slice(1)) peer.mtp.receive(data, OWN)
  for (const { data } of peer.mtp.take()) bench.mtp.receive(data)
  assert.deepEqual(
    bench.notices.map(({ data }) => data.length),
    [900],
  )
})

test('a message that was taken but never left comes back as a notice', () => {
  const bench = new Bench()
  bench.send(50)
  const [request] = bench.mtp.take()
  assert.ok(request)
  bench.mtp.report({ kind: 'undelivered', request })
  assert.deepEqual(
    bench.notices.map((it) => [it.returnCause, it.data.length]),
    [[ReturnCause.mtpFailure, 50]],
  )
  assert.ok(bench.notices[0]?.called.equals(GATEWAY))
})

const toSsn = (ssn: number) => ({ called: SccpAddress.of({ routeOn: 'ssn', ssn, pointCode: OWN }) })

test('Q.714 §5.3: SSP closes a subsystem for addresses routed on SSN, SSA and the return of the node open it', () => {
  const bench = new Bench()
  bench.mtp.receive(vector('sccp-scmg-ssp'))
  const refused = { sent: false, reason: 'subsystemProhibited', returnCause: ReturnCause.subsystemFailure }
  assert.deepEqual(bench.send(10, toSsn(8)), refused)
  assert.ok(bench.send(10).sent && bench.send(10, toSsn(6)).sent)
  bench.mtp.receive(vector('sccp-scmg-ssa'))
  assert.ok(bench.send(10, toSsn(8)).sent)
  bench.mtp.receive(vector('sccp-scmg-ssp'))
  const state = { pointCode: OWN, availability: 'available', congestionLevel: 0 } as const
  bench.mtp.report({ kind: 'destination', state })
  assert.ok(bench.send(10, toSsn(8)).sent)
})

test('Q.714 §5.3.4: a prohibited subsystem is asked for with SST', () => {
  const bench = new Bench()
  bench.mtp.receive(vector('sccp-scmg-ssp'))
  bench.clock.advance(11_000)
  const [sst] = bench.mtp.take()
  assert.equal(sst?.dpc, OWN)
  const message = decodeManagement(decodeSccp(sst.data).data)
  assert.deepEqual(message, { format: 3, affectedSsn: 8, affectedPointCode: OWN, multiplicity: 0 })
})

test('Q.714 §5.3.4: SST for an own subsystem that is there brings SSA, for another one nothing', () => {
  const bench = new Bench()
  bench.mtp.receive(vector('sccp-scmg-sst'), 99)
  const [ssa] = bench.mtp.take()
  assert.equal(ssa?.dpc, 99)
  assert.equal(toHex(decodeSccp(ssa.data).data), toHex(decodeSccp(vector('sccp-scmg-ssa')).data))
  bench.unbind()
  bench.mtp.receive(vector('sccp-scmg-sst'), 99)
  assert.deepEqual(bench.mtp.sent, [])
})

test('bind: a subsystem has one user, and management is not for users', () => {
  const bench = new Bench()
  const user = { onUnitData: () => {}, onNotice: () => {} }
  assert.throws(() => bench.sccp.bind(8, user), RangeError)
  assert.throws(() => bench.sccp.bind(1, user), RangeError)
  bench.unbind()
  bench.sccp.bind(8, user)
  bench.unbind()
  assert.throws(() => bench.sccp.bind(8, user), RangeError, 'an old unbind takes nothing away')
})

test('close: nothing is heard any more', () => {
  const bench = new Bench({}, 6)
  bench.mtp.receive(vector('sccp-xudt-seg-1'))
  bench.sccp.close()
  bench.mtp.receive(vector('sccp-udt-gt'))
  assert.deepEqual([bench.received.length, bench.clock.pending], [0, 0])
})

test('hostile: octets that are no message are counted, and nothing else happens', () => {
  const bench = new Bench()
  for (const hex of ['', '09', '0980', 'ff00', '0980030e', '098003ffff']) bench.mtp.receive(fromHex(hex))
  assert.deepEqual(
    bench.events.map(({ kind }) => kind),
    Array(6).fill('malformed'),
  )
  assert.deepEqual(bench.mtp.sent, [])
})

test('hostile: a message whose parts overlap cannot be returned as it was, and is not', () => {
  const bench = new Bench()
  const address = toHex(SUBSCRIBER.octets)
  // The optional part stands before the data, whose 255 octets are the rest of the message.
  const optional = '10 04 80 000001 00'
  const octets = fromHex(`11 80 0f 04 0f 21 19 0b${address} 0b${address} ${optional} ff${'00'.repeat(255)}`)
  assert.equal(decodeSccp(octets).data.length, 255)
  bench.mtp.receive(octets)
  assert.deepEqual([bench.mtp.sent.length, bench.events.map(({ kind }) => kind)], [0, ['refused']])
})

test('Q.713 §2.3: a network that takes more still gets segments whose pointers hold', () => {
  const bench = new Bench({ longestMessageOctets: 4_000 })
  assert.equal(bench.sccp.unitDataLimit(SUBSCRIBER, GATEWAY), 255)
  for (let octets = 250; octets < 600; octets++) assert.ok(bench.send(octets, { importance: 3 }).sent)
  assert.ok(bench.mtp.sent.length > 350)
})
