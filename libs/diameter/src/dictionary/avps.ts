import { AVPS_3GPP } from './3gpp-avps.ts'
import { BASE_AVPS } from './base-avps.ts'

/** Every AVP that is known, by its name in the standard. */
export const AVPS = { ...BASE_AVPS, ...AVPS_3GPP } as const
export type AvpName = keyof typeof AVPS
