import type { DecodeError } from '@ipsmgw/bytes'
import { DiameterFramer, type FramerSink } from './framer.ts'
import { Outbox, type Outgoing } from './outbox.ts'
import type { Wire } from './wire.ts'

/** Who looks after a connection. An accepted one has another owner before its CER than after it. */
export interface ConnectionOwner {
  /** A connection that we opened is up. */
  connected(connection: DiameterConnection): void
  message(octets: Buffer, connection: DiameterConnection): void
  framingLost(error: DecodeError, header: Buffer, connection: DiameterConnection): void
  /** Once, however it ended. */
  lost(connection: DiameterConnection, error: Error | undefined): void
}

/** A peer that does not read what it asked for is left. */
const ANSWERS_WAITING_OCTETS = 8 * 1024 * 1024
/** The second message of a peer shows that it has our capabilities: from then on messages may overtake each other. */
const MESSAGES_UNTIL_UNORDERED = 2

/**
 * One connection: framing in, gathered writes out. What is sent within one turn of the event loop leaves in one write
 * where the wire allows it; a message is either still here (withdrawable) or written.
 */
export class DiameterConnection implements FramerSink {
  owner: ConnectionOwner
  readonly #wire: Wire
  readonly #framer: DiameterFramer
  readonly #outbox = new Outbox()
  #received = 0
  #flushing = false
  #blocked = false
  #open = true

  constructor(wire: Wire, owner: ConnectionOwner, maximumOctets: number) {
    this.#wire = wire
    this.owner = owner
    this.#framer = new DiameterFramer(this, maximumOctets)
    wire.start({
      ready: () => this.owner.connected(this),
      data: (octets) => this.#framer.push(octets),
      drain: () => this.#unblock(),
      closed: (error) => this.#onClosed(error),
    })
  }

  get open(): boolean {
    return this.#open
  }

  /** Where the other end is. */
  get remoteAddress(): string {
    return this.#wire.remoteAddress
  }

  /** Own addresses of this connection, for Host-IP-Address. */
  get localAddresses(): readonly string[] {
    return this.#wire.localAddresses
  }

  /** Queues a request. */
  sendRequest(outgoing: Outgoing): void {
    this.#outbox.request(outgoing)
    this.#scheduleFlush()
  }

  /** Queues an answer. */
  sendAnswer(octets: Buffer): void {
    if (!this.#open) return
    this.#outbox.answer(octets)
    if (this.#outbox.answerOctets > ANSWERS_WAITING_OCTETS) this.destroy(new Error('peer does not read'))
    else this.#scheduleFlush()
  }

  /** Writes at once, before everything that waits: capabilities, watchdog, disconnect. */
  sendNow(octets: Buffer): void {
    if (this.#open && !this.#wire.write(octets, true)) this.#blocked = true
  }

  /** Writes what waits and closes. */
  end(): void {
    if (!this.#open) return
    for (;;) {
      const batch = this.#outbox.take(this.#wire.batchOctets)
      if (batch === undefined) break
      this.#write(batch)
    }
    this.#framer.close()
    this.#wire.end()
  }

  destroy(error?: Error): void {
    this.#framer.close()
    this.#wire.destroy(error)
  }

  message(octets: Buffer): void {
    this.#received++
    this.owner.message(octets, this)
  }

  lost(error: DecodeError, header: Buffer): void {
    this.owner.framingLost(error, header, this)
  }

  #scheduleFlush(): void {
    if (this.#flushing || this.#blocked) return
    this.#flushing = true
    setImmediate(() => this.#flush())
  }

  #unblock(): void {
    this.#blocked = false
    this.#flush()
  }

  #flush(): void {
    this.#flushing = false
    while (this.#open && !this.#blocked) {
      const batch = this.#outbox.take(this.#wire.batchOctets)
      if (batch === undefined) return
      this.#blocked = !this.#write(batch)
    }
  }

  #write(batch: Buffer): boolean {
    return this.#wire.write(batch, this.#received < MESSAGES_UNTIL_UNORDERED)
  }

  #onClosed(error: Error | undefined): void {
    this.#open = false
    this.#outbox.clear()
    this.owner.lost(this, error)
  }
}
