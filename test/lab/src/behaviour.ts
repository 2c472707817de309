import { MAP_ERRORS, type MapError, type MapErrorName } from '@ipsmgw/map'
import { encodeDeliverReport } from '@ipsmgw/sms'

/** Where a subscriber's behaviour shows: in what HSS and HLR answer, or at the serving node and the phone behind it. */
export type Place = 'hss' | 'node'

/** A negative result over Diameter: Vendor-Id 0 makes a Result-Code, 10415 an Experimental-Result. */
export interface NegativeResult {
  readonly vendorId: number
  readonly code: number
  /** SM-Enumerated-Delivery-Failure-Cause, with 5555. */
  readonly failureCause?: number
  /** Absent-User-Diagnostic-SM, with 5550. */
  readonly diagnostic?: number
}

/** The same refusal in the words of both protocols. */
export interface Refusal {
  readonly kind: 'refuse'
  readonly result: NegativeResult
  readonly error: MapError
}

/** What a place does with a request. */
export type Conduct =
  | { readonly kind: 'serve' }
  | Refusal
  /** No answer; with a delay: an answer that late. */
  | { readonly kind: 'silent' }
  /** An answer that cannot be read. */
  | { readonly kind: 'malformed' }
  /** Over MAP: what else a dialogue may come to. Over Diameter: `result`. */
  | { readonly kind: DialogueFault; readonly result: NegativeResult }

/** ABORT of the user, P-ABORT, REJECT of the operation, END without an answer. */
export type DialogueFault = 'abort' | 'turn-away' | 'reject' | 'no-answer'

interface BehaviourRow {
  /** Place where it shows unless the setting names one. */
  readonly at: Place
  readonly hss: Conduct
  readonly node: Conduct
}

const THREE_GPP = 10415
const serve: Conduct = { kind: 'serve' }

function refuse(error: MapError, code: number, rest: Partial<NegativeResult> = {}): Refusal {
  return { kind: 'refuse', error, result: { vendorId: THREE_GPP, code, ...rest } }
}

/** Base result: no vendor. */
function refuseBase(error: MapError, code: number): Refusal {
  return { kind: 'refuse', error, result: { vendorId: 0, code } }
}

function fault(kind: DialogueFault, code: number): Conduct {
  return { kind, result: { vendorId: 0, code } }
}

/** IMSI detached. */
const DETACHED = 1
const absent = refuse(
  { error: 'absentSubscriberSM', parameter: { absentSubscriberDiagnosticSM: DETACHED } },
  5550,
  { diagnostic: DETACHED },
)
/** The phone's own word: TP-FCS "memory capacity exceeded". */
const memoryFull = refuse(
  {
    error: 'smDeliveryFailure',
    parameter: { cause: 0, diagnosticInfo: encodeDeliverReport({ form: 'error', failureCause: 0xd3 }) },
  },
  5555,
  { failureCause: 0 },
)
const systemFailure = refuseBase({ error: 'systemFailure' }, 5012)

/** What each behaviour means at each place, TS 29.002 §17.6.6, TS 29.338 §7.3.1 and RFC 6733 §7.1. */
const TABLE = {
  reachable: { at: 'node', hss: serve, node: serve },
  absent: { at: 'node', hss: absent, node: absent },
  'memory-full': { at: 'node', hss: serve, node: memoryFull },
  busy: { at: 'node', hss: serve, node: refuse({ error: 'subscriberBusyForMtSms' }, 5551) },
  unknown: {
    at: 'hss',
    hss: refuse({ error: 'unknownSubscriber' }, 5001),
    node: refuse({ error: 'unidentifiedSubscriber' }, 5001),
  },
  barred: {
    at: 'hss',
    hss: refuse({ error: 'callBarred', parameter: { callBarringCause: 1 } }, 5557),
    node: refuse({ error: 'illegalSubscriber' }, 5557),
  },
  'not-provisioned': {
    at: 'hss',
    hss: refuse({ error: 'teleserviceNotProvisioned' }, 5556),
    node: refuse({ error: 'facilityNotSupported' }, 5552),
  },
  silent: { at: 'node', hss: { kind: 'silent' }, node: { kind: 'silent' } },
  'system-failure': { at: 'node', hss: systemFailure, node: systemFailure },
  malformed: { at: 'node', hss: { kind: 'malformed' }, node: { kind: 'malformed' } },
  abort: { at: 'node', hss: fault('abort', 5012), node: fault('abort', 5012) },
  'turn-away': { at: 'node', hss: fault('turn-away', 3004), node: fault('turn-away', 3004) },
  reject: { at: 'node', hss: fault('reject', 5004), node: fault('reject', 5004) },
  'no-answer': { at: 'node', hss: fault('no-answer', 5012), node: fault('no-answer', 5012) },
  /** The result or the MAP error that the setting gives. */
  error: { at: 'node', hss: systemFailure, node: systemFailure },
} as const satisfies Record<string, BehaviourRow>

export type Behaviour = keyof typeof TABLE
export const BEHAVIOURS = Object.keys(TABLE) as Behaviour[]

export const NODE_KINDS = ['msc', 'mme', 'sgsn'] as const
export type NodeKind = (typeof NODE_KINDS)[number]

/** A MAP error as a setting gives it. */
export interface MapErrorSetting {
  /** Local error code (TS 29.002 §17.6.6). */
  readonly code: number
  /** Of sm-DeliveryFailure (32). */
  readonly cause?: number
  /** Of sm-DeliveryFailure: SMS-DELIVER-REPORT as hex. */
  readonly report?: string
  /** Of absentSubscriberSM (6). */
  readonly diagnostic?: number
}

/** What the HSS says of a subscriber over Sh. */
export interface ShSetting {
  /** `false`: the HSS has no such user, over Sh and S6c; the HLR has. */
  readonly known?: boolean
  /** `false`: the user has no number. */
  readonly number?: boolean
  /** `false`: the HSS does not tell the IMSI. */
  readonly imsi?: boolean
  /** IMSUserState, 0 to 3; registered unless given. */
  readonly imsState?: number
  /** Content of ServiceData, under whatever Service-Indication is asked for. */
  readonly serviceData?: string
  /** `false`: no subscriptions (5101). */
  readonly notify?: boolean
  /** The answer to UDR; vendor 10415 unless given. */
  readonly result?: { code: number; vendorId?: number }
  /** In place of Sh-Data. */
  readonly document?: string
}

/** A subscriber's setting; what is left out has its default. */
export interface SubscriberSetting {
  readonly behaviour: Behaviour
  readonly at?: Place
  /** The place answers this much later. */
  readonly delayMs?: number
  /** Node that serves the subscriber. */
  readonly node?: NodeKind
  /** Another node that HSS and HLR name; the phone is well there, whatever the behaviour. */
  readonly second?: NodeKind
  /** The phone takes the SMS whatever the node says. */
  readonly taken?: boolean
  /** An SMS router stands before the nodes: HSS and HLR name it, and a correlation id in place of the IMSI. */
  readonly homeRouting?: boolean
  /** For `error` over Diameter. Vendor-Id 10415 unless given. */
  readonly result?: { code: number; vendorId?: number; failureCause?: number }
  /** For `error` over MAP. */
  readonly mapError?: MapErrorSetting
  /** The HSS holds the gateway's service centre in its list of waiting messages. */
  readonly waiting?: boolean
  /** HSS and HLR refuse delivery reports: the list of waiting messages is full. */
  readonly listFull?: boolean
  /** The HSS says of an absence that it has not noted the service centre. */
  readonly notNoted?: boolean
  /** HSS and HLR name another IP-SM-GW and no node: the phone takes SMS over IMS only. */
  readonly overIms?: boolean
  readonly sh?: ShSetting
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
  if (setting.behaviour === 'error') return { conduct: errorOf(setting), delayMs }
  const conduct = row[place]
  // Silent with a delay is silent for that long: then the answer comes after all.
  return conduct.kind === 'silent' && delayMs > 0 ? { conduct: serve, delayMs } : { conduct, delayMs }
}

function errorOf({ result, mapError }: SubscriberSetting): Refusal {
  const { vendorId = THREE_GPP, ...rest } = result ?? { vendorId: 0, code: 5012 }
  const error: MapError = mapError === undefined ? { error: 'systemFailure' } : mapErrorOf(mapError)
  return { kind: 'refuse', result: { vendorId, ...rest }, error }
}

const MAP_ERROR_NAMES = new Map<number, MapErrorName>(
  Object.entries(MAP_ERRORS).map(([name, { code }]) => [code, name as MapErrorName]),
)

function mapErrorOf({ code, cause, report, diagnostic }: MapErrorSetting): MapError {
  const name = MAP_ERROR_NAMES.get(code)
  if (name === undefined) return { error: 'unknown', code }
  if (name === 'smDeliveryFailure') {
    const diagnosticInfo = report === undefined ? {} : { diagnosticInfo: Buffer.from(report, 'hex') }
    return { error: name, parameter: { cause: cause ?? 1, ...diagnosticInfo } }
  }
  if (name === 'absentSubscriberSM' && diagnostic !== undefined)
    return { error: name, parameter: { absentSubscriberDiagnosticSM: diagnostic } }
  return { error: name }
}
