// Runs under a kernel with SCTP, where `sctp.test.ts` starts it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { connectSctp, listenSctp, type Transport, type TransportError } from '@ipsmgw/sctp'

const CLIENT = ['10.99.1.1', '10.99.2.1']
const SERVER = ['10.99.1.2', '10.99.2.2']
const tuning = {
  heartbeatMs: 200,
  pathRetransmissions: 1,
  associationRetransmissions: 3,
  rtoMinimumMs: 100,
  rtoMaximumMs: 300,
}
const common = { transport: 'sctp', payloadProtocol: 3, ...tuning } as const

const ip = (...args: string[]) => execFileSync('ip', args)
const add = (address: string) => ip('addr', 'add', `${address}/32`, 'dev', 'lo')
const remove = (address: string) => ip('addr', 'del', `${address}/32`, 'dev', 'lo')

/** One end: the sizes of its reads, its octets, its end. */
class End extends EventTarget {
  readonly reads: number[] = []
  octets = 0
  readonly transport: Transport
  readonly closed: Promise<TransportError | undefined>

  constructor(transport: Transport) {
    super()
    this.transport = transport
    this.closed = new Promise((resolve) => {
      transport.start({
        onData: ({ length }) => {
          this.reads.push(length)
          this.octets += length
          this.dispatchEvent(new Event('data'))
        },
        onClose: resolve,
      })
    })
  }

  async until(octets: number): Promise<void> {
    while (this.octets < octets) await once(this, 'data')
  }
}

async function associate(client: readonly string[], server: readonly string[]) {
  const accepted = Promise.withResolvers<End>()
  const listener = await listenSctp({ ...common, hosts: server, port: 0 }, (it) =>
    accepted.resolve(new End(it)),
  )
  const near = new End(
    await connectSctp({ ...common, hosts: server, port: listener.port, localAddresses: client }),
  )
  return { near, far: await accepted.promise, listener }
}

for (const it of [...CLIENT, ...SERVER]) add(it)

test('RFC 9260: messages keep their boundaries, whatever their stream', async () => {
  const { near, far, listener } = await associate(['127.0.0.1'], ['127.0.0.1'])
  assert.equal(near.transport.outboundStreams, 17)
  const sizes = Array.from({ length: 300 }, (_, i) => 1 + ((i * 37) % 900))
  for (const [i, size] of sizes.entries())
    assert.ok(near.transport.send({ octets: Buffer.alloc(size, i), stream: i % 17 }))
  await far.until(sizes.reduce((sum, it) => sum + it))
  assert.deepEqual(far.reads.toSorted(), sizes.toSorted())
  near.transport.close()
  assert.equal(await far.closed, undefined)
  assert.equal(await near.closed, undefined)
  await listener.close()
})

test('RFC 9260 §8.2: a multi-homed association outlives the loss of its primary path', async () => {
  const { near, far, listener } = await associate(CLIENT, SERVER)
  near.transport.send({ octets: Buffer.alloc(10), stream: 1 })
  await far.until(10)
  remove(SERVER[0] as string)
  remove(CLIENT[0] as string)
  near.transport.send({ octets: Buffer.alloc(10), stream: 1 })
  await far.until(20)
  far.transport.send({ octets: Buffer.alloc(10), stream: 1 })
  await near.until(10)

  remove(SERVER[1] as string)
  remove(CLIENT[1] as string)
  near.transport.send({ octets: Buffer.alloc(10), stream: 1 })
  const error = await near.closed
  assert.equal(error?.fault, 'lost', 'RFC 9260 §8.1: all paths gone, the association fails')
  await far.closed
  await listener.close()
})
