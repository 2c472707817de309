import type { TransportError } from './errors.ts'

/** A message on its way out. */
export interface TransportMessage {
  readonly octets: Uint8Array
  /** Outbound stream; transports without streams ignore it. */
  readonly stream: number
  /** It shares no write with others, and leaves at once. */
  readonly alone?: boolean
  /** Called when the transport closes before any octet of the message was given to the kernel: certainly not sent. */
  readonly onUnsent?: () => void
}

export interface TransportHandlers {
  /** Octets in order, cut anywhere: the user frames them by the lengths of its own protocol. */
  onData(octets: Buffer): void
  /** Everything that was sent so far is with the kernel. */
  onDrain?(): void
  /** Once, at the end, whoever closed. The `onUnsent` of what was still queued are called right after it. */
  onClose(error: TransportError | undefined): void
}

/** An SCTP association, or a TCP connection in its place: messages in order, in both directions. */
export interface Transport {
  readonly kind: 'sctp' | 'tcp'
  /** Address and port of the peer, for logs. */
  readonly remote: string
  /** Own addresses that the peer was told of, as far as they are known. */
  readonly localAddresses: readonly string[]
  /** Streams a message may name: 0 to this less 1. */
  readonly outboundStreams: number
  /** Nothing is read before. */
  start(handlers: TransportHandlers): void
  /** False when the queue is full or the transport closes: nothing of the message was or will be sent. */
  send(message: TransportMessage): boolean
  /** Sends what is queued, then closes. */
  close(): void
  /** Closes at once (SCTP: abort). */
  destroy(): void
}

/** Accepts transports until it is closed. */
export interface TransportListener {
  readonly port: number
  /** Stops accepting; accepted transports live on. */
  close(): Promise<void>
}
