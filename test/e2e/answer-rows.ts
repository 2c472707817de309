import { ReturnCause } from '@ipsmgw/sccp'
import type { SubscriberSetting } from '@ipsmgw/test/lab'
import type { Sending } from './sender.ts'

const NO_ROUTE: Told = { status: 480, q850: 38 }
/** Given back for load: the same, and when to come again. */
const CONGESTED: Told = { status: 480, q850: 42, retryAfter: '10' }

const HIDDEN = {
  from: '"Anonymous" <sip:anonymous@anonymous.invalid>',
  headers: [['Privacy', 'id']],
} as const

/** What the sender gets, and what the gateway tried. */
export interface Told {
  readonly status: number
  /** Q.850 value in Reason; none: no Reason. */
  readonly q850?: number
  readonly retryAfter?: string
  readonly warning?: RegExp
  readonly accept?: RegExp
  /** Requests that serving nodes see. Default 1. */
  readonly forwards?: number
}

export interface Row extends Told {
  readonly cause: string
  /** Settings that bring it about, over Diameter (S6c, SGd) and over MAP. */
  readonly diameter?: readonly SubscriberSetting[]
  readonly map?: readonly SubscriberSetting[]
  /** Column "GW": another node is tried, which has the phone. */
  readonly otherNode?: boolean
}

const error = (code: number, failureCause?: number, at: 'hss' | 'node' = 'node'): SubscriberSetting => ({
  behaviour: 'error',
  at,
  result: { code, ...(failureCause !== undefined && { failureCause }) },
})
const base = (code: number, at: 'hss' | 'node'): SubscriberSetting => ({
  behaviour: 'error',
  at,
  result: { code, vendorId: 0 },
})
const mapError = (code: number, cause?: number, at: 'hss' | 'node' = 'node'): SubscriberSetting => ({
  behaviour: 'error',
  at,
  mapError: { code, ...(cause !== undefined && { cause }) },
})
const at = (place: 'hss' | 'node', behaviour: SubscriberSetting['behaviour']): SubscriberSetting => ({
  behaviour,
  at: place,
})

/** docs/protocols/sip-answers.md, the rows that HSS, HLR and serving nodes bring about, in its order. */
export const AT_A_NODE: readonly Row[] = [
  {
    cause: 'all segments acknowledged',
    diameter: [{ behaviour: 'reachable' }],
    map: [{ behaviour: 'reachable' }],
    status: 200,
  },
  {
    cause: 'IMSI unknown at serving node',
    diameter: [error(5001)],
    map: [mapError(5)],
    status: 480,
    q850: 20,
    forwards: 2,
  },
  {
    cause: 'barred',
    diameter: [error(5557)],
    status: 403,
    q850: 21,
  },
  {
    cause: 'facility not supported',
    diameter: [error(5552)],
    map: [mapError(21)],
    status: 480,
    q850: 69,
    otherNode: true,
  },
  {
    cause: 'absent subscriber',
    diameter: [error(5550), { behaviour: 'absent' }],
    map: [mapError(6), mapError(27), { behaviour: 'absent' }],
    status: 480,
    q850: 20,
    warning: /absent/,
    otherNode: true,
  },
  {
    cause: 'busy for MT SMS',
    diameter: [error(5551)],
    map: [mapError(31)],
    status: 486,
    q850: 17,
    retryAfter: '10',
    forwards: 3,
  },
  {
    cause: 'SM delivery failure: memory full',
    diameter: [error(5555, 0)],
    map: [mapError(32, 0)],
    status: 480,
    q850: 47,
    warning: /"SMS not delivered: Recipient memory full|Recipient memory full/,
  },
  {
    cause: 'equipment protocol error',
    diameter: [error(5555, 1)],
    map: [mapError(32, 1)],
    status: 480,
    q850: 111,
  },
  {
    cause: 'equipment not SM-equipped',
    diameter: [error(5555, 2)],
    map: [mapError(32, 2)],
    status: 480,
    q850: 88,
    otherNode: true,
  },
  {
    cause: 'unknown service centre',
    diameter: [error(5555, 3)],
    map: [mapError(32, 3)],
    status: 500,
    q850: 3,
  },
  {
    cause: 'SC congestion',
    diameter: [error(5555, 4)],
    map: [mapError(32, 4)],
    status: 480,
    q850: 42,
    retryAfter: '10',
  },
  { cause: 'invalid SME address', diameter: [error(5555, 5)], map: [mapError(32, 5)], status: 404, q850: 28 },
  { cause: 'not SC subscriber', diameter: [error(5555, 6)], map: [mapError(32, 6)], status: 403, q850: 21 },
  { cause: 'illegal subscriber', diameter: [error(5553)], map: [mapError(9)], status: 403, q850: 21 },
  { cause: 'illegal equipment', diameter: [error(5554)], map: [mapError(12)], status: 403, q850: 21 },
  {
    cause: 'system failure',
    diameter: [base(5012, 'node')],
    map: [mapError(34)],
    status: 480,
    q850: 38,
    retryAfter: '10',
  },
  {
    cause: 'data missing / unexpected value',
    diameter: [5004, 5005, 5009].map((code) => base(code, 'node')),
    map: [mapError(35), mapError(36)],
    status: 500,
    q850: 96,
  },
  {
    cause: 'forward sent, no answer until deadline',
    diameter: [{ behaviour: 'silent' }, base(3002, 'node'), base(3004, 'node')],
    map: [{ behaviour: 'silent' }, { behaviour: 'abort' }],
    status: 202,
  },
]

export const IN_THE_HOME_NETWORK: readonly Row[] = [
  {
    cause: 'unknown subscriber (HLR/HSS)',
    diameter: [error(5001, undefined, 'hss')],
    map: [mapError(1, undefined, 'hss')],
    status: 404,
    q850: 1,
  },
  {
    cause: 'teleservice / SMS not subscribed',
    diameter: [error(5556, undefined, 'hss')],
    map: [mapError(11, undefined, 'hss')],
    status: 403,
    q850: 50,
  },
  {
    cause: 'barred (user or operator)',
    diameter: [error(5557, undefined, 'hss')],
    map: [mapError(13, undefined, 'hss')],
    status: 403,
    q850: 21,
  },
  {
    cause: 'facility not supported',
    diameter: [error(5552, undefined, 'hss')],
    map: [mapError(21, undefined, 'hss')],
    status: 480,
    q850: 69,
  },
  {
    cause: 'absent subscriber',
    diameter: [error(5550, undefined, 'hss')],
    map: [mapError(6, undefined, 'hss')],
    status: 480,
    q850: 20,
    warning: /absent/,
  },
  {
    cause: 'system failure',
    diameter: [base(5012, 'hss')],
    map: [mapError(34, undefined, 'hss')],
    status: 480,
    q850: 38,
    retryAfter: '10',
  },
  {
    cause: 'data missing / unexpected value',
    diameter: [5004, 5005, 5009].map((code) => base(code, 'hss')),
    map: [mapError(35, undefined, 'hss'), mapError(36, undefined, 'hss')],
    status: 500,
    q850: 96,
  },
  {
    cause: 'HLR/HSS no answer, before any forward',
    diameter: [at('hss', 'silent'), base(3002, 'hss')],
    map: [at('hss', 'silent'), at('hss', 'abort')],
    status: 480,
    q850: 102,
  },
  { cause: 'HLR/HSS congested', diameter: [base(3004, 'hss')], status: 480, q850: 42, retryAfter: '10' },
].map((row) => ({ ...row, forwards: 0 }))

/** The row "no route to serving node" over MAP: what SCCP says of the message that it gives back (Q.713 §3.12). */
export const RETURNED: readonly (readonly [what: string, cause: ReturnCause, Told])[] = [
  ['no translation for the nature of address', ReturnCause.noTranslationOfNature, NO_ROUTE],
  ['no translation for the address', ReturnCause.noTranslationOfAddress, NO_ROUTE],
  ['subsystem congestion', ReturnCause.subsystemCongestion, CONGESTED],
  ['subsystem failure', ReturnCause.subsystemFailure, NO_ROUTE],
  ['unequipped user', ReturnCause.unequippedUser, NO_ROUTE],
  ['MTP failure', ReturnCause.mtpFailure, NO_ROUTE],
  ['network congestion', ReturnCause.networkCongestion, CONGESTED],
]

/** Rows that the request itself brings about, or the policy. */
export const IN_THE_REQUEST: readonly (Told & {
  readonly cause: string
  readonly sending: Partial<Sending>
})[] = [
  {
    cause: 'Sh: user unknown',
    sending: { to: 'sip:nobody@ims.invalid' },
    status: 404,
    q850: 1,
  },
  {
    cause: 'user not authorised for interworking',
    sending: { to: '447911000000' },
    status: 403,
    warning: /^399 \S+ "127 Service not authorised"$/,
  },
  { cause: 'anonymity not allowed', sending: HIDDEN, status: 433 },
  {
    cause: 'no MSISDN/IMSI for recipient',
    sending: { to: 'tel:7042;phone-context=ims.invalid' },
    status: 404,
  },
  { cause: 'number incomplete/invalid', sending: { to: 'tel:07900123456' }, status: 484 },
  {
    cause: 'media type',
    sending: { contentType: 'image/png' },
    status: 415,
    accept: /^text\/plain, message\/cpim, /,
  },
  {
    cause: 'too long',
    sending: { text: 'x'.repeat(1_600) },
    status: 413,
    warning: /133 Size exceeded/,
  },
]

/** Settings by name, for titles. */
export function nameOf({ behaviour, result, mapError: map, at: place }: SubscriberSetting): string {
  const code = result ?? map
  const cause = result?.failureCause ?? map?.cause
  const told = code === undefined ? behaviour : [code.code, cause].filter((it) => it !== undefined).join('/')
  return place === undefined ? told : `${told} at the ${place === 'hss' ? 'HSS or HLR' : 'node'}`
}
