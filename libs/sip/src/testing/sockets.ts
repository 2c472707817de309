import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket as TcpSocket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** Octet strings that arrived, to be awaited one by one. */
class Inbox {
  readonly #arrived: string[] = []
  #wake: (() => void) | undefined

  put(octets: string): void {
    this.#arrived.push(octets)
    this.#wake?.()
  }

  get size(): number {
    return this.#arrived.length
  }

  /** The next one; rejects when none comes in time. */
  async next(timeoutMs = 5000): Promise<string> {
    if (this.#arrived.length === 0) {
      const abort = new AbortController()
      const arrival = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      await Promise.race([arrival, delay(timeoutMs, undefined, { signal: abort.signal }).catch(() => {})])
      abort.abort()
    }
    const octets = this.#arrived.shift()
    if (octets === undefined) throw new Error('nothing arrived')
    return octets
  }
}

/** A bare UDP socket that plays a SIP neighbour. */
export class UdpPeer {
  readonly inbox = new Inbox()
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', (octets) => this.inbox.put(octets.toString('latin1')))
  }

  static async open(host = '127.0.0.1', port = 0): Promise<UdpPeer> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    socket.bind(port, host)
    await once(socket, 'listening')
    socket.unref() // a failed test must not hang the run
    return new UdpPeer(socket)
  }

  get port(): number {
    return this.#socket.address().port
  }

  send(octets: Buffer | string, to: { host: string; port: number }): void {
    this.#socket.send(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets, to.port, to.host)
  }

  close(): void {
    this.#socket.close()
  }
}

/** A bare TCP client. Every chunk is one item of the inbox. */
export class TcpPeer {
  readonly inbox = new Inbox()
  readonly socket: TcpSocket
  readonly closed: Promise<unknown>

  private constructor(socket: TcpSocket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', (octets) => this.inbox.put(octets.toString('latin1')))
    this.closed = once(socket, 'close')
  }

  static async open(to: { host: string; port: number }): Promise<TcpPeer> {
    const socket = connect(to.port, to.host)
    await once(socket, 'connect')
    return new TcpPeer(socket)
  }

  send(octets: Buffer | string): void {
    this.socket.write(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets)
  }
}

/** A MESSAGE as octets. `headers` replace or add lines; '' leaves a line out. */
export function messageOctets(
  headers: Record<string, string> = {},
  body = 'hello',
  method = 'MESSAGE',
): string {
  const lines: Record<string, string> = {
    Via: 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-1;rport',
    From: '<sip:+447700900111@ims.example>;tag=7f21',
    To: '<tel:+447900123456>',
    'Call-ID': 'c-1@ims.example',
    CSeq: `100 ${method}`,
    'Max-Forwards': '70',
    'Content-Type': 'text/plain',
    'Content-Length': String(body.length),
    ...headers,
  }
  const text = Object.entries(lines).flatMap(([name, value]) => (value === '' ? [] : `${name}: ${value}\r\n`))
  return `${method} sip:+447900123456@ims.example SIP/2.0\r\n${text.join('')}\r\n${body}`
}
