import type { SipRequest } from '../message.ts'
import { replyPort } from '../response.ts'
import type { ReplyPath } from './held-request.ts'
import type { StreamConnection } from './stream-connection.ts'
import type { SipSource } from './types.ts'
import type { UdpListener } from './udp-listener.ts'

/** A reply path that still has to be told which request it answers. */
export interface ArrivalPath extends ReplyPath {
  /** Takes the port for the answer from the request's top Via (RFC 3261 §18.2.2, RFC 3581 §4). */
  answerTo(request: SipRequest): void
}

/** Back over the socket the datagram came in on: to its source address, at rport or the port of sent-by. */
export class UdpPath implements ArrivalPath {
  readonly source: SipSource
  readonly #listener: UdpListener
  #port: number

  constructor(source: SipSource, listener: UdpListener) {
    this.source = source
    this.#listener = listener
    this.#port = source.port
  }

  get reliable(): boolean {
    return false
  }

  get open(): boolean {
    return true
  }

  answerTo(request: SipRequest): void {
    this.#port = replyPort(request, this.source, 5060)
  }

  send(octets: string): boolean {
    return this.#listener.send(octets, this.#port, this.source.address)
  }

  hold(): void {}
}

/** Opens (or finds) a connection to a literal address; undefined when that is not possible. */
export type Connector = (
  transport: 'tcp' | 'tls',
  address: string,
  port: number,
) => StreamConnection | undefined

/** Back over the connection the request came on; when that is closed, over a new one to the port of sent-by. */
export class StreamPath implements ArrivalPath {
  readonly #connection: StreamConnection
  readonly #connect: Connector
  #port: number

  constructor(connection: StreamConnection, connector: Connector) {
    this.#connection = connection
    this.#connect = connector
    this.#port = connection.source.port
  }

  get source(): SipSource {
    return this.#connection.source
  }

  get reliable(): boolean {
    return true
  }

  get open(): boolean {
    return this.#connection.open
  }

  answerTo(request: SipRequest): void {
    const { source, transport } = this.#connection
    this.#port = replyPort(request, source, transport === 'tls' ? 5061 : 5060)
  }

  send(octets: string): boolean {
    if (this.#connection.write(octets)) return true
    const fresh = this.#connect(this.#connection.transport, this.source.address, this.#port)
    return fresh?.write(octets) ?? false
  }

  hold(delta: 1 | -1): void {
    this.#connection.hold(delta)
  }
}
