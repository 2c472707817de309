/** A message on its way out. */
export interface Outgoing {
  readonly octets: Buffer
  /** Not wanted any more; it is not written. */
  readonly withdrawn: boolean
  /** Called when its octets are handed to the kernel: from then on it may have left. */
  written(): void
}

/**
 * What waits to be written to one peer, answers before requests, each in the order it came. A request is either still
 * here, and may be withdrawn, or it was handed to the kernel.
 */
export class Outbox {
  #requests: Outgoing[] = []
  #answers: Buffer[] = []
  /** How many of each are taken already; the lists shrink when all are. */
  #requestsTaken = 0
  #answersTaken = 0
  #answerOctets = 0

  get empty(): boolean {
    return this.#requests.length + this.#answers.length === 0
  }

  /** Octets of answers that wait. */
  get answerOctets(): number {
    return this.#answerOctets
  }

  request(outgoing: Outgoing): void {
    this.#requests.push(outgoing)
  }

  answer(octets: Buffer): void {
    this.#answers.push(octets)
    this.#answerOctets += octets.length
  }

  /** The next messages, until there are `enoughOctets` of them (1: one message); undefined when nothing is left. */
  take(enoughOctets: number): Buffer | undefined {
    const batch: Buffer[] = []
    const octets = this.#takeRequests(batch, enoughOctets, this.#takeAnswers(batch, enoughOctets))
    return batch.length <= 1 ? batch[0] : Buffer.concat(batch, octets)
  }

  clear(): void {
    this.#requests = []
    this.#answers = []
    this.#requestsTaken = 0
    this.#answersTaken = 0
    this.#answerOctets = 0
  }

  #takeAnswers(batch: Buffer[], enoughOctets: number): number {
    let octets = 0
    while (this.#answersTaken < this.#answers.length && octets < enoughOctets) {
      const answer = this.#answers[this.#answersTaken++] as Buffer
      batch.push(answer)
      octets += answer.length
    }
    this.#answerOctets -= octets
    if (this.#answersTaken < this.#answers.length) return octets
    this.#answers = []
    this.#answersTaken = 0
    return octets
  }

  #takeRequests(batch: Buffer[], enoughOctets: number, already: number): number {
    let octets = already
    while (this.#requestsTaken < this.#requests.length && octets < enoughOctets) {
      const outgoing = this.#requests[this.#requestsTaken++] as Outgoing
      if (outgoing.withdrawn) continue
      batch.push(outgoing.octets)
      octets += outgoing.octets.length
      outgoing.written()
    }
    if (this.#requestsTaken < this.#requests.length) return octets
    this.#requests = []
    this.#requestsTaken = 0
    return octets
  }
}
