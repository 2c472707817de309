import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { rawTcp, rawUdp } from '../support/raw-sip.ts'
import { CPM_AS, GatewayInLab, SCSCF } from './gateway.ts'
import { Sender } from './sender.ts'

const IDLE_CONNECTIONS = 10_000
/** What the endpoint lets be open at a time. */
const MOST_CONNECTIONS = 2_000
const PATIENCE_MS = 20_000
/** A message of somebody else must not be slower than this while others misbehave. */
const UNHARMED_MS = 1_500
const MEGABYTE = 1 << 20

const TO = '447900123456'
let calls = 0

/** A MESSAGE with the given lines and body; good but for those. */
function message(lines: readonly string[], body: string | Buffer, type = 'text/plain'): Buffer {
  calls++
  const octets = Buffer.from(body)
  const head = [
    `MESSAGE tel:+${TO} SIP/2.0`,
    `Via: SIP/2.0/TCP ${SCSCF};branch=z9hG4bKhostile${calls}`,
    'Max-Forwards: 70',
    `From: <tel:+447700900111>;tag=h${calls}`,
    `To: <tel:+${TO}>`,
    `Call-ID: hostile-${calls}`,
    'CSeq: 1 MESSAGE',
    'P-Asserted-Identity: <tel:+447700900111>',
    ...lines,
    ...(type === '' ? [] : [`Content-Type: ${type}`]),
    `Content-Length: ${octets.length}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), octets])
}

describe('hostile peers harm nobody else', () => {
  let gateway: GatewayInLab
  let honest: Sender
  before(async () => {
    gateway = await GatewayInLab.start()
    gateway.set(TO, { behaviour: 'reachable', node: 'mme' })
    honest = await Sender.open(CPM_AS, gateway.sip)
  })
  after(async () => {
    await honest.close()
    await gateway.stop()
  })

  /** A message of another peer is delivered as if nothing were going on. */
  async function unharmed(): Promise<void> {
    const { status, elapsedMs } = await honest.send({ to: TO })
    assert.equal(status, 200)
    assert.ok(elapsedMs < UNHARMED_MS, `${elapsedMs.toFixed(0)} ms`)
  }

  async function open(): Promise<Socket> {
    const socket = connect({ ...gateway.sip, localAddress: SCSCF, noDelay: true })
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }

  const ended = (socket: Socket) =>
    eventually(() => socket.closed, 'the connection is closed by the gateway', PATIENCE_MS)

  test('slow loris: octet by octet is no message within its time, and the connection is closed', async () => {
    const octets = message([], 'x'.repeat(10))
    const sockets = await Promise.all(Array.from({ length: 50 }, open))
    for (const socket of sockets) socket.resume()
    const dripping = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write(octets.subarray(0, 1))
    }, 200)
    try {
      await unharmed()
      await Promise.all(sockets.map(ended))
    } finally {
      clearInterval(dripping)
      for (const socket of sockets) socket.destroy()
    }
  })

  test('10,000 idle connections: bounded, the rest is closed at once, others are served', async () => {
    const before = process.memoryUsage().rss
    const sockets: Socket[] = []
    let closed = 0
    try {
      for (let opened = 0; opened < IDLE_CONNECTIONS; opened += 500) {
        const batch = Array.from({ length: 500 }, () => {
          const socket = connect({ ...gateway.sip, localAddress: SCSCF })
          socket.on('error', () => {})
          socket.once('close', () => closed++)
          socket.resume()
          sockets.push(socket)
          return socket
        })
        await Promise.all(
          batch.map((socket) => eventually(() => socket.closed || !socket.connecting, 'it is decided')),
        )
      }
      await eventually(
        () => closed >= IDLE_CONNECTIONS - MOST_CONNECTIONS,
        `${closed} were closed`,
        PATIENCE_MS,
      )
      assert.ok(sockets.filter((socket) => !socket.closed).length <= MOST_CONNECTIONS)
      assert.ok(process.memoryUsage().rss - before < 400 * MEGABYTE)
      // A peer that was there before keeps its connection.
      await unharmed()
    } finally {
      for (const socket of sockets) socket.destroy()
    }
    await eventually(async () => {
      const socket = connect({ ...gateway.sip, localAddress: SCSCF })
      socket.on('error', () => {})
      await once(socket, 'connect')
      const isOpen = await Promise.race([
        once(socket, 'close').then(() => false),
        honest.send({ to: TO }).then(() => true),
      ])
      socket.destroy()
      return isOpen
    }, 'room for others again')
  })

  test('RFC 3261 §18.1.1: datagrams of 64 KiB are read and answered, whatever is in them', async () => {
    const peer = await rawUdp(SCSCF, gateway.sip)
    const socket = createSocket('udp4')
    try {
      for (let round = 0; round < 100; round++) {
        const noise = Buffer.alloc(65_507, round)
        await new Promise((resolve) => socket.send(noise, gateway.sip.port, gateway.sip.host, resolve))
      }
      const text = 'x'.repeat(65_507 - message([], '').length - 40)
      const large = message([], text)
        .toString('latin1')
        .replace(/TCP (\S+?;)/, 'UDP $1rport;')
      // What does not fit into the socket's buffer is lost, and sent again as RFC 3261 §17.1.2.2 has it.
      let answer: Awaited<ReturnType<typeof peer.next>>
      for (let copy = 0; copy < 6 && answer === undefined; copy++) {
        peer.send(large)
        answer = await peer.next(1_000)
      }
      assert.equal(answer?.status, 413)
      await unharmed()
    } finally {
      peer.close()
      socket.close()
    }
  })

  test('a peer that never reads its answers is closed, with a bounded heap', async () => {
    const socket = await open()
    socket.pause()
    const before = process.memoryUsage().rss
    try {
      const options = Buffer.from(
        message([], '', '')
          .toString('latin1')
          .replace('MESSAGE tel', 'OPTIONS tel')
          .replace('1 MESSAGE', '1 OPTIONS'),
      )
      let written = 0
      while (socket.writable && written < 400 * MEGABYTE) {
        const flood = Array.from({ length: 200 }, (_, i) =>
          Buffer.from(options.toString('latin1').replace(/hostile\d+/, `flood${written}.${i}`)),
        )
        const octets = Buffer.concat(flood)
        written += octets.length
        if (socket.write(octets)) continue
        // Nobody reads here either when the gateway has stopped reading; then it has stopped answering.
        const drained = await Promise.race([
          once(socket, 'drain').then(
            () => true,
            () => false,
          ),
          once(socket, 'close').then(() => false),
          eventually(() => false, 'drain', 3_000).catch(() => false),
        ])
        if (!drained) break
      }
      assert.ok(process.memoryUsage().rss - before < 200 * MEGABYTE)
      await unharmed()
    } finally {
      socket.destroy()
    }
  })

  const nested = (depth: number): string => {
    let body = 'Content-Type: text/plain\r\n\r\nHi'
    for (let level = depth; level > 0; level--)
      body = `Content-Type: multipart/mixed;boundary=b${level}\r\n\r\n--b${level}\r\n${body}\r\n--b${level}--`
    return body.slice(body.indexOf('\r\n\r\n') + 4)
  }
  const bombs: readonly [string, () => Buffer, number][] = [
    ['a thousand headers', () => message(Array(1_000).fill('X: y'), 'x'), 513],
    ['a header of 60 KiB', () => message([`X: ${'y'.repeat(60_000)}`], 'x'), 513],
    [
      'a thousand Via values',
      () => message([`Via: ${'SIP/2.0/TCP a;branch=z9hG4bKx, '.repeat(1_000)}x`], 'x'),
      513,
    ],
    ['a body above the limit', () => message([], 'x'.repeat(70_000)), 513],
    [
      'thousands of parts',
      () => message([], '--b\r\n\r\nx\r\n'.repeat(5_000), 'multipart/mixed;boundary=b'),
      413,
    ],
    ['parts a thousand deep', () => message([], nested(800), 'multipart/mixed;boundary=b1'), 413],
    [
      'CPIM in CPIM in CPIM',
      () =>
        message([], 'From: <sip:a@b>\r\n\r\nContent-Type: message/cpim\r\n\r\n'.repeat(500), 'message/cpim'),
      413,
    ],
    ['parameters without end', () => message([], 'x', `text/plain${';a=b'.repeat(1_900)}`), 400],
  ]
  for (const [what, make, status] of bombs)
    test(`a bomb of ${what} is answered ${status}`, async () => {
      const peer = await rawTcp(SCSCF, gateway.sip)
      try {
        const startMs = performance.now()
        peer.send(make())
        const answer = await peer.next()
        assert.equal(answer?.status, status)
        assert.ok(performance.now() - startMs < UNHARMED_MS)
        await unharmed()
      } finally {
        peer.close()
      }
    })
})
