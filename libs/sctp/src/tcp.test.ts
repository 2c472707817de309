import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connectTcp, listenTcp, type Transport, TransportError, type TransportMessage } from './index.ts'
import { FakeClock } from './testing/index.ts'

const to = (port: number) => ({ transport: 'tcp', host: '127.0.0.1', port }) as const
const nothing = { onData: () => {}, onClose: () => {} }
const text = (value: string, onUnsent?: () => void): TransportMessage => ({
  octets: Buffer.from(value),
  stream: 1,
  ...(onUnsent && { onUnsent }),
})

/** A peer of node:net, not of ours. */
async function peer(context: TestContext, onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    onSocket(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    for (const it of sockets) it.destroy()
    server.close()
  })
  return (server.address() as { port: number }).port
}

function closed(transport: Transport): Promise<TransportError | undefined> {
  return new Promise((onClose) => transport.start({ ...nothing, onClose }))
}

test('messages arrive in order, and close sends what is queued before it ends', async (context) => {
  const received = Promise.withResolvers<string>()
  const port = await peer(context, (socket) => {
    let all = ''
    socket.on('data', (octets) => {
      all += octets.toString()
    })
    socket.on('end', () => received.resolve(all))
  })
  const transport = await connectTcp(to(port))
  const end = closed(transport)
  const parts = Array.from({ length: 500 }, (_, i) => `${i};`)
  for (const it of parts) assert.ok(transport.send(text(it)))
  transport.close()
  assert.equal(transport.send(text('late')), false)
  assert.equal(await received.promise, parts.join(''))
  assert.equal(await end, undefined)
})

test('the queue is bounded: a message beyond is refused, and what never left is given back once', async (context) => {
  const port = await peer(context, (socket) => socket.pause())
  const transport = await connectTcp({ ...to(port), queueLimitOctets: 20_000_000 })
  const end = closed(transport)
  let unsent = 0
  let taken = 0
  const big = () => ({ octets: Buffer.alloc(1_000_000), stream: 1, onUnsent: () => unsent++ })
  while (transport.send(big())) taken++
  await nextTurn()
  while (transport.send(big())) taken++
  assert.ok(taken >= 20 && taken < 60, `${taken} were taken`)
  transport.destroy()
  await end
  await Promise.resolve()
  assert.ok(unsent > 0 && unsent < taken, `${unsent} of ${taken} came back`)
})

test('a peer that resets: the loss is told with its cause', async (context) => {
  const port = await peer(context, (socket) => {
    socket.once('data', () => socket.resetAndDestroy())
  })
  const transport = await connectTcp(to(port))
  const end = closed(transport)
  transport.send(text('go away'))
  const error = await end
  assert.ok(error instanceof TransportError && error.fault === 'lost' && error.cause instanceof Error)
})

test('nobody listens: refused', async () => {
  await assert.rejects(connectTcp(to(1)), { name: 'TransportError', fault: 'refused', retryable: true })
})

test('a name that does not resolve, an address that is not ours: address', async () => {
  await assert.rejects(connectTcp({ ...to(1), host: 'host.invalid' }), { fault: 'address' })
  await assert.rejects(
    listenTcp({ transport: 'tcp', host: '192.0.2.1', port: 0 }, () => {}),
    { fault: 'address' },
  )
})

test('the caller gives up: aborted, whether before or during', async (context) => {
  const port = await peer(context, () => {})
  await assert.rejects(connectTcp(to(port), undefined, AbortSignal.abort()), { fault: 'aborted' })
})

test('the connect timer is the own clock', async () => {
  const clock = new FakeClock()
  const connecting = connectTcp({ ...to(1), host: '127.0.0.1', connectTimeoutMs: 10 }, clock)
  clock.advance(11)
  await assert.rejects(connecting, { fault: 'timeout' })
})

test('a listener hands on transports that talk both ways', async () => {
  const listener = await listenTcp({ transport: 'tcp', host: '127.0.0.1', port: 0 }, (transport) => {
    transport.start({ ...nothing, onData: (octets) => transport.send({ octets, stream: 0 }) })
  })
  const transport = await connectTcp(to(listener.port))
  const echo = new Promise<Buffer>((onData) => transport.start({ ...nothing, onData }))
  transport.send(text('hello'))
  assert.equal((await echo).toString(), 'hello')
  transport.close()
  await listener.close()
})

test('what one turn sends is one write, but for a message that is alone', async (context) => {
  const port = await peer(context, (socket) => socket.resume())
  const transport = await connectTcp(to(port))
  const end = closed(transport)
  const write = context.mock.method(Socket.prototype, 'write')
  for (const value of ['a', 'b', 'alone', 'c', 'd'])
    transport.send({ ...text(value), ...(value === 'alone' && { alone: true }) })
  while (write.mock.callCount() < 3) await nextTurn()
  transport.close()
  await end
  assert.deepEqual(
    write.mock.calls.map(({ arguments: [octets] }) => String(octets)),
    ['ab', 'alone', 'cd'],
  )
})
