import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls'
import { eventually } from './eventually.ts'

/** A message of SIP or MSRP as text, with what tests ask about it. */
export interface TextMessage {
  readonly text: string
  readonly startLine: string
  header(name: string): string | undefined
}

export interface LargeMessage {
  readonly to: string
  readonly contentType: string
  readonly body: Buffer
  /** Octets of one chunk. Default: all of them. */
  readonly chunkOctets?: number
  readonly headers?: readonly string[]
  readonly successReport?: boolean
  readonly failureReport?: 'yes' | 'no' | 'partial'
}

/** How its media connection is made. */
export interface MediaOptions {
  /** Own certificate, for TCP/TLS/MSRP. */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** Default: active. Passive waits for the gateway's connection. */
  readonly setup?: 'active' | 'passive' | 'actpass'
  /** a=fingerprint of the offer. */
  readonly fingerprint?: string
  /** How it answers the opening of the gateway. Default: 200 OK. */
  readonly opening?: string
}

const FROM = '<sip:+447700900111@ims.example;user=phone>'
const ANSWER_MS = 12_000

/** A CPM client in large-message mode, written from RFC 3261 and RFC 4975 with nothing but sockets. */
export class MsrpSender {
  readonly callId = randomBytes(8).toString('hex')
  /** Everything that came over SIP and over MSRP. */
  readonly sip: TextMessage[] = []
  readonly msrp: TextMessage[] = []
  readonly #signalling: Socket
  /** Where requests of the gateway arrive, as Contact says. */
  readonly #listener: Server
  readonly #host: string
  readonly #tag = randomBytes(4).toString('hex')
  readonly #answered = new Set<TextMessage>()
  readonly #accepted: Socket[] = []
  readonly #options: MediaOptions
  /** Where the gateway's connection arrives, when it is to open it. */
  #waiting: Server | undefined
  #media: Socket | undefined
  #path = ''
  #to = ''
  #sequence = 1
  #transactions = 0

  private constructor(signalling: Socket, listener: Server, host: string, options: MediaOptions) {
    this.#options = options
    this.#signalling = signalling
    this.#listener = listener
    this.#host = host
    collect(signalling, this.sip, takeSip)
    listener.on('connection', (socket) => {
      this.#accepted.push(socket)
      collect(socket, this.sip, takeSip)
      // Answered as any client would.
      socket.on('data', () => this.#answerByes(socket))
    })
  }

  static async open(
    host: string,
    gateway: { host: string; port: number },
    options: MediaOptions = {},
  ): Promise<MsrpSender> {
    const listener = createServer()
    listener.listen(0, host)
    await once(listener, 'listening')
    const socket = connect({ ...gateway, localAddress: host, noDelay: true })
    await once(socket, 'connect')
    const sender = new MsrpSender(socket, listener, host, options)
    if (options.setup === 'passive') await sender.#wait()
    return sender
  }

  close(): void {
    this.#signalling.destroy()
    this.#media?.destroy()
    this.#waiting?.close()
    this.#listener.close()
    for (const socket of this.#accepted) socket.destroy()
  }

  /** INVITE to its final; a 2xx is acknowledged. */
  async invite(
    to: string,
    { offer = this.offer(), headers = [] }: { offer?: string; headers?: readonly string[] } = {},
  ): Promise<TextMessage> {
    this.#to = to
    this.#sendRequest('INVITE', [...headers, 'Content-Type: application/sdp'], offer)
    const final = await this.#sipResponse('INVITE')
    const to2 = final.header('to')
    if (to2 !== undefined) this.#to = to2
    this.#sendRequest('ACK', [])
    this.#path = /^a=path:(\S+)/m.exec(final.text)?.[1] ?? ''
    return final
  }

  offer(lines: readonly string[] = []): string {
    const { tls, setup = 'active', fingerprint } = this.#options
    return [
      'v=0',
      `o=- 1 1 IN IP4 ${this.#host}`,
      's=-',
      `c=IN IP4 ${this.#host}`,
      't=0 0',
      `m=message ${this.#mediaPort} ${tls === undefined ? 'TCP/MSRP' : 'TCP/TLS/MSRP'} *`,
      'a=accept-types:message/cpim',
      `a=path:${this.#ownPath}`,
      `a=setup:${setup}`,
      ...(fingerprint === undefined ? [] : [`a=fingerprint:${fingerprint}`]),
      'a=sendonly',
      ...lines,
      '',
    ].join('\r\n')
  }

  /** INVITE, connection, chunks. Resolves with the response to the last one. */
  async send(message: LargeMessage): Promise<TextMessage> {
    const final = await this.invite(
      message.to,
      message.headers === undefined ? {} : { headers: message.headers },
    )
    if (!final.startLine.startsWith('SIP/2.0 200 ')) return final
    await this.connect()
    return this.sendChunks(message)
  }

  /** The media connection: opened, or awaited with the request that says which session it is for. */
  async connect(): Promise<void> {
    if (this.#waiting === undefined) await this.#open()
    else await eventually(() => this.msrp.find(({ startLine }) => startLine.endsWith(' SEND')), 'the opening')
  }

  async #open(): Promise<void> {
    const [, host = '', port] = /^msrps?:\/\/\[?([^\]/]+?)\]?:(\d+)\//.exec(this.#path) ?? []
    const target = { host, port: Number(port), localAddress: this.#host, noDelay: true }
    const { tls } = this.#options
    const socket =
      tls === undefined ? connect(target) : tlsConnect({ ...target, ...tls, rejectUnauthorized: false })
    await once(socket, tls === undefined ? 'connect' : 'secureConnect')
    this.#use(socket)
  }

  async #wait(): Promise<void> {
    const { tls } = this.#options
    const accept = (socket: Socket) => {
      this.#use(socket)
      socket.on('data', () => this.#answerOpening(socket))
    }
    this.#waiting =
      tls === undefined
        ? createServer(accept)
        : createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: false }, accept)
    this.#waiting.listen(0, this.#host)
    await once(this.#waiting, 'listening')
  }

  /** The first request of the side that opened the connection (RFC 4975 §5.4). */
  #answerOpening(socket: Socket): void {
    for (const message of this.msrp) {
      const [, id] = /^MSRP (\S+) SEND$/.exec(message.startLine) ?? []
      if (id === undefined || this.#answered.has(message)) continue
      this.#answered.add(message)
      const path = `To-Path: ${message.header('from-path')}\r\nFrom-Path: ${message.header('to-path')}`
      const { opening = '200 OK' } = this.#options
      socket.write(`MSRP ${id} ${opening}\r\n${path}\r\n-------${id}$\r\n`)
    }
  }

  #use(socket: Socket): void {
    collect(socket, this.msrp, takeMsrp)
    this.#media = socket
  }

  async sendChunks({
    contentType,
    body,
    chunkOctets = Math.max(1, body.length),
    successReport = false,
    failureReport,
  }: LargeMessage): Promise<TextMessage> {
    const messageId = randomBytes(8).toString('hex')
    let last = ''
    for (let at = 0; at === 0 || at < body.length; at += chunkOctets) {
      const chunk = body.subarray(at, at + chunkOctets)
      const end = at + chunk.length
      last = this.sendChunk(
        [
          `Message-ID: ${messageId}`,
          `Byte-Range: ${at + 1}-${end}/${body.length}`,
          ...(successReport ? ['Success-Report: yes'] : []),
          ...(failureReport === undefined ? [] : [`Failure-Report: ${failureReport}`]),
        ],
        contentType,
        chunk,
        end >= body.length ? '$' : '+',
      )
    }
    return this.response(last)
  }

  /** Returns the transaction id. */
  sendChunk(
    headers: readonly string[],
    contentType: string,
    chunk: Buffer,
    flag: string,
    path = this.#path,
  ): string {
    const id = `t${randomBytes(6).toString('hex')}`
    const head = [`MSRP ${id} SEND`, `To-Path: ${path}`, `From-Path: ${this.#ownPath}`, ...headers]
    this.#media?.write(`${head.join('\r\n')}\r\nContent-Type: ${contentType}\r\n\r\n`)
    this.#media?.write(chunk)
    this.#media?.write(`\r\n-------${id}${flag}\r\n`)
    return id
  }

  /** A SEND without a body, by which a side that has nothing to say opens the session (RFC 4975 §5.4). */
  sendOpening(path: string): string {
    const id = `t${randomBytes(6).toString('hex')}`
    const head = [`MSRP ${id} SEND`, `To-Path: ${path}`, `From-Path: ${this.#ownPath}`]
    this.#media?.write(`${head.join('\r\n')}\r\nMessage-ID: ${id}\r\nByte-Range: 1-0/0\r\n-------${id}$\r\n`)
    return id
  }

  /** The MSRP response to a transaction. */
  async response(id: string): Promise<TextMessage> {
    const find = () => this.msrp.find(({ startLine }) => startLine.startsWith(`MSRP ${id} `))
    return eventually(find, `a response to ${id}; came: ${this.msrp.length}`, ANSWER_MS)
  }

  async report(): Promise<TextMessage> {
    const find = () => this.msrp.find(({ startLine }) => startLine.endsWith(' REPORT'))
    return eventually(find, 'a REPORT', ANSWER_MS)
  }

  /** The gateway's BYE. */
  async bye(): Promise<TextMessage> {
    return eventually(
      () => this.sip.find(({ startLine }) => startLine.startsWith('BYE ')),
      'a BYE',
      ANSWER_MS,
    )
  }

  /** Own BYE to its final. */
  async hangUp(): Promise<TextMessage> {
    this.#sequence++
    this.#sendRequest('BYE', [])
    return this.#sipResponse('BYE')
  }

  get #ownPath(): string {
    const scheme = this.#options.tls === undefined ? 'msrp' : 'msrps'
    return `${scheme}://${this.#host}:${this.#mediaPort}/${this.#tag};tcp`
  }

  get #mediaPort(): number {
    const address = this.#waiting?.address()
    return typeof address === 'object' && address !== null ? address.port : 7654
  }

  #answerByes(socket: Socket): void {
    for (const message of this.sip) {
      if (!message.startLine.startsWith('BYE ') || this.#answered.has(message)) continue
      this.#answered.add(message)
      const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map(
        (name) => `${name}: ${message.header(name)}`,
      )
      socket.write(`SIP/2.0 200 OK\r\n${copied.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`)
    }
  }

  #sendRequest(method: string, headers: readonly string[], body = ''): void {
    this.#transactions++
    const uri = this.#to.replace(/^<|>.*$/g, '')
    const to = this.#to.startsWith('<') ? this.#to : `<${this.#to}>`
    const lines = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/TCP ${this.#host};branch=z9hG4bK${this.callId}${this.#transactions}`,
      'Max-Forwards: 70',
      `From: ${FROM};tag=${this.#tag}`,
      `To: ${to}`,
      `Call-ID: ${this.callId}`,
      `CSeq: ${this.#sequence} ${method}`,
      `Contact: <sip:client@${this.#host}:${(this.#listener.address() as AddressInfo).port};transport=tcp>`,
      `P-Asserted-Identity: ${FROM}`,
      ...headers,
      `Content-Length: ${Buffer.byteLength(body)}`,
    ]
    this.#signalling.write(`${lines.join('\r\n')}\r\n\r\n${body}`)
  }

  async #sipResponse(method: string): Promise<TextMessage> {
    const find = () =>
      this.sip.find(
        ({ startLine, header }) =>
          /^SIP\/2\.0 [2-6]/.test(startLine) && header('cseq') === `${this.#sequence} ${method}`,
      )
    return eventually(find, `a final for ${method}`, ANSWER_MS)
  }
}

type Take = (text: string) => number | undefined

/** Cuts what comes into messages; octets are latin1 here. */
function collect(socket: Socket, into: TextMessage[], take: Take): void {
  let pending = ''
  socket.on('error', () => {})
  socket.on('data', (octets: Buffer) => {
    pending += octets.toString('latin1')
    for (let end = take(pending); end !== undefined; end = take(pending)) {
      into.push(textMessage(pending.slice(0, end)))
      pending = pending.slice(end)
    }
  })
}

const takeSip: Take = (text) => {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return undefined
  const length = Number(/^Content-Length: *(\d+)/im.exec(text.slice(0, head + 2))?.[1] ?? 0)
  return text.length < head + 4 + length ? undefined : head + 4 + length
}

const takeMsrp: Take = (text) => {
  const id = /^MSRP (\S+)/.exec(text)?.[1]
  if (id === undefined) return undefined
  const end = new RegExp(`-------${id}[$+#]\r\n`).exec(text)
  return end === null ? undefined : end.index + end[0].length
}

function textMessage(text: string): TextMessage {
  const lines = text.split('\r\n')
  return {
    text,
    startLine: lines[0] ?? '',
    header(name) {
      const start = `${name.toLowerCase()}:`
      return lines
        .find((line) => line.toLowerCase().startsWith(start))
        ?.slice(start.length)
        .trim()
    },
  }
}
