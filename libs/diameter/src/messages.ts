/**
 * One AVP as it stands on the wire (RFC 6733 §4.1). `data` is the payload without padding; of a grouped AVP it is
 * the octets of its members. Unknown AVPs are nothing special: they are kept, in order, with their flags.
 */
export interface Avp {
  readonly code: number
  /** 0 without the V flag. */
  readonly vendorId: number
  readonly mandatory: boolean
  /** The obsolete P flag: kept as received, sent as 0. */
  readonly protected?: boolean
  readonly data: Buffer
  /** Octets from the start of the message it was read from to its header. */
  readonly offset?: number
}

/** A Diameter message (RFC 6733 §3). */
export interface DiameterMessage {
  readonly request: boolean
  readonly proxiable: boolean
  readonly error: boolean
  /** The T flag: perhaps a copy of a request sent before. */
  readonly retransmitted: boolean
  readonly commandCode: number
  readonly applicationId: number
  readonly hopByHopId: number
  readonly endToEndId: number
  readonly avps: readonly Avp[]
}

/** The header alone. */
export type DiameterHeader = Omit<DiameterMessage, 'avps'>
