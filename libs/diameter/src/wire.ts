/** What a wire tells who uses it. */
export interface WireHandlers {
  /** A wire that we opened is up; an accepted one is from the start and does not say so. */
  ready(): void
  /** Octets in order, cut anywhere. */
  data(octets: Buffer): void
  /** After a refused `write`: there is room again. */
  drain(): void
  /** Once, however it ended; a wire that never came up ends, too. */
  closed(error: Error | undefined): void
}

/** Octets to and from one peer, whatever carries them: TCP, TLS, or an SCTP association. */
export interface Wire {
  /** Address and port of the other end, for logs. */
  readonly remoteAddress: string
  /** Own addresses, for Host-IP-Address. */
  readonly localAddresses: readonly string[]
  /** Octets gathered into one write; 1 where a write must be one message. */
  readonly batchOctets: number
  /** Nothing is read before. */
  start(handlers: WireHandlers): void
  /**
   * Hands octets to the kernel. `ordered`: after all that was written before, where others may overtake. False: no more
   * until `drain`; these octets are taken nevertheless.
   */
  write(octets: Buffer, ordered: boolean): boolean
  /** Closes when what was written has left. */
  end(): void
  /** Closes at once. */
  destroy(error?: Error): void
}
