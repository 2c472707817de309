import { EncodeError } from '@ipsmgw/bytes'
import type { MtpService, SendRefusal, SendResult } from '@ipsmgw/m3ua'
import type { Clock } from '@ipsmgw/sctp'
import { SccpAddress } from './address.ts'
import { encodeSccp } from './codec.ts'
import { encodeManagement, type ManagementMessage } from './management.ts'
import { ReturnCause, type Segmentation, Ssn, type UnitData } from './messages.ts'
import { type Route, type RoutingOptions, RoutingTable } from './routing.ts'
import { segment } from './segmentation.ts'
import { SentSegments } from './sent-segments.ts'
import type { UnitDataRefusal, UnitDataRequest, UnitDataResult } from './service.ts'
import type { Subsystems } from './subsystems.ts'

export interface OutboundOptions {
  readonly pointCode: number
  readonly routing: RoutingOptions
  readonly longestMessageOctets?: number
  readonly segmentation?: boolean
}

export interface OutboundDependencies {
  readonly mtp: MtpService
  readonly clock: Clock
  readonly random: () => number
  readonly subsystems: Subsystems
}

/** 272 octets of signalling information field less the routing label (Q.704). */
const CLASSIC_MTP_OCTETS = 268
const LONGEST_DATA = 255
/** Type, class, three pointers, three lengths. */
const UDT_OVERHEAD = 8
/** Type, class, hop counter, four pointers, three lengths. */
const XUDT_OVERHEAD = 10
const SEGMENTATION_OCTETS = 6
const IMPORTANCE_OCTETS = 3
const END_OF_OPTIONAL_OCTETS = 1
const HOP_COUNTER = 15
const SLS_VALUES = 16
const LARGEST_POINT_CODE = 0x3fff

/** Return cause (Q.713 §3.12) that says the same as a refusal. */
const CAUSE_OF: Readonly<Record<UnitDataRefusal, ReturnCause>> = {
  notActive: ReturnCause.mtpFailure,
  destinationUnavailable: ReturnCause.mtpFailure,
  userPartUnavailable: ReturnCause.sccpFailure,
  destinationCongested: ReturnCause.networkCongestion,
  queueFull: ReturnCause.networkCongestion,
  tooLong: ReturnCause.errorInLocalProcessing,
  noTranslation: ReturnCause.noTranslationOfAddress,
  subsystemProhibited: ReturnCause.subsystemFailure,
  noSegmentation: ReturnCause.segmentationNotSupported,
}

type Refused = UnitDataResult & { sent: false }
const SENT: UnitDataResult = { sent: true }

/** The sending half of the SCCP: message choice, segmentation, routing. */
export class Outbound {
  readonly #options: OutboundOptions
  readonly #mtp: MtpService
  readonly #subsystems: Subsystems
  readonly #routing: RoutingTable
  readonly #longest: number
  readonly #sentSegments: SentSegments
  #nextSls = 0

  constructor(options: OutboundOptions, { mtp, clock, random, subsystems }: OutboundDependencies) {
    this.#options = options
    this.#mtp = mtp
    this.#subsystems = subsystems
    this.#routing = new RoutingTable(options.routing)
    this.#longest = options.longestMessageOctets ?? CLASSIC_MTP_OCTETS
    this.#sentSegments = new SentSegments(clock, random)
  }

  unitDataLimit({ octets: called }: SccpAddress, { octets: calling }: SccpAddress): number {
    return Math.max(0, Math.min(LONGEST_DATA, this.#longest - UDT_OVERHEAD - called.length - calling.length))
  }

  send(request: UnitDataRequest): UnitDataResult {
    const { called, calling, data, importance } = request
    const route = this.#routeOf(request)
    if (route === undefined) return refused('noTranslation')
    const sls = (request.sequenceControl ?? this.#nextSls++) % SLS_VALUES
    if (importance === undefined && data.length <= this.unitDataLimit(called, calling))
      return this.#sendWhole('UDT', request, route, sls)
    const space = this.#segmentSpace(request)
    if (data.length <= space + SEGMENTATION_OCTETS && data.length <= LONGEST_DATA)
      return this.#sendWhole('XUDT', request, route, sls)
    return this.#sendSegments(request, route, sls, space)
  }

  #sendWhole(type: 'UDT' | 'XUDT', request: UnitDataRequest, route: Route, sls: number): UnitDataResult {
    const result = this.#transfer(encodeSccp(unitData(type, request)), route, sls, request)
    return result.sent ? SENT : result
  }

  /** Data octets that fit one segment. */
  #segmentSpace({ called, calling, importance }: UnitDataRequest): number {
    const addresses = called.octets.length + calling.octets.length
    const optional =
      SEGMENTATION_OCTETS + END_OF_OPTIONAL_OCTETS + (importance === undefined ? 0 : IMPORTANCE_OCTETS)
    // The pointer to the optional part has one octet, whatever the network takes.
    const longest = Math.min(this.#longest, CLASSIC_MTP_OCTETS)
    return Math.min(LONGEST_DATA, longest - XUDT_OVERHEAD - addresses - optional)
  }

  /** All segments go the way of the first, in class 1 with one SLS (Q.714 §4.1.1.1.2). */
  #sendSegments(request: UnitDataRequest, route: Route, sls: number, space: number): UnitDataResult {
    const { data, sequenceControl, startsDialogue = false } = request
    if (this.#options.segmentation === false) return refused('noSegmentation')
    const segments = segment(data, space)
    if (segments === undefined) return refused('tooLong')
    const localReference = this.#sentSegments.remember(data)
    const userClass = sequenceControl === undefined ? 0 : 1
    let way = route
    for (const [i, part] of segments.entries()) {
      const segmentation = {
        first: i === 0,
        userClass,
        remaining: segments.length - 1 - i,
        localReference,
      } as const
      const octets = encodeSccp({ ...unitData('XUDT', request), data: part, protocolClass: 1, segmentation })
      const result = this.#transfer(octets, way, sls, {
        ...request,
        startsDialogue: startsDialogue && i === 0,
      })
      // Without its last segment the message cannot be delivered, whatever has left before.
      if (!result.sent) return result
      way = { destinations: [result.pointCode], mode: 'backup' }
    }
    return SENT
  }

  #routeOf({ called, pointCode }: Pick<UnitDataRequest, 'called' | 'pointCode'>): Route | undefined {
    return pointCode === undefined
      ? this.#routing.route(called)
      : { destinations: [pointCode], mode: 'backup' }
  }

  #transfer(
    data: Uint8Array,
    { destinations, mode }: Route,
    sls: number,
    { called, startsDialogue }: Pick<UnitDataRequest, 'called' | 'startsDialogue'>,
  ): Refused | { readonly sent: true; readonly pointCode: number } {
    const first = mode === 'share' ? sls % destinations.length : 0
    let reason: UnitDataRefusal = 'noTranslation'
    for (let i = 0; i < destinations.length; i++) {
      const dpc = destinations[(first + i) % destinations.length] as number
      if (called.routeOn === 'ssn' && this.#subsystems.prohibited(dpc, called.ssn)) {
        reason = 'subsystemProhibited'
        continue
      }
      const result: SendResult = this.#mtp.send({
        opc: this.#options.pointCode,
        dpc,
        sls,
        data,
        ...(startsDialogue && { startsDialogue }),
      })
      if (result.sent) return { sent: true, pointCode: dpc }
      reason = result.reason satisfies SendRefusal
    }
    return refused(reason)
  }

  /** UDTS or XUDTS to the sender of a message; by the point code it came from when its address has no route. */
  sendService(message: UnitData, returnCause: ReturnCause, originPointCode: number): void {
    const octets = encodeService(message, returnCause)
    if (octets === undefined) return
    const { calling } = message
    const route = this.#routing.route(calling) ?? { destinations: [originPointCode], mode: 'backup' }
    this.#transfer(octets, route, this.#nextSls++ % SLS_VALUES, { called: calling })
  }

  /** SCCP management goes in class 0 without return between subsystems 1 (Q.713 §5.1). */
  sendManagement(pointCode: number, message: ManagementMessage): void {
    if (pointCode > LARGEST_POINT_CODE) return // of another network, no address can hold it
    const own = SccpAddress.of({ routeOn: 'ssn', ssn: Ssn.management, pointCode: this.#options.pointCode })
    const peer = SccpAddress.of({ routeOn: 'ssn', ssn: Ssn.management, pointCode })
    const data = encodeManagement(message)
    const octets = encodeSccp({
      type: 'UDT',
      protocolClass: 0,
      returnOnError: false,
      called: peer,
      calling: own,
      data,
    })
    this.#transfer(octets, { destinations: [pointCode], mode: 'backup' }, 0, { called: peer })
  }

  /** Data of a message of ours that a segment of came back; undefined when that was told already. */
  returned(segmentation: Segmentation, data: Uint8Array): Uint8Array | undefined {
    return this.#sentSegments.returned(segmentation, data)
  }
}

function unitData(type: 'UDT' | 'XUDT', request: UnitDataRequest): UnitData {
  const { called, calling, data, sequenceControl, returnOnError = true, importance } = request
  return {
    type,
    protocolClass: sequenceControl === undefined ? 0 : 1,
    returnOnError,
    ...(type === 'XUDT' && { hopCounter: HOP_COUNTER }),
    called,
    calling,
    data,
    ...(type === 'XUDT' && importance !== undefined && { importance }),
  }
}

/** Undefined for a message whose parts overlapped, so that they do not fit one behind the other. */
function encodeService(message: UnitData, returnCause: ReturnCause): Buffer | undefined {
  const { called, calling, data, type, segmentation } = message
  try {
    return encodeSccp({
      type: type === 'UDT' ? 'UDTS' : type === 'XUDT' ? 'XUDTS' : 'LUDTS',
      returnCause,
      called: calling,
      calling: called,
      data,
      ...(type !== 'UDT' && { hopCounter: HOP_COUNTER }),
      ...(segmentation && { segmentation }),
    })
  } catch (error) {
    if (error instanceof EncodeError) return undefined
    throw error
  }
}

function refused(reason: UnitDataRefusal): Refused {
  return { sent: false, reason, returnCause: CAUSE_OF[reason] }
}
