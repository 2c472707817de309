/** Vendor-Id of 3GPP (IANA private enterprise number). */
export const VENDOR_3GPP = 10_415

/** Application identifiers. RELAY, advertised by an agent, stands for all of them (RFC 6733 §2.4). */
export const Application = {
  BASE: 0,
  SH: 16_777_217,
  S6C: 16_777_312,
  SGD: 16_777_313,
  RELAY: 4_294_967_295,
} as const
export type Application = (typeof Application)[keyof typeof Application]
