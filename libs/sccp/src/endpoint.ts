import { DecodeError } from '@ipsmgw/bytes'
import { type MtpService, SERVICE_INDICATOR_SCCP, type TransferIndication } from '@ipsmgw/m3ua'
import { type Clock, systemClock } from '@ipsmgw/sctp'
import type { SccpAddress } from './address.ts'
import { decodeSccp } from './codec.ts'
import { decodeManagement, ManagementFormat, type ManagementMessage } from './management.ts'
import { ReturnCause, type SccpMessage, Ssn, type UnitData, type UnitDataService } from './messages.ts'
import { Outbound } from './outbound.ts'
import type { RoutingOptions } from './routing.ts'
import { Reassembly, type ReassemblyOptions, type Segment } from './segmentation.ts'
import type { SccpService, SccpUser, UnitDataRequest, UnitDataResult } from './service.ts'
import { type StatusTestOptions, Subsystems } from './subsystems.ts'

export interface SccpEndpointOptions {
  /** Own point code, for SCCP management. */
  readonly pointCode: number
  readonly routing: RoutingOptions
  /** Longest SCCP message the network takes: 268 octets in classic MTP. */
  readonly longestMessageOctets?: number
  /** Long data goes out as XUDT segments; without it, it is refused. Default true. */
  readonly segmentation?: boolean
  readonly reassembly?: Partial<ReassemblyOptions>
  readonly statusTest?: Partial<StatusTestOptions>
}

/** What happens, for counters and logs. Holds no user data and no address. */
export type SccpEvent =
  | { readonly kind: 'malformed'; readonly error: DecodeError }
  | { readonly kind: 'returned'; readonly returnCause: number } // a service message came for us
  | { readonly kind: 'refused'; readonly returnCause: ReturnCause } // we could not hand on a message
  | {
      readonly kind: 'subsystemProhibited' | 'subsystemAllowed'
      readonly pointCode: number
      readonly ssn: number
    }
  | { readonly kind: 'undelivered' } // taken, but every path broke before it left

export interface SccpDependencies {
  readonly mtp: MtpService
  readonly clock?: Clock
  /** 0 to 1: where local references begin. */
  readonly random?: () => number
  readonly onEvent?: (event: SccpEvent) => void
}

const REASSEMBLY: ReassemblyOptions = { mostMessages: 1_000, mostOctets: 1_000_000, timeoutMs: 15_000 }
const STATUS_TEST: StatusTestOptions = { firstTestMs: 10_000, longestTestMs: 600_000, mostEntries: 1_000 }
const HOUSEKEEPING_MS = 1_000

/** Connectionless SCCP (Q.714 §4) of an end node over any `MtpService`. */
export class SccpEndpoint implements SccpService {
  readonly #options: SccpEndpointOptions
  readonly #mtp: MtpService
  readonly #clock: Clock
  readonly #onEvent: (event: SccpEvent) => void
  readonly #outbound: Outbound
  readonly #users = new Map<number, SccpUser>()
  readonly #reassembly: Reassembly
  readonly #subsystems: Subsystems
  readonly #unsubscribe: readonly (() => void)[]
  #cancelHousekeeping: (() => void) | undefined

  constructor(options: SccpEndpointOptions, dependencies: SccpDependencies) {
    const { mtp, clock = systemClock, random = Math.random, onEvent = () => {} } = dependencies
    this.#options = options
    this.#mtp = mtp
    this.#clock = clock
    this.#onEvent = onEvent
    this.#reassembly = new Reassembly({ ...REASSEMBLY, ...options.reassembly })
    this.#subsystems = new Subsystems({ ...STATUS_TEST, ...options.statusTest })
    this.#outbound = new Outbound(options, { mtp, clock, random, subsystems: this.#subsystems })
    this.#unsubscribe = [
      mtp.onTransfer((indication) => this.#onTransfer(indication)),
      mtp.onStatus((status) => {
        if (status.kind === 'undelivered' && status.request.si === undefined)
          this.#onUndelivered(status.request.data)
        else if (status.kind === 'destination' && status.state.availability === 'available')
          this.#subsystems.allowAll(status.state.pointCode)
      }),
    ]
  }

  get active(): boolean {
    return this.#mtp.active
  }

  bind(ssn: number, user: SccpUser): () => void {
    if (ssn === Ssn.management || this.#users.has(ssn)) throw new RangeError(`SSN ${ssn} is taken`)
    this.#users.set(ssn, user)
    return () => {
      if (this.#users.get(ssn) === user) this.#users.delete(ssn)
    }
  }

  send(request: UnitDataRequest): UnitDataResult {
    return this.#outbound.send(request)
  }

  unitDataLimit(called: SccpAddress, calling: SccpAddress): number {
    return this.#outbound.unitDataLimit(called, calling)
  }

  /** Leaves the lower layer; users hear nothing more. */
  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#cancelHousekeeping?.()
    this.#cancelHousekeeping = undefined
  }

  #onTransfer({ si, opc, data }: TransferIndication): void {
    if (si !== SERVICE_INDICATOR_SCCP) return
    const message = this.#decode(data)
    if (message === undefined) return
    if ('returnCause' in message) this.#onService(message)
    else this.#onUnitData(message, opc)
  }

  #decode(data: Uint8Array): SccpMessage | undefined {
    try {
      return decodeSccp(data)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#onEvent({ kind: 'malformed', error })
      return undefined
    }
  }

  #onUnitData(message: UnitData, opc: number): void {
    const { ssn } = message.called
    if (ssn === Ssn.management) this.#onManagement(message.data, opc)
    else if (ssn === undefined) this.#returnToSender(message, ReturnCause.unqualified, opc)
    else if (!this.#users.has(ssn)) this.#returnToSender(message, ReturnCause.unequippedUser, opc)
    else if (!isSegment(message)) this.#deliver(ssn, message, message.data, opc)
    else this.#reassemble(ssn, { message, opc })
  }

  #reassemble(ssn: number, segment: Segment): void {
    const step = this.#reassembly.add(segment, this.#clock.now())
    if (step.kind === 'complete') this.#deliver(ssn, segment.message, step.data, segment.opc)
    else if (step.kind === 'failed')
      this.#returnToSender(step.segment.message, step.returnCause, step.segment.opc)
    else this.#keepHouse()
  }

  #deliver(ssn: number, message: UnitData, data: Uint8Array, opc: number): void {
    const { called, calling, segmentation, importance } = message
    const protocolClass = segmentation?.userClass ?? message.protocolClass
    // 0 is no signalling point: the lower layer has none.
    const originPointCode = opc === 0 ? undefined : opc
    this.#users.get(ssn)?.onUnitData({
      called,
      calling,
      data,
      protocolClass,
      originPointCode,
      ...(importance !== undefined && { importance }),
    })
  }

  /** UDTS or XUDTS (Q.714 §4.2), if the sender asked for it. */
  #returnToSender(message: UnitData, returnCause: ReturnCause, opc: number): void {
    this.#onEvent({ kind: 'refused', returnCause })
    if (message.returnOnError) this.#outbound.sendService(message, returnCause, opc)
  }

  #onService(message: UnitDataService): void {
    const { called, calling, returnCause, segmentation } = message
    this.#onEvent({ kind: 'returned', returnCause })
    const data = segmentation ? this.#outbound.returned(segmentation, message.data) : message.data
    if (data === undefined || called.ssn === undefined) return
    this.#users.get(called.ssn)?.onNotice({ called, calling, data, returnCause })
  }

  /** Never left the process: the user hears it like a message the network returned. */
  #onUndelivered(octets: Uint8Array): void {
    const message = this.#decode(octets)
    if (message === undefined || 'returnCause' in message) return
    this.#onEvent({ kind: 'undelivered' })
    const { called, calling, segmentation } = message
    const data = segmentation ? this.#outbound.returned(segmentation, message.data) : message.data
    if (data === undefined || calling.ssn === undefined) return
    const notice = { called: calling, calling: called, data, returnCause: ReturnCause.mtpFailure }
    this.#users.get(calling.ssn)?.onNotice(notice)
  }

  /** Q.714 §5: SSP and SSA change the table, SST for an own subsystem is answered with SSA. */
  #onManagement(data: Uint8Array, opc: number): void {
    try {
      const { format, affectedSsn: ssn, affectedPointCode: pointCode } = decodeManagement(data)
      if (format === ManagementFormat.SSP) {
        this.#subsystems.prohibit(pointCode, ssn, this.#clock.now())
        this.#onEvent({ kind: 'subsystemProhibited', pointCode, ssn })
        this.#keepHouse()
      } else if (format === ManagementFormat.SSA) {
        this.#subsystems.allow(pointCode, ssn)
        this.#onEvent({ kind: 'subsystemAllowed', pointCode, ssn })
      } else if (format === ManagementFormat.SST) this.#onStatusTest(ssn, pointCode, opc)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#onEvent({ kind: 'malformed', error })
    }
  }

  #onStatusTest(ssn: number, pointCode: number, opc: number): void {
    const own = ssn === Ssn.management || this.#users.has(ssn)
    if (own && pointCode === this.#options.pointCode)
      this.#outbound.sendManagement(opc, management(ManagementFormat.SSA, ssn, pointCode))
  }

  /** Ticks only while something may become overdue. */
  #keepHouse(): void {
    this.#cancelHousekeeping ??= this.#clock.after(HOUSEKEEPING_MS, () => {
      this.#cancelHousekeeping = undefined
      const nowMs = this.#clock.now()
      for (const { message, opc } of this.#reassembly.expire(nowMs))
        this.#returnToSender(message, ReturnCause.segmentationFailure, opc)
      for (const { ssn, pointCode } of this.#subsystems.due(nowMs))
        this.#outbound.sendManagement(pointCode, management(ManagementFormat.SST, ssn, pointCode))
      if (this.#reassembly.size > 0 || this.#subsystems.size > 0) this.#keepHouse()
    })
  }
}

function isSegment(message: UnitData): message is Segment['message'] {
  return message.segmentation !== undefined
}

function management(format: number, affectedSsn: number, affectedPointCode: number): ManagementMessage {
  return { format, affectedSsn, affectedPointCode, multiplicity: 0 }
}
