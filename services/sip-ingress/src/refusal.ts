/** A request that is answered at once, without anything on the bus. */
export interface Refusal {
  readonly kind: 'refused'
  readonly status: number
  readonly reasonPhrase?: string
  readonly headers: readonly (readonly [string, string])[]
  /** One word for metric and log. */
  readonly why: string
}

export function refuse(
  status: number,
  why: string,
  headers: readonly (readonly [string, string])[] = [],
  reasonPhrase?: string,
): Refusal {
  return { kind: 'refused', status, why, headers, ...(reasonPhrase !== undefined && { reasonPhrase }) }
}

/** Warning 399: for people, never for programs (RFC 3261 §20.43). */
export function warning(host: string, text: string): readonly [string, string] {
  return ['Warning', `399 ${host} "${text.replace(/["\\\r\n]/g, ' ')}"`]
}
