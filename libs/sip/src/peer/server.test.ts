import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Harness, statusOf } from '../testing/harness.ts'
import { messageOctets, TcpPeer, UdpPeer } from '../testing/sockets.ts'

const TCP_VIA = 'SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK-t'

/** One UDP neighbour of one endpoint. */
async function withUdp(
  run: (harness: Harness, peer: UdpPeer, send: (octets: string) => void) => Promise<void>,
  ...rest: Parameters<typeof Harness.run> extends [unknown, ...infer R] ? R : never
): Promise<void> {
  await Harness.run(
    async (harness) => {
      const peer = await UdpPeer.open()
      try {
        await run(harness, peer, (octets) => peer.send(octets, harness.address('udp')))
      } finally {
        peer.close()
      }
    },
    ...rest,
  )
}

test('RFC 4320 §4.1 UDP, answer after 6 s: silence, a 100 between 3.5 and 3.6 s, repeated on demand, then the final, repeated until Timer J', () =>
  withUdp(async (harness, peer, send) => {
    send(messageOctets())
    const request = await harness.request()
    harness.clock.advance(500)
    send(messageOctets())
    harness.clock.advance(1000)
    send(messageOctets())
    await harness.seen('requestRetransmissionReceived', 2)
    harness.clock.advance(1999)
    assert.equal(harness.count('tryingSent'), 0)
    harness.clock.advance(101)
    assert.equal(harness.count('tryingSent'), 1)
    assert.equal(statusOf(await peer.inbox.next()), 100)
    send(messageOctets())
    assert.equal(statusOf(await peer.inbox.next()), 100)
    harness.clock.advance(2400)
    assert.equal(request.respond(200), 'sent')
    const final = await peer.inbox.next()
    assert.equal(statusOf(final), 200)
    assert.equal(request.respond(480), 'discarded')
    for (const afterMs of [1000, 30_900]) {
      harness.clock.advance(afterMs)
      send(messageOctets())
      assert.equal(await peer.inbox.next(), final)
    }
    harness.clock.advance(200)
    assert.deepEqual(harness.endpoint.transactions, { open: 0, unanswered: 0 })
    assert.equal(harness.requests.length, 1)
    assert.equal(peer.inbox.size, 0)
  }))

test('RFC 3261 §8.2.6.1 the 100 copies Timestamp and adds the delay', () =>
  withUdp(async (harness, peer, send) => {
    send(messageOctets({ Timestamp: '54' }))
    await harness.request()
    harness.clock.advance(3600)
    assert.match(await peer.inbox.next(), /^SIP\/2\.0 100 Trying\r\n[\s\S]*\r\nTimestamp: 54 3\.5\d\d\r\n/)
  }))

test('RFC 4320 §4 no 408, no 1xx, no final later than 64·T1 after the first reception', () =>
  withUdp(async (harness, peer, send) => {
    send(messageOctets())
    const request = await harness.request()
    assert.equal(request.respond(408), 'forbidden')
    assert.equal(request.respond(183), 'forbidden')
    harness.clock.advance(3600)
    assert.equal(statusOf(await peer.inbox.next()), 100)
    harness.clock.advance(28_399)
    assert.equal(harness.count('transactionExpired'), 0)
    harness.clock.advance(40)
    assert.equal(harness.count('transactionExpired'), 1)
    assert.equal(request.respond(200), 'late')
    assert.deepEqual(harness.endpoint.transactions, { open: 0, unanswered: 0 })
    assert.equal(peer.inbox.size, 0)
  }))

test('RFC 3261 §17.2.2 TCP, slow answer: the 100 after tryingDelayMs, one final, on the same connection', () =>
  Harness.run(async (harness) => {
    const peer = await TcpPeer.open(harness.address('tcp'))
    peer.send(messageOctets({ Via: TCP_VIA }))
    const request = await harness.request()
    harness.clock.advance(199)
    assert.equal(harness.count('tryingSent'), 0)
    harness.clock.advance(40)
    assert.equal(statusOf(await peer.inbox.next()), 100)
    request.respond(202)
    assert.equal(statusOf(await peer.inbox.next()), 202)
    assert.equal(request.respond(200), 'discarded')
    assert.equal(harness.endpoint.transactions.open, 0)
  }))

test('RFC 3261 §9.2 CANCEL: 200 with the To-tag of the MESSAGE, which still gets its 200; 481 when nothing matches', () =>
  withUdp(async (harness, peer, send) => {
    send(messageOctets())
    const request = await harness.request()
    send(messageOctets({}, '', 'CANCEL'))
    const cancelled = await peer.inbox.next()
    assert.equal(statusOf(cancelled), 200)
    assert.match(cancelled, /CSeq: 100 CANCEL\r\n/)
    assert.ok(cancelled.includes(`;tag=${request.transaction.toTag}\r\n`))
    request.respond(200)
    assert.match(await peer.inbox.next(), /^SIP\/2\.0 200 OK\r\n[\s\S]*CSeq: 100 MESSAGE\r\n/)
    send(messageOctets({ Via: 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-other;rport' }, '', 'CANCEL'))
    assert.equal(statusOf(await peer.inbox.next()), 481)
    assert.equal(harness.requests.length, 1)
  }))

test('RFC 3261 §17 a stray ACK and a stray response are dropped without an answer', () =>
  withUdp(async (harness, peer, send) => {
    send(messageOctets({}, '', 'ACK'))
    send(messageOctets().replace(/^MESSAGE \S+ SIP\/2\.0/, 'SIP/2.0 200 OK'))
    await harness.seen('strayResponse')
    assert.equal(harness.count('strayAck'), 1)
    assert.equal(peer.inbox.size, 0)
    assert.equal(harness.requests.length, 0)
  }))

test('RFC 3261 §8.2.2.2 the same From-tag, Call-ID and CSeq with another branch is a merged request', () =>
  withUdp(async (harness, peer, send) => {
    send(messageOctets())
    const first = await harness.request()
    send(messageOctets({ Via: 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-2;rport' }))
    const second = await harness.request(1)
    assert.equal(first.mergedWith, undefined)
    assert.equal(second.mergedWith, first.transaction)
    assert.equal(second.mergedWith?.connectionOpen, true)
    second.respond(482)
    assert.equal(statusOf(await peer.inbox.next()), 482)
    first.respond(200)
    assert.equal(second.mergedWith?.finalStatus, 200)
    assert.equal(statusOf(await peer.inbox.next()), 200)
    send(messageOctets({ Via: 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-3;rport', CSeq: '101 MESSAGE' }))
    assert.equal((await harness.request(2)).mergedWith, undefined)
  }))

test('RFC 3261 §8.2.2.2 a third copy is merged too when the first transaction is over and the second is not', () =>
  withUdp(async (harness, _peer, send) => {
    send(messageOctets())
    const first = await harness.request()
    first.respond(200)
    harness.clock.advance(20_000)
    send(messageOctets({ Via: 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-2;rport' }))
    const second = await harness.request(1)
    second.respond(200)
    harness.clock.advance(20_000)
    assert.equal(harness.endpoint.transactions.open, 1)
    send(messageOctets({ Via: 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-3;rport' }))
    const third = await harness.request(2)
    assert.equal(third.mergedWith, second.transaction)
    harness.clock.advance(40_000)
    assert.equal(third.respond(200), 'late')
    send(messageOctets({ Via: 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-4;rport' }))
    assert.equal((await harness.request(3)).mergedWith, undefined)
  }))

test('RFC 3261 §8.2.2.2 a failover copy after the connection was lost finds the transaction, and that it is cut off', () =>
  Harness.run(async (harness) => {
    const lost = await TcpPeer.open(harness.address('tcp'))
    lost.send(messageOctets({ Via: TCP_VIA }))
    await harness.request()
    lost.socket.destroy()
    await harness.seen('connectionClosed')
    const copy = await TcpPeer.open(harness.address('tcp'))
    copy.send(messageOctets({ Via: 'SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK-copy' }))
    assert.equal((await harness.request(1)).mergedWith?.connectionOpen, false)
  }))

test('RFC 3261 §18.2.2 the connection is gone: the final goes over a new one to the port of sent-by', () =>
  Harness.run(async (harness) => {
    await Harness.run(async (neighbour) => {
      const { port } = neighbour.address('tcp')
      const peer = await TcpPeer.open(harness.address('tcp'))
      peer.send(messageOctets({ Via: `SIP/2.0/TCP 127.0.0.1:${port};branch=z9hG4bK-t` }))
      const request = await harness.request()
      peer.socket.destroy()
      await harness.seen('connectionClosed')
      assert.equal(request.respond(200), 'sent')
      await neighbour.seen('strayResponse')
    })
  }))

test('RFC 3261 §18.2.2 a copy with the same branch on a new connection takes the answer over when the first is gone', () =>
  Harness.run(async (harness) => {
    const lost = await TcpPeer.open(harness.address('tcp'))
    lost.send(messageOctets({ Via: TCP_VIA }))
    const request = await harness.request()
    lost.socket.destroy()
    await harness.seen('connectionClosed')
    const again = await TcpPeer.open(harness.address('tcp'))
    again.send(messageOctets({ Via: TCP_VIA }))
    await harness.seen('requestRetransmissionReceived')
    assert.equal(request.transaction.connectionOpen, true)
    request.respond(200)
    assert.equal(statusOf(await again.inbox.next()), 200)
    assert.equal(harness.requests.length, 1)
  }))

test('RFC 3261 §17.2.3 a branch of the magic cookie alone: two different requests are two, a copy is a copy', () =>
  withUdp(async (harness, _peer, send) => {
    const via = { Via: 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK;rport' }
    send(messageOctets(via))
    send(messageOctets(via))
    send(messageOctets({ ...via, 'Call-ID': 'another' }))
    send(messageOctets({ Via: 'SIP/2.0/UDP 127.0.0.1;rport', CSeq: '3 MESSAGE' }))
    await harness.request(2)
    assert.equal(harness.count('requestRetransmissionReceived'), 1)
    assert.equal(harness.requests.length, 3)
  }))

test('RFC 3261 §17.2.3 the same branch from another sent-by, or with another method, is another transaction', () =>
  withUdp(async (harness, _peer, send) => {
    send(messageOctets())
    send(messageOctets({ Via: 'SIP/2.0/UDP 127.0.0.2;branch=z9hG4bK-1;rport' }))
    send(messageOctets({}, '', 'OPTIONS'))
    await harness.request(2)
    assert.equal(harness.count('requestRetransmissionReceived'), 0)
    for (const request of harness.requests) request.respond(200)
    harness.clock.advance(33_000)
    assert.equal(harness.endpoint.transactions.open, 0)
  }))

test('RFC 3261 §21.5.4 above the bound of transactions: 503 with Retry-After and no state', () =>
  withUdp(
    async (harness, peer, send) => {
      send(messageOctets())
      await harness.request()
      send(messageOctets({ Via: 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-2;rport', 'Call-ID': 'c-2' }))
      const refused = await peer.inbox.next()
      assert.match(refused, /^SIP\/2\.0 503 Service Unavailable\r\n[\s\S]*Retry-After: 7\r\n/)
      assert.equal(harness.endpoint.transactions.open, 1)
      assert.equal(harness.count('transactionsFull'), 1)
    },
    { limits: { serverTransactions: 1 }, retryAfterSeconds: 7 },
  ))

test('RFC 3261 §8.2.7 a malformed request is refused with the same To-tag each time, and leaves no state', () =>
  withUdp(async (harness, peer, send) => {
    send(messageOctets({ 'Max-Forwards': 'x' }))
    const first = await peer.inbox.next()
    assert.equal(statusOf(first), 400)
    send(messageOctets({ 'Max-Forwards': 'x' }))
    assert.equal(await peer.inbox.next(), first)
    assert.match(first, /To: <tel:\+447900123456>;tag=[0-9a-f]{16}\r\n/)
    assert.equal(harness.endpoint.transactions.open, 0)
  }))

test('RFC 3581 §4 with rport the answer goes to the source port, with received', () =>
  withUdp(async (harness, peer, send) => {
    send(messageOctets({ Via: 'SIP/2.0/UDP scscf.example:9;branch=z9hG4bK-1;rport' }))
    ;(await harness.request()).respond(200)
    assert.ok((await peer.inbox.next()).includes(`;rport=${peer.port};received=127.0.0.1\r\n`))
  }))

test('RFC 3261 §18.2.2 without rport the answer goes to the port of sent-by', () =>
  withUdp(async (harness, _peer, send) => {
    const other = await UdpPeer.open()
    send(messageOctets({ Via: `SIP/2.0/UDP scscf.example:${other.port};branch=z9hG4bK-1` }))
    ;(await harness.request()).respond(200)
    assert.equal(statusOf(await other.inbox.next()), 200)
    other.close()
  }))

test('RFC 3261 §18.1.1 a datagram of nearly 65,535 octets is served', () =>
  withUdp(async (harness, peer, send) => {
    send(messageOctets({}, 'x'.repeat(65_000)))
    const request = await harness.request()
    assert.equal(request.message.body.length, 65_000)
    request.respond(413)
    assert.equal(statusOf(await peer.inbox.next()), 413)
  }))

test('RFC 3261 §18 IPv6 over UDP and TCP, received without brackets', () =>
  Harness.run(
    async (harness) => {
      const via = 'SIP/2.0/UDP [2001:db8::1];branch=z9hG4bK-6;rport'
      const udp = await UdpPeer.open('::1')
      udp.send(messageOctets({ Via: via }), harness.address('udp'))
      ;(await harness.request()).respond(200)
      assert.match(await udp.inbox.next(), /;received=::1\r\n/)
      udp.close()
      const tcp = await TcpPeer.open(harness.address('tcp'))
      tcp.send(messageOctets({ Via: via.replace('UDP', 'TCP').replace('-6', '-7') }))
      ;(await harness.request(1)).respond(200)
      assert.equal(statusOf(await tcp.inbox.next()), 200)
    },
    { listeners: (['udp', 'tcp'] as const).map((transport) => ({ transport, host: '::1', port: 0 })) },
  ))

test('RFC 3261 §26 an address that is not allowed gets nothing over UDP and no connection over TCP', () =>
  withUdp(
    async (harness, peer, send) => {
      send(messageOctets())
      await harness.seen('notAllowed')
      const tcp = await TcpPeer.open(harness.address('tcp'))
      await tcp.closed
      assert.equal(harness.count('notAllowed'), 2)
      assert.equal(peer.inbox.size + harness.requests.length, 0)
    },
    {},
    { allow: () => false },
  ))

test('RFC 3261 §21 a handler that throws or rejects gives 500, one that reads a malformed header 400', async () => {
  const faults: unknown[] = []
  await withUdp(
    async (_harness, peer, send) => {
      send(messageOctets())
      assert.equal(statusOf(await peer.inbox.next()), 500)
      send(messageOctets({ Via: 'SIP/2.0/UDP h;branch=z9hG4bK-2;rport', CSeq: '2 MESSAGE' }))
      assert.equal(statusOf(await peer.inbox.next()), 500)
      send(
        messageOctets({
          Via: 'SIP/2.0/UDP h;branch=z9hG4bK-3;rport',
          CSeq: '3 MESSAGE',
          'Content-Type': 'text',
        }),
      )
      assert.equal(statusOf(await peer.inbox.next()), 400)
      assert.equal(faults.length, 2)
    },
    {},
    {
      onRequest: ({ message }) => {
        if (message.cseq.number === 2) return Promise.reject(new Error('late'))
        if (message.cseq.number === 3) void message.contentType
        throw new Error('at once')
      },
      onHandlerError: (error) => faults.push(error),
    },
  )
})

test('closing: new requests get 503, the open one its final, then everything closes', () =>
  withUdp(async (harness, peer, send) => {
    send(messageOctets())
    const request = await harness.request()
    const closed = harness.endpoint.close({ drainMs: 10_000 })
    send(messageOctets({ Via: 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-2;rport', 'Call-ID': 'c-2' }))
    assert.equal(statusOf(await peer.inbox.next()), 503)
    request.respond(200)
    assert.equal(statusOf(await peer.inbox.next()), 200)
    await closed
  }))

test('closing: the drain ends after drainMs even when nobody answers', () =>
  withUdp(async (harness, _peer, send) => {
    send(messageOctets())
    await harness.request()
    const closed = harness.endpoint.close({ drainMs: 3000 })
    harness.clock.advance(3100)
    await closed
  }))

test('a busy port rejects start() with EADDRINUSE and leaves nothing bound', () =>
  Harness.run(async (harness) => {
    const { port } = harness.address('tcp')
    const second = new Harness({
      listeners: [
        { transport: 'udp', host: '127.0.0.1', port: 0 },
        { transport: 'tcp', host: '127.0.0.1', port },
      ],
    })
    await assert.rejects(second.endpoint.start(), { code: 'EADDRINUSE' })
  }))

test('RFC 3261 §17.2.4 an answer after close finds no transport: no state and no timer is left', async () => {
  let answer: (() => void) | undefined
  await withUdp(async (harness, _peer, send) => {
    send(messageOctets())
    const request = await harness.request()
    answer = () => {
      assert.equal(request.respond(200), 'sent')
      assert.equal(harness.count('unroutable'), 1)
      assert.deepEqual(harness.endpoint.transactions, { open: 0, unanswered: 0 })
    }
  })
  answer?.()
})
