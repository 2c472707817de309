import type { ConnectionOptions, TlsOptions } from 'node:tls'
import type { SipParseError } from '../errors.ts'
import type { SipRequest, SipResponse } from '../message.ts'
import type { HeaderEntry, HeaderInput, SipLimits } from '../messages.ts'
import type { OverloadFeedback } from '../overload.ts'

export const TRANSPORTS = ['udp', 'tcp', 'tls'] as const
export type Transport = (typeof TRANSPORTS)[number]

/** One address to listen on. */
export interface ListenerOptions {
  readonly transport: Transport
  /** Literal address to bind; `::` binds IPv6 only. */
  readonly host: string
  /** 0: any free port, see `SipEndpoint.addresses()`. */
  readonly port: number
  /** What own Via headers name instead of the bound address. */
  readonly advertisedHost?: string
  /** UDP: size asked for with SO_RCVBUF; the kernel may grant less. */
  readonly receiveBufferOctets?: number
  /** TLS: certificate, key, `requestCert` and `ca` for mutual authentication. */
  readonly tls?: TlsOptions
}

/** A bound listener. */
export interface ListenerAddress {
  readonly transport: Transport
  readonly host: string
  readonly port: number
}

/** Where a message came from. */
export interface SipSource {
  readonly transport: Transport
  readonly address: string
  readonly port: number
  readonly localAddress: string
  readonly localPort: number
  /** TLS: subject alternative names of a verified peer certificate. */
  readonly tlsNames?: readonly string[]
}

/** Where a request goes. `host` may be a name for requests of our own; it is resolved once per request. */
export interface SipDestination {
  readonly transport: Transport
  readonly host: string
  readonly port: number
}

/** RFC 3261 §17 Table 4, in milliseconds. */
export interface TimerOptions {
  readonly t1Ms: number
  readonly t2Ms: number
  readonly t4Ms: number
}

/** Bounds of connections and transactions; each says what happens when it is reached. */
export interface EndpointLimits extends SipLimits {
  /** Open server transactions, answered ones that linger included. Above: stateless 503 with Retry-After. */
  readonly serverTransactions: number
  /** Pending requests of our own. Above: `request()` gives `overloaded`. */
  readonly clientTransactions: number
  /** Open stream connections. Above: a new one is closed at once. */
  readonly connections: number
  /** Octets waiting for a peer to read. Above: its connection is closed. */
  readonly writeBufferOctets: number
  /** How long a peer may read nothing of what waits for it. Longer: its connection is closed with the next message. */
  readonly writeStallMs: number
  /** From the first octet of a message to its last on a stream. Longer: the connection is closed. */
  readonly messageTimeoutMs: number
  /** Without any octet received. Longer: the connection is closed, unless a transaction of it is unanswered. */
  readonly idleTimeoutMs: number
  /** For an own connection to open. Longer: transport error. */
  readonly connectTimeoutMs: number
}

/** What a counter hook can be told. One name per fact, no numbers or texts of subscribers. */
export type SipEventName =
  | 'requestReceived'
  | 'responseReceived'
  | 'responseSent'
  | 'requestSent'
  | 'requestRetransmissionReceived'
  | 'requestRetransmissionSent'
  | 'responseRetransmitted'
  | 'tryingSent'
  | 'malformedAnswered'
  | 'malformedDropped'
  | 'notAllowed'
  | 'strayResponse'
  | 'strayAck'
  | 'cancelMatched'
  | 'cancelUnmatched'
  | 'transactionsFull'
  | 'notAdmitted'
  | 'transactionExpired'
  | 'finalDiscarded'
  | 'lateFinal'
  | 'unroutable'
  | 'transportError'
  | 'connectionOpened'
  | 'connectionClosed'
  | 'connectionsFull'
  | 'messageTimeout'
  | 'idleTimeout'
  | 'writeBufferFull'
  | 'keepAlive'
  | 'requestTimeout'
  | 'requestAnswered'

export interface SipEndpointOptions {
  readonly listeners: readonly ListenerOptions[]
  readonly limits?: Partial<EndpointLimits>
  readonly timers?: Partial<TimerOptions>
  /** Delay of the 100 on reliable transports, at most 3500. UDP: fixed by RFC 4320 §4.1. Default 200. */
  readonly tryingDelayMs?: number
  /** Retry-After of the endpoint's own 503. Default 5. */
  readonly retryAfterSeconds?: number
  /** TLS options of own connections. */
  readonly tlsClient?: ConnectionOptions
  /** Seed of To-tags. The same seed in two processes gives the same tag to the same request. Default: random. */
  readonly tagSeed?: string
}

/** Time, so that tests can fake it. Monotonic milliseconds. */
export interface SipClock {
  now(): number
  /** Calls back every `intervalMs` until the returned function is called. */
  every(intervalMs: number, callback: () => void): () => void
}

export interface SipEndpointDependencies {
  /** Every new request but ACK and CANCEL. A throw is answered with 500. */
  onRequest(request: IncomingRequest): void | Promise<void>
  /** What could not be parsed, before it is answered or dropped. */
  onParseError?(error: SipParseError, source: SipSource): void
  /** Fault of a handler: an exception or a rejection out of `onRequest`. */
  onHandlerError?(error: unknown): void
  /** Whether to speak with that address at all: false drops its datagrams and closes its connections. */
  allow?(source: SipSource): boolean
  /** Whether a new request may open a transaction: false answers 503 without one. Default: all may. */
  admits?(request: SipRequest, source: SipSource): boolean
  /** Our load as neighbours that offer `oc` are told it (RFC 7339); asked once per request, when it arrives. */
  feedback?(): OverloadFeedback | undefined
  /** What became of an INVITE behind its final, or instead of it. */
  onInviteEnded?(transaction: ServerTransactionHandle, end: InviteEnd): void
  onEvent?(name: SipEventName, transport: Transport | undefined): void
  readonly clock?: SipClock
}

export interface ResponseDetail {
  readonly headers?: HeaderInput
  /** A string is sent as UTF-8. */
  readonly body?: Buffer | string
}

/**
 * - `sent`: handed to the transport; Timer J repeats it when asked.
 * - `discarded`: a final had been sent before (RFC 3261 §17.2.2).
 * - `late`: 64·T1 are over since the request came; nothing is sent (RFC 4320 §4.2).
 * - `forbidden`: 408, or a 1xx, which no non-INVITE may get (RFC 4320 §4).
 */
export type RespondOutcome = 'sent' | 'discarded' | 'late' | 'forbidden'

/** Small handle of a server transaction: keep this, not the request, while the message is on its way. */
export interface ServerTransactionHandle {
  readonly method: string
  /** Endpoint clock at the first reception. */
  readonly receivedAtMs: number
  /** Status of the final, once there is one. */
  readonly finalStatus: number | undefined
  /** Whether the request's connection is still open; always true for UDP. */
  readonly connectionOpen: boolean
  readonly source: SipSource
  /** The To-tag that every response of this transaction carries. */
  readonly toTag: string
  /** Empty `reason`: the standard phrase. Throws EncodeError for a value that cannot be sent. */
  respond(status: number, reason?: string, detail?: ResponseDetail): RespondOutcome
  /** Passes on a response received downstream: its top Via is popped, the rest goes out unchanged. */
  forward(response: SipResponse): RespondOutcome
}

/** The ACK of a 2xx came, or did not within 64·T1; or a CANCEL came before any final. */
export type InviteEnd = 'acknowledged' | 'unacknowledged' | 'cancelled'

/** A request that opened a server transaction. */
export interface IncomingRequest {
  readonly message: SipRequest
  readonly source: SipSource
  readonly transaction: ServerTransactionHandle
  /**
   * The open or answered transaction with the same From-tag, Call-ID and CSeq but another branch
   * (RFC 3261 §8.2.2.2): to be joined, or answered with 482.
   */
  readonly mergedWith: ServerTransactionHandle | undefined
  respond(status: number, reason?: string, detail?: ResponseDetail): RespondOutcome
  /** The headers for a copy to the next hop: as received, the top Via completed with received and rport. */
  forwardHeaders(): HeaderEntry[]
}

/** A request of our own. Missing To, From, Call-ID, CSeq and Max-Forwards are made; own Via goes on top. */
export interface OutgoingRequest {
  readonly method: string
  /** Request-URI. */
  readonly uri: string
  readonly headers?: HeaderInput
  readonly body?: Buffer | string
  /** Default: from the first Route, else from the Request-URI (transport parameter, port; default UDP). */
  readonly destination?: SipDestination
  /** Told of 1xx responses. */
  onProvisional?(response: SipResponse): void
}

/** How a request of our own ended. */
export type RequestOutcome =
  | { readonly kind: 'response'; readonly response: SipResponse }
  /** Timer F: no final within 64·T1. */
  | { readonly kind: 'timeout' }
  | { readonly kind: 'transportError'; readonly cause: unknown }
  /** The bound of pending requests is reached; nothing was sent. */
  | { readonly kind: 'overloaded' }
  /** The endpoint is closed. */
  | { readonly kind: 'closed' }
