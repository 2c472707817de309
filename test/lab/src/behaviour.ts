/** Where a subscriber's behaviour shows: in what the HSS answers, or at the serving node and the phone behind it. */
export type Place = 'hss' | 'node'

/** A negative result as it goes into the answer: Vendor-Id 0 makes a Result-Code, 10415 an Experimental-Result. */
export interface NegativeResult {
  readonly vendorId: number
  readonly code: number
  /** SM-Enumerated-Delivery-Failure-Cause, with 5555. */
  readonly failureCause?: number
  /** Absent-User-Diagnostic-SM, with 5550. */
  readonly diagnostic?: number
}

/** What a place does with a request. */
export type Conduct =
  | { readonly kind: 'serve' }
  | { readonly kind: 'refuse'; readonly result: NegativeResult }
  /** No answer; with a delay: an answer that late. */
  | { readonly kind: 'silent' }
  /** An answer that is no correct Diameter. */
  | { readonly kind: 'malformed' }

interface BehaviourRow {
  /** Place where it shows unless the setting names one. */
  readonly at: Place
  readonly hss: Conduct
  readonly node: Conduct
}

const THREE_GPP = 10415
const serve: Conduct = { kind: 'serve' }

function refuse(code: number, rest: Partial<NegativeResult> = {}): Conduct {
  return { kind: 'refuse', result: { vendorId: THREE_GPP, code, ...rest } }
}

/** Base result: no vendor. */
function refuseBase(code: number): Conduct {
  return { kind: 'refuse', result: { vendorId: 0, code } }
}

/** What each behaviour means at each place, TS 29.338 §7.3.1 and RFC 6733 §7.1. */
const TABLE = {
  reachable: { at: 'node', hss: serve, node: serve },
  absent: { at: 'node', hss: refuse(5550, { diagnostic: 1 }), node: refuse(5550, { diagnostic: 1 }) },
  'memory-full': { at: 'node', hss: serve, node: refuse(5555, { failureCause: 0 }) },
  busy: { at: 'node', hss: serve, node: refuse(5551) },
  unknown: { at: 'hss', hss: refuse(5001), node: refuse(5001) },
  barred: { at: 'hss', hss: refuse(5557), node: refuse(5557) },
  'not-provisioned': { at: 'hss', hss: refuse(5556), node: refuse(5552) },
  silent: { at: 'node', hss: { kind: 'silent' }, node: { kind: 'silent' } },
  'system-failure': { at: 'node', hss: refuseBase(5012), node: refuseBase(5012) },
  malformed: { at: 'node', hss: { kind: 'malformed' }, node: { kind: 'malformed' } },
  /** The result that the setting gives. */
  error: { at: 'node', hss: refuseBase(5012), node: refuseBase(5012) },
} as const satisfies Record<string, BehaviourRow>

export type Behaviour = keyof typeof TABLE
export const BEHAVIOURS = Object.keys(TABLE) as Behaviour[]

export const NODE_KINDS = ['msc', 'mme', 'sgsn'] as const
export type NodeKind = (typeof NODE_KINDS)[number]

/** A subscriber's setting; what is left out has its default. */
export interface SubscriberSetting {
  readonly behaviour: Behaviour
  readonly at?: Place
  /** The place answers this much later. */
  readonly delayMs?: number
  /** Node that serves the subscriber. */
  readonly node?: NodeKind
  /** For `error`: the result. Vendor-Id 10415 unless given. */
  readonly result?: { code: number; vendorId?: number; failureCause?: number }
  /** Public identities besides the number, as the HSS knows them. */
  readonly identities?: readonly string[]
}

export const DEFAULT_SETTING: SubscriberSetting = { behaviour: 'reachable' }

/** What a place does for a subscriber, and how late. */
export function conductAt(
  setting: SubscriberSetting,
  place: Place,
): { readonly conduct: Conduct; readonly delayMs: number } {
  const row: BehaviourRow = TABLE[setting.behaviour]
  if ((setting.at ?? row.at) !== place) return { conduct: serve, delayMs: 0 }
  const delayMs = setting.delayMs ?? 0
  const conduct = row[place]
  if (setting.behaviour === 'error' && setting.result !== undefined) {
    const { vendorId = THREE_GPP, ...rest } = setting.result
    return { conduct: { kind: 'refuse', result: { vendorId, ...rest } }, delayMs }
  }
  // Silent with a delay is silent for that long: then the answer comes after all.
  return conduct.kind === 'silent' && delayMs > 0 ? { conduct: serve, delayMs } : { conduct, delayMs }
}
