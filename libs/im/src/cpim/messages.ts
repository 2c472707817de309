/** Namespace of the headers of RFC 3862 itself, in force where no other is declared. */
export const CPIM_NAMESPACE = 'urn:ietf:params:cpim-headers:'
/** Namespace of RFC 5438. */
export const IMDN_NAMESPACE = 'urn:ietf:params:imdn'

/** One CPIM header, its prefix resolved. */
export interface CpimHeader {
  /** URI of the namespace; undefined when the prefix was never declared. */
  readonly namespace: string | undefined
  readonly prefix?: string
  readonly name: string
  /** Parameters between colon and value (`Subject:;lang=fr …`), names in lower case. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Value with its escapes undone. */
  readonly value: string
}

/** From, To or cc: formal name and URI. */
export interface CpimAddress {
  readonly uri: string
  readonly displayName?: string
}

/** A message/cpim body without its content (RFC 3862). */
export interface CpimMessage {
  /** Every header in order, understood or not. */
  readonly headers: readonly CpimHeader[]
  readonly from?: CpimAddress
  readonly to: readonly CpimAddress[]
  readonly cc: readonly CpimAddress[]
  /** As received, not normalised. */
  readonly dateTime?: string
  readonly subject?: string
  /** imdn Message-ID. */
  readonly messageId?: string
  /** imdn Disposition-Notification, values without parameters, unknown ones kept. */
  readonly dispositionNotification: readonly string[]
  /** imdn Original-To. */
  readonly originalTo?: string
  /** imdn IMDN-Record-Route, in order. */
  readonly recordRoute: readonly string[]
}
