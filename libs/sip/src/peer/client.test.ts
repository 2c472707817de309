import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { EncodeError } from '@ipsmgw/bytes'
import { SipParseError } from '../index.ts'
import { Harness, statusOf } from '../testing/harness.ts'
import { messageOctets, UdpPeer } from '../testing/sockets.ts'

const MESSAGE = { method: 'MESSAGE', uri: 'sip:+447900123456@ims.example' }

/** The answer of a neighbour to a request as octets. */
function answer(request: string, status: number): string {
  const copied = request.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line))
  return [`SIP/2.0 ${status} x`, ...copied, 'Content-Length: 0', '', ''].join('\r\n')
}

for (const transport of ['udp', 'tcp'] as const) {
  test(`RFC 3261 §17.1.2 a request over ${transport} gets the neighbour's final, with mandatory headers made`, () =>
    Harness.run((us) =>
      Harness.run(async (neighbour) => {
        const { host, port } = neighbour.address(transport)
        const pending = us.endpoint.request({
          ...MESSAGE,
          body: 'grüße',
          headers: { From: '<sip:a@b>', 'Content-Type': 'text/plain' },
          destination: { transport, host, port },
        })
        const { message, ...incoming } = await neighbour.request()
        assert.equal(message.body.toString('utf8'), 'grüße')
        assert.equal(message.maxForwards, 70)
        assert.ok(message.from.tag)
        assert.equal(message.to.uriText, MESSAGE.uri)
        assert.deepEqual(message.cseq, { number: 1, method: 'MESSAGE' })
        assert.equal(message.vias.length, 1)
        incoming.transaction.respond(486, 'Busy', { headers: { 'Retry-After': '10' } })
        const outcome = await pending
        assert.ok(outcome.kind === 'response')
        assert.deepEqual(
          [outcome.response.status, outcome.response.reason, outcome.response.headers.get('retry-after')],
          [486, 'Busy', '10'],
        )
      }),
    ))
}

test('an own connection leaves from the address that is listened on, by which peers know us', () =>
  Harness.run(
    (us) =>
      Harness.run(async (neighbour) => {
        const { host, port } = neighbour.address('tcp')
        const pending = us.endpoint.request({ ...MESSAGE, destination: { transport: 'tcp', host, port } })
        const incoming = await neighbour.request()
        assert.equal(incoming.source.address, '127.0.0.7')
        incoming.respond(200)
        await pending
      }),
    { listeners: [{ transport: 'tcp', host: '127.0.0.7', port: 0 }] },
  ))

test('RFC 3261 §17.1.2.2 UDP without any answer: copies at 0.5, 1.5, 3.5, 7.5 s, …, timeout at 32 s', () =>
  Harness.run(async (us) => {
    const peer = await UdpPeer.open()
    const pending = us.endpoint.request({
      ...MESSAGE,
      destination: { transport: 'udp', host: '127.0.0.1', port: peer.port },
    })
    const first = await peer.inbox.next()
    const copies: number[] = []
    for (let ms = 0; ms < 31_900; ms += 100) {
      us.clock.advance(100)
      while (us.count('requestRetransmissionSent') > copies.length)
        copies.push(Math.floor((ms + 100) / 500) / 2)
    }
    assert.deepEqual(copies, [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5])
    assert.equal(await peer.inbox.next(), first)
    us.clock.advance(300)
    assert.deepEqual(await pending, { kind: 'timeout' })
    peer.close()
  }))

test('RFC 3261 §17.1.2.2 a provisional response slows the copies down to T2; Timer K absorbs late finals', () =>
  Harness.run(async (us) => {
    const peer = await UdpPeer.open()
    let provisional = 0
    const pending = us.endpoint.request({
      ...MESSAGE,
      destination: { transport: 'udp', host: '127.0.0.1', port: peer.port },
      onProvisional: (response) => {
        provisional = response.status
      },
    })
    const request = await peer.inbox.next()
    peer.send(answer(request, 100), us.address('udp'))
    await us.seen('responseReceived')
    assert.equal(provisional, 100)
    us.clock.advance(600)
    assert.equal(us.count('requestRetransmissionSent'), 1)
    us.clock.advance(3800)
    assert.equal(us.count('requestRetransmissionSent'), 1)
    us.clock.advance(200)
    assert.equal(us.count('requestRetransmissionSent'), 2)
    peer.send(answer(request, 200), us.address('udp'))
    peer.send(answer(request, 500), us.address('udp'))
    await us.seen('responseReceived', 3)
    const outcome = await pending
    assert.ok(outcome.kind === 'response' && outcome.response.status === 200)
    us.clock.advance(5100)
    peer.send(answer(request, 200), us.address('udp'))
    await us.seen('strayResponse')
    peer.close()
  }))

test('RFC 3261 §17.1.4 a refused connection, a broadcast address and an unknown name are transport errors', () =>
  Harness.run(async (us) => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    assert.ok(address !== null && typeof address === 'object')
    server.close()
    await once(server, 'close')
    for (const destination of [
      { transport: 'tcp', host: '127.0.0.1', port: address.port },
      { transport: 'udp', host: '255.255.255.255', port: 5060 },
      { transport: 'udp', host: '224.0.1.75', port: 5060 },
      { transport: 'tcp', host: 'nothing.invalid', port: 5060 },
    ] as const) {
      assert.equal((await us.endpoint.request({ ...MESSAGE, destination })).kind, 'transportError')
    }
  }))

test('a request that cannot be composed rejects, a full or closed endpoint is an outcome', () =>
  Harness.run(
    async (us) => {
      const peer = await UdpPeer.open()
      const destination = { transport: 'udp', host: '127.0.0.1', port: peer.port } as const
      await assert.rejects(
        us.endpoint.request({ ...MESSAGE, headers: { X: 'a\r\nb' }, destination }),
        EncodeError,
      )
      await assert.rejects(us.endpoint.request({ method: 'MESSAGE', uri: 'tel:+1' }), SipParseError)
      const pending = us.endpoint.request({ ...MESSAGE, destination })
      await peer.inbox.next()
      assert.deepEqual(await us.endpoint.request({ ...MESSAGE, destination }), { kind: 'overloaded' })
      await us.endpoint.close()
      assert.deepEqual(await pending, { kind: 'closed' })
      assert.deepEqual(await us.endpoint.request({ ...MESSAGE, destination }), { kind: 'closed' })
      peer.close()
    },
    { limits: { clientTransactions: 1 } },
  ))

test('RFC 3261 §8.1.2 without a destination the first Route decides, then the Request-URI', () =>
  Harness.run((us) =>
    Harness.run(async (neighbour) => {
      const { port } = neighbour.address('tcp')
      const routed = us.endpoint.request({
        ...MESSAGE,
        headers: { Route: `<sip:127.0.0.1:${port};transport=tcp;lr>, <sip:other.example;lr>` },
      })
      ;(await neighbour.request()).respond(200)
      assert.equal((await routed).kind, 'response')
      const direct = us.endpoint.request({
        method: 'OPTIONS',
        uri: `sip:127.0.0.1:${neighbour.address('udp').port}`,
      })
      ;(await neighbour.request(1)).respond(200)
      assert.equal((await direct).kind, 'response')
      assert.deepEqual(
        neighbour.requests.map((request) => request.source.transport),
        ['tcp', 'udp'],
      )
    }),
  ))

test('RFC 3261 §16 a transaction-stateful proxy: own Via pushed, the response forwarded with it popped', () =>
  Harness.run((proxy) =>
    Harness.run(async (target) => {
      const peer = await UdpPeer.open()
      peer.send(
        messageOctets({
          Via: 'SIP/2.0/UDP ue.example;branch=z9hG4bK-ue;rport, SIP/2.0/TCP x;branch=z9hG4bK-x',
        }),
        proxy.address('udp'),
      )
      const incoming = await proxy.request()
      const { method, uriText } = incoming.message
      const pending = proxy.endpoint.request({
        method,
        uri: uriText,
        headers: incoming.forwardHeaders(),
        body: incoming.message.body,
        destination: { transport: 'tcp', host: '127.0.0.1', port: target.address('tcp').port },
      })
      const forwarded = await target.request()
      assert.deepEqual(
        forwarded.message.vias.map((via) => [via.host, via.params.get('received'), via.params.get('rport')]),
        [
          ['127.0.0.1', undefined, undefined],
          ['ue.example', '127.0.0.1', String(peer.port)],
          ['x', undefined, undefined],
        ],
      )
      assert.equal(forwarded.message.from.tag, '7f21')
      forwarded.respond(404, 'Not Here', { headers: { 'X-A': 'b' }, body: 'c' })
      const outcome = await pending
      assert.ok(outcome.kind === 'response')
      assert.equal(incoming.transaction.forward(outcome.response), 'sent')
      const returned = await peer.inbox.next()
      assert.equal(statusOf(returned), 404)
      assert.match(
        returned,
        /^SIP\/2\.0 404 Not Here\r\nVia: SIP\/2\.0\/UDP ue\.example;branch=z9hG4bK-ue;rport=\d+;received=127\.0\.0\.1, SIP\/2\.0\/TCP x;/,
      )
      assert.match(returned, /X-A: b\r\nContent-Length: 1\r\n\r\nc$/)
      peer.close()
    }),
  ))

test('RFC 3261 §18.1.1 a request above 1300 octets goes over TCP when the URI names no transport', () =>
  Harness.run((us) =>
    Harness.run(async (neighbour) => {
      const { port } = neighbour.address('tcp')
      const pending = us.endpoint.request({
        method: 'MESSAGE',
        uri: `sip:127.0.0.1:${port}`,
        body: 'x'.repeat(1300),
      })
      const request = await neighbour.request()
      assert.equal(request.source.transport, 'tcp')
      request.respond(200)
      assert.equal((await pending).kind, 'response')
    }),
  ))
