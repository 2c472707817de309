import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SctpUnavailableError } from '@ipsmgw/sctp'
import { FakeTransport } from '@ipsmgw/sctp/testing'
import { loadPeers } from './peers-file.ts'
import { SctpWire } from './sctp-wire.ts'

/** What a wire told, in order. */
function listenTo(wire: SctpWire) {
  const told: string[] = []
  const { promise: closed, resolve } = Promise.withResolvers<Error | undefined>()
  const { promise: ready, resolve: isReady } = Promise.withResolvers<void>()
  wire.start({
    ready() {
      told.push('ready')
      isReady()
    },
    data: (octets) => told.push(octets.toString('hex')),
    drain: () => told.push('drain'),
    closed(error) {
      told.push('closed')
      resolve(error)
    },
  })
  return { told, closed, ready }
}

describe('SctpWire', () => {
  test('a wire that is dialled is ready when its association is up, and hears what comes', async () => {
    const transport = new FakeTransport()
    const { told, ready } = listenTo(new SctpWire(async () => transport))
    await ready
    transport.receive(Buffer.of(1))
    assert.deepEqual(told, ['ready', '01'])
  })

  test('without SCTP in the kernel it closes with the sentence that says what to load', async () => {
    const { closed, told } = listenTo(
      new SctpWire(async () => {
        throw new SctpUnavailableError('kernel')
      }),
    )
    assert.match((await closed)?.message ?? '', /modprobe sctp/)
    assert.deepEqual(told, ['closed'])
  })

  test('given up before it is up: the attempt ends, and an association that comes all the same is aborted', async () => {
    const transport = new FakeTransport()
    const { promise: opened, resolve: open } = Promise.withResolvers<FakeTransport>()
    const signals: AbortSignal[] = []
    const wire = new SctpWire((signal) => {
      signals.push(signal)
      return opened
    })
    const { closed, told } = listenTo(wire)
    wire.destroy(new Error('connect timer'))
    assert.equal(signals[0]?.aborted, true)
    open(transport)
    assert.equal((await closed)?.message, 'connect timer')
    assert.deepEqual([told, transport.closed], [['closed'], true])
  })
})

describe('transport of a configured peer', () => {
  const peer = { identity: 'hss1.example', host: '192.0.2.1', port: 3868, realms: [], priority: 1 }
  const load = (more: object) => loadPeers({ peersFile: '', peers: [{ ...peer, ...more }] })[0]

  test('sctp takes further addresses of both sides', () => {
    const homes = { furtherHosts: ['198.51.100.1'], localAddresses: ['192.0.2.9', '198.51.100.9'] }
    assert.deepEqual(load({ transport: 'sctp', ...homes }), { ...peer, transport: 'sctp', ...homes })
  })

  for (const [more, complaint] of [
    [{ transport: 'tls' }, /hss1\.example.*tls needs tls with its files/],
    [
      { transport: 'sctp', tls: { certificateFile: 'a', keyFile: 'b', authoritiesFile: 'c' } },
      /tls is not for transport sctp/,
    ],
    [{ furtherHosts: ['198.51.100.1'] }, /are for transport sctp/],
  ] as const)
    test(`${JSON.stringify(more)} is refused`, () => assert.throws(() => load(more), complaint))
})
