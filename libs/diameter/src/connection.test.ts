import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { FakeTransport } from '@ipsmgw/sctp/testing'
import { type ConnectionOwner, DiameterConnection } from './connection.ts'
import type { Outgoing } from './outbox.ts'
import { SctpWire } from './sctp-wire.ts'
import { TcpWire } from './tcp-wire.ts'
import type { Wire, WireHandlers } from './wire.ts'

const owner: ConnectionOwner = { connected() {}, message() {}, framingLost() {}, lost() {} }
const NUMBERED = (i: number) => Buffer.of(i >> 8, i)
/** The least that is a message: a header without AVPs. */
const MESSAGE = Buffer.from('010000140000011800000000aaaaaaaabbbbbbbb', 'hex')

/** A request whose octets say which one it is. */
class Request implements Outgoing {
  readonly octets: Buffer
  withdrawn = false
  left = false

  constructor(i: number) {
    this.octets = NUMBERED(i)
  }

  written(): void {
    this.left = true
  }
}

/** A wire that keeps what was written and is full whenever the test says so. */
class TestWire implements Wire {
  readonly remoteAddress = 'test'
  readonly localAddresses = ['127.0.0.1']
  readonly batchOctets: number
  readonly writes: Buffer[] = []
  full = false
  #handlers: WireHandlers | undefined

  constructor(batchOctets = 64) {
    this.batchOctets = batchOctets
  }

  start(handlers: WireHandlers): void {
    this.#handlers = handlers
  }

  write(octets: Buffer): boolean {
    this.writes.push(octets)
    return !this.full
  }

  drain(): void {
    this.full = false
    this.#handlers?.drain()
  }

  end(): void {}

  destroy(error?: Error): void {
    this.#handlers?.closed(error)
  }
}

function requests(count: number): Request[] {
  return Array.from({ length: count }, (_, i) => new Request(i))
}

const octetsOf = (these: readonly Request[]) => Buffer.concat(these.map(({ octets }) => octets))

describe('Connection', () => {
  test('RFC 6733 §2.1: what one turn of the event loop sends is one write, in its order', async () => {
    const wire = new TestWire()
    const connection = new DiameterConnection(wire, owner, 1_000)
    const sent = requests(20)
    connection.sendAnswer(NUMBERED(500))
    for (const it of sent) connection.sendRequest(it)
    assert.deepEqual([wire.writes.length, sent.some(({ left }) => left)], [0, false])
    await turn()
    assert.deepEqual(wire.writes, [Buffer.concat([NUMBERED(500), octetsOf(sent)])])
    assert.ok(sent.every(({ left }) => left))
  })

  test('RFC 6733 §2.1: 300 requests over TCP leave this process in as many writes as turns', async (t) => {
    const { near, wrote, arrived } = await tcpPair(t)
    const connection = new DiameterConnection(near, owner, 1_000)
    const sent = requests(300)
    for (const it of sent.slice(0, 100)) connection.sendRequest(it)
    await turn()
    for (const it of sent.slice(100)) connection.sendRequest(it)
    await turn()
    assert.equal(wrote(), 2)
    assert.deepEqual(await arrived(600), octetsOf(sent))
  })

  test('a peer that does not read: what was not written may be withdrawn, and nothing says that it left', async () => {
    const wire = new TestWire()
    const connection = new DiameterConnection(wire, owner, 1_000)
    const [first, second, third] = requests(3) as [Request, Request, Request]
    wire.full = true
    connection.sendRequest(first)
    await turn()
    connection.sendRequest(second)
    connection.sendRequest(third)
    await turn()
    assert.deepEqual([first.left, second.left, third.left], [true, false, false])
    second.withdrawn = true
    wire.drain()
    assert.deepEqual(wire.writes, [first.octets, third.octets])
    assert.equal(second.left, false)
  })

  test('a write holds so much and no more; the rest follows in the same turn', async () => {
    const wire = new TestWire(8)
    const connection = new DiameterConnection(wire, owner, 1_000)
    const sent = requests(10)
    for (const it of sent) connection.sendRequest(it)
    await turn()
    assert.deepEqual(
      wire.writes.map(({ length }) => length),
      [8, 8, 4],
    )
    assert.deepEqual(Buffer.concat(wire.writes), octetsOf(sent))
  })

  test('an end writes the answers that wait, even to a peer that is slow', async () => {
    const wire = new TestWire(1)
    const connection = new DiameterConnection(wire, owner, 1_000)
    wire.full = true
    for (const i of [1, 2, 3]) connection.sendAnswer(NUMBERED(i))
    await turn()
    assert.equal(wire.writes.length, 1)
    connection.end()
    assert.deepEqual(Buffer.concat(wire.writes), Buffer.concat([1, 2, 3].map(NUMBERED)))
  })
})

describe('SCTP', () => {
  test('RFC 6733 §2.1.1: a message is one write, the next one waits here and may be withdrawn', async () => {
    const transport = new FakeTransport()
    const connection = new DiameterConnection(new SctpWire(transport), owner, 1_000)
    const [first, second, third] = requests(3) as [Request, Request, Request]
    for (const it of [first, second, third]) connection.sendRequest(it)
    await turn()
    assert.deepEqual([first.left, second.left, third.left], [true, false, false])
    second.withdrawn = true
    transport.drain()
    assert.deepEqual(
      transport.sent.map(({ octets }) => octets),
      [first.octets, third.octets],
    )
  })

  test('RFC 6733 §2.1.1: stream 0 until the peer is known to have our capabilities, then all others in turn', async () => {
    const transport = new FakeTransport()
    const connection = new DiameterConnection(new SctpWire(transport), owner, 1_000)
    const send = async (...these: Request[]) => {
      for (const it of these) connection.sendRequest(it)
      await turn()
      for (const _ of these) transport.drain()
    }
    transport.receive(MESSAGE)
    await send(...requests(2))
    transport.receive(MESSAGE)
    await send(...requests(3))
    connection.sendNow(NUMBERED(1))
    transport.drain()
    assert.deepEqual(
      transport.sent.map(({ stream }) => stream),
      [0, 0, 1, 2, 3, 0],
    )
  })

  test('a watchdog message goes before what waits, and what waits is still here', async () => {
    const transport = new FakeTransport()
    const connection = new DiameterConnection(new SctpWire(transport), owner, 1_000)
    const [waiting] = requests(1) as [Request]
    connection.sendNow(NUMBERED(7))
    connection.sendRequest(waiting)
    await turn()
    assert.equal(waiting.left, false)
    transport.drain()
    assert.equal(waiting.left, true)
  })
})

/** A wire over a real socket whose writes to the kernel are counted, and what comes out of its other end. */
async function tcpPair(t: TestContext) {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1')
  const [far] = await once(server, 'connection')
  if (socket.connecting) await once(socket, 'connect')
  t.after(() => {
    socket.destroy()
    far.destroy()
    server.close()
  })
  // Beneath the stream: one call here is one write of libuv.
  const handle = (socket as unknown as { _handle: { writeBuffer(...args: unknown[]): number } })._handle
  let writes = 0
  const writeBuffer = handle.writeBuffer.bind(handle)
  handle.writeBuffer = (...args) => {
    writes++
    return writeBuffer(...args)
  }
  const arrived = async (octets: number) => {
    const chunks: Buffer[] = []
    for await (const chunk of far) {
      chunks.push(chunk)
      if (chunks.reduce((sum, { length }) => sum + length, 0) >= octets) break
    }
    return Buffer.concat(chunks)
  }
  return { near: new TcpWire(socket), wrote: () => writes, arrived }
}
