import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket as TcpSocket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'

/** A SIP response, cut just far enough to be judged. */
export interface RawResponse {
  readonly status: number
  readonly reason: string
  readonly text: string
  header(name: string): string | undefined
}

export interface RawTarget {
  readonly host: string
  readonly port: number
}

/** A bare socket that plays a SIP peer: octets out, responses in. For what no proper SIP stack would send. */
export interface RawPeer {
  readonly port: number
  send(octets: Buffer | string): void
  /** The next response; undefined when none comes within `timeoutMs`. */
  next(timeoutMs?: number): Promise<RawResponse | undefined>
  /** Resolves when the other side has closed the connection; never over UDP. */
  readonly closed: Promise<unknown>
  close(): void
}

export async function rawUdp(host: string, target: RawTarget): Promise<RawPeer> {
  const socket: Socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  socket.bind(0, host)
  await once(socket, 'listening')
  const inbox = new Inbox()
  socket.on('message', (octets) => inbox.put(octets.toString('utf8')))
  return {
    port: socket.address().port,
    send: (octets) => socket.send(octets, target.port, target.host),
    next: (timeoutMs) => inbox.next(timeoutMs),
    closed: new Promise(() => {}),
    close: () => socket.close(),
  }
}

export async function rawTcp(host: string, target: RawTarget): Promise<RawPeer> {
  const socket: TcpSocket = connect({ ...target, localAddress: host, noDelay: true })
  await once(socket, 'connect')
  return overStream(socket)
}

/** Over TLS; rejects when the handshake fails on this side. */
export async function rawTls(
  host: string,
  target: RawTarget,
  options: ConnectionOptions,
): Promise<RawPeer & { readonly socket: TLSSocket }> {
  const socket = connectTls({ socket: connect({ ...target, localAddress: host }), ...options })
  await once(socket, 'secureConnect')
  return { ...overStream(socket), socket }
}

function overStream(socket: TcpSocket): RawPeer {
  const inbox = new Inbox()
  let pending = ''
  socket.on('data', (octets: Buffer) => {
    pending += octets.toString('utf8')
    for (let end = pending.indexOf('\r\n\r\n'); end >= 0; end = pending.indexOf('\r\n\r\n')) {
      inbox.put(pending.slice(0, end + 4))
      pending = pending.slice(end + 4)
    }
  })
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  return {
    port: socket.localPort ?? 0,
    send: (octets) => socket.write(octets),
    next: (timeoutMs) => inbox.next(timeoutMs),
    closed,
    close: () => socket.destroy(),
  }
}

/** Responses without a body, as all of the gateway's are. */
class Inbox {
  readonly #arrived: string[] = []
  #wake: (() => void) | undefined

  put(text: string): void {
    this.#arrived.push(text)
    this.#wake?.()
  }

  async next(timeoutMs = 5_000): Promise<RawResponse | undefined> {
    const until = performance.now() + timeoutMs
    for (;;) {
      const text = this.#arrived.shift()
      if (text !== undefined) return responseOf(text)
      const leftMs = until - performance.now()
      if (leftMs <= 0) return undefined
      const abort = new AbortController()
      const arrival = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      await Promise.race([arrival, delay(leftMs, undefined, { signal: abort.signal }).catch(() => {})])
      abort.abort()
    }
  }
}

function responseOf(text: string): RawResponse {
  const [line = '', ...headers] = text.split('\r\n')
  const match = /^SIP\/2\.0 (\d{3}) (.*)$/.exec(line)
  return {
    status: Number(match?.[1]),
    reason: match?.[2] ?? '',
    text,
    header(name) {
      const start = `${name.toLowerCase()}:`
      return headers
        .find((header) => header.toLowerCase().startsWith(start))
        ?.slice(start.length)
        .trim()
    },
  }
}
