/** A request that a neighbour saw, and what it answered. */
export interface SeenRequest {
  /** ISO time of arrival. */
  readonly at: string
  /** Diameter identity, or another name, of the neighbour that saw it. */
  readonly node: string
  readonly command: string
  /** Who sent it: its Origin-Host, or its global title. */
  readonly from: string
  readonly msisdn?: string
  readonly imsi?: string
  readonly publicIdentity?: string
  /** SMS-DELIVER octets as hex. */
  readonly tpdu?: string
  /** Another part was announced. */
  readonly moreMessages?: boolean
  /** Over MAP: the version of the operation. */
  readonly version?: number
  /** Over MAP: the same for all requests of one dialogue. */
  readonly dialogue?: number
  /** The whole request as hex; over MAP the argument of the operation. */
  readonly octets: string
  /**
   * The result code of the answer, over MAP `result` or what it was instead; `none` where there was none, `malformed`,
   * or `pending`.
   */
  readonly result: number | string
  /** ISO time of the answer. */
  readonly answeredAt?: string
}

type Entry = { -readonly [Key in keyof SeenRequest]: SeenRequest[Key] }

/** What a kind of neighbour saw, oldest first. Bounded: the oldest are forgotten. */
export class RequestLog {
  readonly #maximum: number
  readonly #entries: Entry[] = []

  constructor(maximum: number) {
    this.#maximum = maximum
  }

  /** Notes a request; the returned function notes its answer. */
  add(request: Omit<SeenRequest, 'at' | 'result' | 'answeredAt'>): (result: SeenRequest['result']) => void {
    const entry: Entry = { at: new Date().toISOString(), ...request, result: 'pending' }
    this.#entries.push(entry)
    if (this.#entries.length > this.#maximum * 1.1)
      this.#entries.splice(0, this.#entries.length - this.#maximum)
    return (result) => {
      entry.result = result
      if (result !== 'none') entry.answeredAt = new Date().toISOString()
    }
  }

  /** All of them, or those about one number. */
  entries(msisdn?: string): readonly SeenRequest[] {
    return msisdn === undefined ? this.#entries : this.#entries.filter((entry) => entry.msisdn === msisdn)
  }
}
