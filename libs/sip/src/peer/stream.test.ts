import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Harness, statusOf } from '../testing/harness.ts'
import { messageOctets, TcpPeer } from '../testing/sockets.ts'

const message = (branch: string, headers: Record<string, string> = {}, body = 'hello'): string =>
  messageOctets(
    { Via: `SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK-${branch}`, 'Call-ID': branch, ...headers },
    body,
  )

test('RFC 3261 §18.3 two requests in one segment, then one in single octets, are each answered', () =>
  Harness.run(async (harness) => {
    const peer = await TcpPeer.open(harness.address('tcp'))
    peer.send(message('a') + message('b', {}, 'a\0b'))
    for (const octet of message('c')) peer.send(octet)
    await harness.request(2)
    assert.deepEqual(
      harness.requests.map((request) => request.message.body.toString()),
      ['hello', 'a\0b', 'hello'],
    )
    let answers = ''
    for (const request of harness.requests) request.respond(200)
    while (answers.split('SIP/2.0 200 OK').length < 4) answers += await peer.inbox.next()
  }))

test('RFC 5626 §3.5.1 a double CRLF is answered with one CRLF', () =>
  Harness.run(async (harness) => {
    const peer = await TcpPeer.open(harness.address('tcp'))
    peer.send('\r\n\r\n')
    assert.equal(await peer.inbox.next(), '\r\n')
    peer.send(message('a'))
    await harness.request()
  }))

for (const [title, octets, status] of [
  ['missing Content-Length', message('a', { 'Content-Length': '' }), 400],
  ['negative Content-Length', message('a', { 'Content-Length': '-1' }), 400],
  ['conflicting Content-Length', message('a', { 'Content-Length': '5\r\nl: 6' }), 400],
  ['head above the limit', message('a', { 'X-Long': 'x'.repeat(70_000) }), 513],
] as const) {
  test(`RFC 3261 §18.3 ${title} on a stream: ${status}, and the connection is closed`, () =>
    Harness.run(async (harness) => {
      const peer = await TcpPeer.open(harness.address('tcp'))
      peer.send(octets)
      assert.equal(statusOf(await peer.inbox.next()), status)
      await peer.closed
      await harness.seen('connectionClosed')
      assert.equal(harness.requests.length, 0)
    }))
}

test('RFC 3261 §18.3 noise that is no SIP closes the connection without an answer', () =>
  Harness.run(async (harness) => {
    const peer = await TcpPeer.open(harness.address('tcp'))
    peer.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await peer.closed
    assert.equal(peer.inbox.size, 0)
  }))

test('a message that is never finished closes the connection after messageTimeoutMs', () =>
  Harness.run(async (harness) => {
    const peer = await TcpPeer.open(harness.address('tcp'))
    peer.send(`${message('a')}${message('b').slice(0, 50)}`)
    ;(await harness.request()).respond(200)
    await peer.inbox.next()
    harness.clock.advance(9_900)
    assert.equal(harness.count('messageTimeout'), 0)
    harness.clock.advance(200)
    assert.equal(harness.count('messageTimeout'), 1)
    await peer.closed
  }))

test('an idle connection is closed, one that waits for an answer is not', () =>
  Harness.run(
    async (harness) => {
      const idle = await TcpPeer.open(harness.address('tcp'))
      await harness.seen('connectionOpened')
      const waiting = await TcpPeer.open(harness.address('tcp'))
      waiting.send(message('a'))
      const request = await harness.request()
      harness.clock.advance(10_100)
      await idle.closed
      assert.equal(harness.count('idleTimeout'), 1)
      request.respond(200)
      const answers = `${await waiting.inbox.next()}`
      assert.match(answers, /^SIP\/2\.0 100 /)
      harness.clock.advance(12_000)
      await waiting.closed
    },
    { limits: { idleTimeoutMs: 10_000 } },
  ))

test('connections above the bound are closed at once, the others go on', () =>
  Harness.run(
    async (harness) => {
      const first = await TcpPeer.open(harness.address('tcp'))
      await harness.seen('connectionOpened')
      const second = await TcpPeer.open(harness.address('tcp'))
      await second.closed
      assert.equal(harness.count('connectionsFull'), 1)
      first.send(message('a'))
      await harness.request()
    },
    { limits: { connections: 1 } },
  ))

/** Requests of a peer that does not read, answered at length until `until`. */
async function answerUnread(harness: Harness, peer: TcpPeer, until: () => boolean): Promise<void> {
  peer.socket.pause()
  const body = 'x'.repeat(60_000)
  for (let i = 0; i < 400 && !until(); i++) {
    peer.send(message(`m${i}`))
    const request = await harness.request(i)
    request.respond(200, '', { body })
  }
}

test('a peer that never reads is cut off at the bound of the write buffer', () =>
  Harness.run(
    async (harness) => {
      const peer = await TcpPeer.open(harness.address('tcp'))
      await answerUnread(harness, peer, () => harness.count('writeBufferFull') > 0)
      assert.equal(harness.count('writeBufferFull'), 1)
      await harness.seen('connectionClosed')
    },
    { limits: { writeBufferOctets: 200_000 } },
  ))

test('a peer that has stopped reading is cut off when nothing has moved for a while, whatever room there is', () =>
  Harness.run(
    async (harness) => {
      const peer = await TcpPeer.open(harness.address('tcp'))
      await answerUnread(harness, peer, () => {
        harness.clock.advance(100)
        return harness.count('writeBufferFull') > 0
      })
      assert.equal(harness.count('writeBufferFull'), 1)
      await harness.seen('connectionClosed')
    },
    { limits: { writeStallMs: 5_000 } },
  ))

test('a peer that reads late gets every answer of a burst', () =>
  Harness.run(async (harness) => {
    const peer = await TcpPeer.open(harness.address('tcp'))
    let answered = 0
    await answerUnread(harness, peer, () => answered++ >= 100)
    let octets = 0
    peer.socket.on('data', (chunk) => {
      octets += chunk.length
    })
    peer.socket.resume()
    while (octets < 100 * 60_000) await once(peer.socket, 'data')
    assert.equal(harness.count('writeBufferFull'), 0)
  }))
