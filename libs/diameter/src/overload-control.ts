import { DecodeError } from '@ipsmgw/bytes'
import { AVPS } from './dictionary/avps.ts'
import { OcFeatureVector, OcReportType } from './dictionary/enumerations.ts'
import { value } from './fields.ts'
import type { Avp, DiameterMessage } from './messages.ts'

export interface OverloadControlDependencies {
  now(): number
  random(): number
}

/** Whom a request asks. */
export interface Asked {
  readonly applicationId: number
  /** Lower case. */
  readonly host: string | undefined
  readonly realm: string | undefined
}

/** One report that is in force, for whoever looks. */
export interface OverloadReport {
  readonly applicationId: number
  /** Host or realm. */
  readonly reporter: string
  readonly reductionPercent: number
  readonly untilMs: number
}

interface Report extends OverloadReport {
  readonly sequence: bigint
}

/** RFC 7683 §7.5. */
const DEFAULT_VALIDITY_SECONDS = 30
const LONGEST_VALIDITY_SECONDS = 86_400
const ALL = 100
/** Hosts that report: HSSs and serving nodes. */
const MAXIMUM_REPORTS = 10_000

/** OC-Supported-Features with the loss algorithm, M clear (RFC 7683 §7.1). */
export const OVERLOAD_FEATURES: Avp = {
  code: AVPS['OC-Supported-Features'].code,
  vendorId: 0,
  mandatory: false,
  data: Buffer.from(
    `0000026e00000010${OcFeatureVector.OLR_DEFAULT_ALGO.toString(16).padStart(16, '0')}`,
    'hex',
  ),
}

/**
 * Overload of others, as a reacting node (RFC 7683 §5.2): reports are kept by application and host or realm, and the
 * part of the requests that they ask to leave out is left out at random, before anything is sent.
 */
export class OverloadControl {
  readonly #dependencies: OverloadControlDependencies
  readonly #reports = new Map<string, Report>()

  constructor(dependencies: OverloadControlDependencies) {
    this.#dependencies = dependencies
  }

  /** Reads the report of an answer, if it brings one; a malformed one is none. */
  learn(applicationId: number, answer: DiameterMessage): void {
    try {
      const olr = value(answer, 'OC-OLR')
      if (olr === undefined) return
      const ofHost = olr['OC-Report-Type'] === OcReportType.HOST_REPORT
      if (!ofHost && olr['OC-Report-Type'] !== OcReportType.REALM_REPORT) return
      const reporter = value(answer, ofHost ? 'Origin-Host' : 'Origin-Realm')?.toLowerCase()
      const sequence = BigInt(olr['OC-Sequence-Number'])
      if (reporter === undefined) return
      this.#keep(keyOf(ofHost, applicationId, reporter), {
        ...{ applicationId, reporter, sequence },
        reductionPercent: olr['OC-Reduction-Percentage'] ?? 0,
        untilMs: this.#dependencies.now() + validityMs(olr['OC-Validity-Duration']),
      })
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
    }
  }

  /** Whether this request may be sent: a report of the host counts for requests to it, one of the realm for others. */
  admits({ applicationId, host, realm }: Asked): boolean {
    if (this.#reports.size === 0) return true
    const key = keyOf(host !== undefined, applicationId, host ?? realm ?? '')
    const report = this.#reports.get(key)
    if (report === undefined) return true
    if (report.untilMs <= this.#dependencies.now()) {
      this.#reports.delete(key)
      return true
    }
    return this.#dependencies.random() * ALL >= report.reductionPercent
  }

  /** The reports in force. */
  reports(): readonly OverloadReport[] {
    const now = this.#dependencies.now()
    return [...this.#reports.values()]
      .filter(({ untilMs }) => untilMs > now)
      .map(({ sequence: _, ...report }) => report)
  }

  #keep(key: string, report: Report): void {
    const { reductionPercent, sequence, untilMs } = report
    const known = this.#reports.get(key)
    const now = this.#dependencies.now()
    // A replayed or overtaken report says nothing new.
    if (known !== undefined && known.untilMs > now && sequence <= known.sequence) return
    if (reductionPercent > ALL) return
    if (untilMs <= now) {
      this.#reports.delete(key)
      return
    }
    if (known === undefined && this.#reports.size >= MAXIMUM_REPORTS) return
    this.#reports.set(key, report)
  }
}

function keyOf(ofHost: boolean, applicationId: number, reporter: string): string {
  return `${ofHost ? 'host' : 'realm'} ${applicationId} ${reporter}`
}

/** Too long is read as the default, 0 ends the report (RFC 7683 §7.5). */
function validityMs(seconds = DEFAULT_VALIDITY_SECONDS): number {
  return (seconds > LONGEST_VALIDITY_SECONDS ? DEFAULT_VALIDITY_SECONDS : seconds) * 1_000
}
