import type { Fields } from './dictionary/definitions.ts'
import type { AnswerName, RepeatableRequest, RequestName } from './dictionary/messages.ts'
import type { DiameterMessage } from './messages.ts'
import type { DiameterResult } from './results.ts'

/** Own certificate and key, and the authorities that sign those of neighbours, each as PEM. */
export interface TlsCredentials {
  readonly certificate: string | Buffer
  readonly key: string | Buffer
  readonly authorities: string | Buffer
}

/** A neighbour: who it is, where it is, what is reached through it. */
export interface PeerOptions {
  /** Its Origin-Host. */
  readonly identity: string
  /** Who opens the connection; `initiate` by default. */
  readonly role?: 'initiate' | 'accept' | 'both'
  /** Where to connect to; needed unless it only connects to us. */
  readonly host?: string
  readonly port?: number
  /** `tls` when there are credentials, else `tcp`. */
  readonly transport?: 'tcp' | 'tls' | 'sctp'
  /** TLS before CER (RFC 6733 §13.1); its certificate must name its identity. */
  readonly tls?: TlsCredentials
  /** With SCTP: its further addresses. */
  readonly furtherHosts?: readonly string[]
  /** With SCTP: own addresses of the association; by default the kernel's choice. */
  readonly localAddresses?: readonly string[]
  /** Realms whose requests may go there; its own host is always reached through it. */
  readonly realms?: readonly string[]
  /** Lower is asked first; equal ones share the load. */
  readonly priority?: number
  /** Requests without an answer; above, the next peer is asked. By default the node's bound. */
  readonly maximumPending?: number
  /** Requests that begin in one second; above, the next peer is asked. By default as many as come. */
  readonly maximumPerSecond?: number
}

export interface ListenerOptions {
  readonly host: string
  /** 0: any free port, see `DiameterNode.addresses()`. */
  readonly port: number
  /** `tls` when there are credentials, else `tcp`. */
  readonly transport?: 'tcp' | 'tls' | 'sctp'
  /** With SCTP: further own addresses. */
  readonly furtherHosts?: readonly string[]
  /** TLS before CER; who connects must have a certificate of the authorities. */
  readonly tls?: TlsCredentials
}

/** Durations in milliseconds. */
export interface TimerOptions {
  /** TCP connection, TLS handshake, SCTP association. */
  readonly connectMs: number
  /** CER to CEA, or an accepted connection to its CER. */
  readonly capabilitiesMs: number
  /** DPR to DPA. */
  readonly disconnectMs: number
  /** Tw of RFC 3539; each time ±`watchdogJitterMs`. */
  readonly watchdogMs: number
  readonly watchdogJitterMs: number
  /** First pause before a new connection; doubled up to Tc, each time less up to a quarter. */
  readonly reconnectMs: number
  /** Tc of RFC 6733 §2.1. */
  readonly reconnectMaximumMs: number
}

export interface NodeLimits {
  /** Requests without an answer, per peer; above, a request is not sent. */
  readonly pendingPerPeer: number
  /** Requests of a peer being served; above, it is answered 3004. */
  readonly servedPerPeer: number
  readonly messageOctets: number
  /** Accepted connections, the unknown ones included. */
  readonly connections: number
}

export interface NodeOptions {
  /** Own identity: address and permission key, so it must be stable. */
  readonly originHost: string
  readonly originRealm: string
  /** Application identifiers that are offered. */
  readonly applications: readonly number[]
  readonly peers?: readonly PeerOptions[]
  readonly listeners?: readonly ListenerOptions[]
  /** Whether a connection from an identity that is no configured peer is accepted; `reject` by default. */
  readonly unknownPeers?: 'accept' | 'reject'
  readonly productName?: string
  /** Offers the loss algorithm of RFC 7683 in every request, and honours the reports of answers; off by default. */
  readonly overloadControl?: boolean
  /** Grows with every restart (RFC 6733 §8.16); by default seconds since 1970. */
  readonly originStateId?: number
  readonly timers?: Partial<TimerOptions>
  readonly limits?: Partial<NodeLimits>
}

export interface NodeDependencies {
  /** Milliseconds since 1970. */
  now?(): number
  random?(): number
  onEvent?(event: NodeEvent): void
}

/** What happened at one peer; counted, and some of it logged, by who runs the node. */
export interface NodeEvent {
  readonly kind:
    | 'peerUp'
    | 'peerDown'
    | 'suspect'
    | 'failback'
    | 'connectFailed'
    | 'rejected' // a connection or its capabilities
    | 'malformed' // octets that do not decode
    | 'strayAnswer' // late, or never asked for
    | 'refusedRequest' // answered with an error before any handler
    | 'handlerFailed' // a handler threw
    | 'windowFull' // a request that a peer did not get: too many without an answer
    | 'rateLimited' // a request that a peer did not get: too many in this second
    | 'abated' // a request left out, because its server has asked for less
    | 'redirected'
  /** Identity, or the address while it is not known. */
  readonly peer: string
  readonly detail?: string
}

/** What the node fills in when a request leaves it out. */
type Filled =
  | 'Session-Id'
  | 'Vendor-Specific-Application-Id'
  | 'Auth-Session-State'
  | 'Origin-Host'
  | 'Origin-Realm'

type Optionally<T, K extends PropertyKey> = Omit<T, K> & Partial<Pick<T, K & keyof T>>

/** A request as a caller gives it. */
export type OutgoingRequest<M extends RequestName> = Optionally<Fields<M>, Filled>

/** An answer as a handler gives it: it must say how it ends, everything else is filled in or optional. */
export type OutgoingAnswer<M extends RequestName> = Partial<Fields<AnswerName<M>>> &
  (
    | { readonly 'Result-Code': number }
    | { readonly 'Experimental-Result': { 'Vendor-Id': number; 'Experimental-Result-Code': number } }
  )

/** How long a request may take, and whether another peer may be asked. */
export interface SendOptions<M extends RequestName = RequestName> {
  /** For everything together. */
  readonly timeoutMs: number
  /** For one attempt; only with `failover`. After it the next peer is asked and the first answer wins. */
  readonly attemptMs?: number
  /** Ask another peer when one is lost, silent or unable. A request with an effect outside never is. */
  readonly failover?: M extends RepeatableRequest ? boolean : false
}

/** What became of a request. Only `answer` and `not-sent` are certain. */
export type SendResult =
  | {
      readonly kind: 'answer'
      readonly message: DiameterMessage
      readonly result: DiameterResult
      /** Identity of the neighbour that gave it; the answering host is Origin-Host. */
      readonly peer: string
    }
  /** Not an octet of it left this process. */
  | {
      readonly kind: 'not-sent'
      readonly reason:
        | 'no-peer' // none is open for that destination and application
        | 'window-full' // the last candidate has its bound of pending requests
        | 'rate-limited' // the last candidate has its bound of requests in a second
        | 'abated' // whoever would answer has asked for less traffic (RFC 7683)
        | 'withdrawn' // the time was over, or the link lost, while it waited to be written
        | 'stopped'
    }
  /** It left, in whole or in part, and no usable answer came: the outcome is unknown. */
  | {
      readonly kind: 'no-answer'
      readonly peer: string
      readonly reason: 'timeout' | 'link-lost' | 'malformed' | 'stopped'
    }

/** A request that somebody sent to us, already checked against its grammar. */
export interface IncomingRequest<M extends RequestName = RequestName> {
  readonly name: M
  readonly fields: Fields<M>
  readonly message: DiameterMessage
  /** Identity of the neighbour it came from. */
  readonly peer: string
}

/** Serves one kind of request. `undefined`: no answer is ever given. */
export type RequestHandler<M extends RequestName> = (
  request: IncomingRequest<M>,
) => OutgoingAnswer<M> | undefined | Promise<OutgoingAnswer<M> | undefined>

/** One line of the peer table. */
export interface PeerStatus {
  readonly identity: string
  readonly state: string
  readonly watchdog: string
  readonly realms: readonly string[]
  readonly priority: number
  readonly pending: number
  readonly applications: readonly number[]
  /** ISO time of the last change of state. */
  readonly since: string
  /** Smoothed, of queries only: a forward takes as long as the phone. Undefined before the first answer. */
  readonly rttMs: number | undefined
  /** Requests to it and answers for it, all connections together. */
  readonly sent: number
  readonly received: number
}
