export interface WindowOptions {
  readonly maximumRecords: number
  readonly maximumOctets: number
}

/** Share of the bounds at which fetching goes on: a window that flaps at its edge would fetch one record at a time. */
const ROOMY_SHARE = 0.7

/** How much is handed over and not done, in records and in octets. */
export class Window {
  readonly #options: WindowOptions
  #records = 0
  #octets = 0

  constructor(options: WindowOptions) {
    this.#options = options
  }

  get records(): number {
    return this.#records
  }

  get octets(): number {
    return this.#octets
  }

  /** Nothing more may enter. The record that crosses the bound in octets is the last one in. */
  get full(): boolean {
    return this.#records >= this.#options.maximumRecords || this.#octets >= this.#options.maximumOctets
  }

  get roomy(): boolean {
    return (
      this.#records <= this.#options.maximumRecords * ROOMY_SHARE &&
      this.#octets <= this.#options.maximumOctets * ROOMY_SHARE
    )
  }

  enter(octets: number): void {
    this.#records++
    this.#octets += octets
  }

  leave(octets: number): void {
    this.#records--
    this.#octets -= octets
  }
}
