import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '@ipsmgw/bytes'
import { decodeSccp, ReturnCause, SccpAddress } from './index.ts'
import { Reassembly, type Segment, segment } from './segmentation.ts'
import { vector } from './testing/vectors.ts'

const OPTIONS = { mostMessages: 3, mostOctets: 1_000, timeoutMs: 15_000 }
const caller = SccpAddress.e164('447700900010', 8)

function part(
  remaining: number,
  data: string | Uint8Array,
  { first = false, localReference = 1, calling = caller } = {},
): Segment {
  const segmentation = { first, userClass: 0, remaining, localReference } as const
  const message = {
    type: 'XUDT',
    protocolClass: 1,
    returnOnError: true,
    called: caller,
    calling,
    data: typeof data === 'string' ? Buffer.from(data) : data,
    segmentation,
  } as const
  return { message, opc: 2058 }
}

test('Q.714 §4.1.1.1.2: equal segments, the last one shorter, so that the first tells the size', () => {
  const lengths = (octets: number) => segment(Buffer.alloc(octets), 100)?.map(({ length }) => length)
  assert.deepEqual(lengths(201), [67, 67, 67])
  assert.deepEqual(lengths(250), [84, 84, 82])
  assert.equal(lengths(1_600)?.length, 16)
})

test('Q.713 §3.17: more than 16 segments there cannot be', () => {
  assert.equal(segment(Buffer.alloc(1_601), 100), undefined)
  assert.equal(segment(Buffer.alloc(10), 0), undefined)
})

test('Q.714 §4.1.1.2.3: the three segments of another stack become one message', () => {
  const reassembly = new Reassembly(OPTIONS)
  const segments = ['sccp-xudt-seg-1', 'sccp-xudt-seg-2', 'sccp-xudt-seg-3'].map((id) =>
    decodeSccp(vector(id)),
  )
  const steps = segments.map((message) => {
    assert.ok('protocolClass' in message && message.segmentation)
    return reassembly.add({ message: { ...message, segmentation: message.segmentation }, opc: 1 }, 0)
  })
  assert.deepEqual(
    steps.map(({ kind }) => kind),
    ['waiting', 'waiting', 'complete'],
  )
  const whole = Buffer.concat(segments.map(({ data }) => data))
  const last = steps.at(-1)
  assert.equal(toHex(last?.kind === 'complete' ? last.data : Buffer.of()), toHex(whole))
  assert.equal(reassembly.size, 0)
})

test('Q.714 §4.1.1.2.3: messages are told apart by local reference and calling address', () => {
  const reassembly = new Reassembly(OPTIONS)
  const calling = SccpAddress.e164('447700900011', 8)
  reassembly.add(part(1, 'aa', { first: true }), 0)
  reassembly.add(part(1, 'bb', { first: true, localReference: 2 }), 0)
  reassembly.add(part(1, 'cc', { first: true, calling }), 0)
  const data = (step: ReturnType<Reassembly['add']>) =>
    step.kind === 'complete' && Buffer.from(step.data).toString()
  assert.equal(data(reassembly.add(part(0, 'C', { calling }), 0)), 'ccC')
  assert.equal(data(reassembly.add(part(0, 'A'), 0)), 'aaA')
  assert.equal(data(reassembly.add(part(0, 'B', { localReference: 2 }), 0)), 'bbB')
})

test('a lone first segment is a whole message', () => {
  assert.equal(new Reassembly(OPTIONS).add(part(0, 'aa', { first: true }), 0).kind, 'complete')
})

for (const [title, bad] of [
  ['a gap', part(0, 'a')],
  ['a repetition', part(2, 'a')],
  ['a segment longer than the first', part(1, 'aaa')],
] as const)
  test(`hostile: ${title} ends the message with its first segment`, () => {
    const reassembly = new Reassembly(OPTIONS)
    reassembly.add(part(2, 'aa', { first: true }), 0)
    const step = reassembly.add(bad, 0)
    assert.ok(step.kind === 'failed' && step.returnCause === ReturnCause.segmentationFailure)
    assert.equal(Buffer.from(step.segment.message.data).toString(), 'aa')
    assert.equal(reassembly.size, 0)
  })

test('hostile: a segment of nothing', () => {
  assert.equal(new Reassembly(OPTIONS).add(part(3, 'a'), 0).kind, 'failed')
})

test('hostile: a first segment again starts the message anew', () => {
  const reassembly = new Reassembly(OPTIONS)
  reassembly.add(part(1, 'aa', { first: true }), 0)
  reassembly.add(part(1, 'bb', { first: true }), 0)
  const step = reassembly.add(part(0, 'c'), 0)
  assert.equal(step.kind === 'complete' && Buffer.from(step.data).toString(), 'bbc')
})

test('bounded: no more messages, and no more octets than announced fit', () => {
  const reassembly = new Reassembly(OPTIONS)
  for (let localReference = 0; localReference < 3; localReference++)
    assert.equal(reassembly.add(part(1, 'aa', { first: true, localReference }), 0).kind, 'waiting')
  const fourth = reassembly.add(part(1, 'aa', { first: true, localReference: 9 }), 0)
  assert.ok(fourth.kind === 'failed' && fourth.returnCause === ReturnCause.noReassemblyAtDestination)
  const large = new Reassembly(OPTIONS).add(part(9, Buffer.alloc(101), { first: true }), 0)
  assert.ok(large.kind === 'failed' && large.returnCause === ReturnCause.noReassemblyAtDestination)
})

test('bounded: after T(reass) a message is forgotten, and its room is free', () => {
  const reassembly = new Reassembly(OPTIONS)
  for (let localReference = 0; localReference < 3; localReference++)
    reassembly.add(part(1, 'aa', { first: true, localReference }), localReference)
  assert.deepEqual(reassembly.expire(14_999), [])
  assert.deepEqual(
    reassembly.expire(15_001).map(({ message }) => message.segmentation.localReference),
    [0, 1],
  )
  assert.equal(reassembly.size, 1)
})

test('a segment outlives the buffer it came in', () => {
  const reassembly = new Reassembly(OPTIONS)
  const buffer = Buffer.from('aa')
  reassembly.add(part(1, buffer, { first: true }), 0)
  buffer.fill(0)
  const step = reassembly.add(part(0, 'b'), 0)
  assert.equal(step.kind === 'complete' && Buffer.from(step.data).toString(), 'aab')
})
