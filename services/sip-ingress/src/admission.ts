import type { OverloadFeedback } from '@ipsmgw/sip'

export interface AdmissionOptions {
  /** Messages without a final; the last tenth is for priority messages. */
  readonly maximumInFlight: number
  /** What messages may wait inside the gateway before new ones would come too late. */
  readonly maximumLagMs: number
}

/** What is measured; `sample` is told everything anew each time. */
export interface LoadSample {
  readonly nowMs: number
  /** Part of the time in which this process was not idle, 0 to 1. */
  readonly utilisation: number
  /** From arrival until the pipeline had taken notice, as the last finals told. */
  readonly lagMs: number
  /** How late the event loop came to this sample. */
  readonly delayMs: number
  /** New messages since the last sample, refused ones included. */
  readonly arrived: number
  /** Age of the oldest record that the bus has not confirmed. */
  readonly oldestUnpublishedMs: number
  /** Finals since the last sample, and those of them that the networks behind refused for load. */
  readonly finals?: number
  readonly congested?: number
}

/** Time between two samples. */
export const SAMPLE_EVERY_MS = 100
/** Load that is aimed at while some is refused: enough idle time for latency to stay what it was. */
const TARGET_UTILISATION = 0.8
/** A process that is this busy cannot tell how much more would come. */
const SATURATED = 0.97
/**
 * A saturated event loop this late, twice in a row, has more to read than it can serve, and what is unread waits unseen
 * in the sockets. Fewer messages than these are not why it is late: the machine held it up, and refusing would not help.
 */
const OVERRUN = { delayMs: 100, arrivalsPerSample: 50 } as const
const LASTING_OVERRUNS = 2
/** Lateness without a break: a burst is taken, what lasts is not. */
const LASTING_MS = 500
const PRIORITY_SHARE = 0.1
/** Steps of what is admitted in the time of one sample. */
const STEEPEST_FALL = 0.75
const STEEPEST_RISE = 1.15
const LEAST_ADMITTED = 0.02
/** Of an overrun: below what can be served, so that what waits already is soon gone. */
const OVERRUN_FALL = 0.5
/** What is remembered of finals from one sample to the next: the last second counts. */
const FINALS_MEMORY = 0.9
/** Fewer finals say nothing about a share. */
const LEAST_FINALS = 10
/** RFC 7339 §4.3: how long neighbours keep to what they were told. */
const FEEDBACK_VALIDITY_MS = 500

/** Why a message is refused for load. */
export type Refused = 'inFlight' | 'load'

/**
 * Which new messages are taken (RFC 7339 in spirit): all of them, however busy the process is, until messages have
 * been late for a while: the event loop is behind, the pipeline lags or the bus does not confirm. Then a part, found
 * by trying, that leaves the process some idle time. Priority messages are refused only when there is no room at all.
 */
export class Admission {
  readonly #options: AdmissionOptions
  #admitted = 1
  #lateMs = 0
  #overruns = 0
  /** Refusals are spread evenly: what is owed of them. */
  #owed = 0
  #finals = 0
  #congested = 0
  #feedback: OverloadFeedback

  constructor(options: AdmissionOptions) {
    this.#options = options
    this.#feedback = this.#told(0)
  }

  /** Part of the messages that is refused, 0 to 1. */
  get loss(): number {
    return 1 - this.#admitted
  }

  /**
   * Part of the messages that HSSs and serving nodes refuse for load, by whatever they say so: overload reports (RFC
   * 7683), too-busy answers, full windows. Neighbours are told, so that they send less; nothing is refused here for it,
   * since the message itself gets the status of its cause.
   */
  get congestion(): number {
    return this.#finals < LEAST_FINALS ? 0 : this.#congested / this.#finals
  }

  get feedback(): OverloadFeedback {
    return this.#feedback
  }

  /** Undefined: take it. */
  refuses(inFlight: number, isPriority: boolean): Refused | undefined {
    const { maximumInFlight } = this.#options
    const room = isPriority ? maximumInFlight : Math.ceil(maximumInFlight * (1 - PRIORITY_SHARE))
    if (inFlight >= room) return 'inFlight'
    if (isPriority || this.#admitted === 1) return undefined
    this.#owed += this.loss
    if (this.#owed < 1) return undefined
    this.#owed -= 1
    return 'load'
  }

  sample(sample: LoadSample): void {
    this.#finals = this.#finals * FINALS_MEMORY + (sample.finals ?? 0)
    this.#congested = this.#congested * FINALS_MEMORY + (sample.congested ?? 0)
    this.#admit(sample)
    if (this.#lossPercent() !== this.#feedback.lossPercent) this.#feedback = this.#told(sample.nowMs)
  }

  #admit({ utilisation, lagMs, delayMs, arrived, oldestUnpublishedMs }: LoadSample): void {
    // A loop that is late comes here seldom: each time for all that it missed.
    const steps = 1 + delayMs / SAMPLE_EVERY_MS
    const isSaturated = utilisation >= SATURATED
    const isOverrun = isSaturated && delayMs > OVERRUN.delayMs && arrived >= OVERRUN.arrivalsPerSample * steps
    this.#overruns = isOverrun ? this.#overruns + 1 : 0
    const late = Math.max(lagMs, delayMs, oldestUnpublishedMs) / this.#options.maximumLagMs
    this.#lateMs = late > 1 ? this.#lateMs + steps * SAMPLE_EVERY_MS : 0
    const isLasting = this.#lateMs >= LASTING_MS || this.#overruns >= LASTING_OVERRUNS
    if (this.#admitted === 1 && !isLasting) return
    const load = Math.max(utilisation / TARGET_UTILISATION, late, 0.01)
    const factor = isOverrun
      ? OVERRUN_FALL ** steps
      : isSaturated || late > 1
        ? STEEPEST_FALL ** steps
        : Math.min(STEEPEST_RISE, Math.max(STEEPEST_FALL, 1 / load))
    this.#admitted = Math.min(1, Math.max(LEAST_ADMITTED, this.#admitted * factor))
    if (this.#admitted === 1) this.#owed = 0
  }

  #lossPercent(): number {
    return Math.round(Math.max(this.loss, this.congestion) * 100)
  }

  #told(nowMs: number): OverloadFeedback {
    return {
      lossPercent: this.#lossPercent(),
      validityMs: FEEDBACK_VALIDITY_MS,
      sequence: (nowMs / 1000).toFixed(3),
    }
  }
}
