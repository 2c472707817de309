import type { Socket } from 'node:net'
import type { DecodeError } from '@ipsmgw/bytes'
import { DiameterFramer, type FramerSink } from './framer.ts'

/** A message on its way out. */
export interface Outgoing {
  readonly octets: Buffer
  /** Not wanted any more; it is not written. */
  readonly withdrawn: boolean
  /** Called when its octets are handed to the kernel: from then on it may have left. */
  written(): void
}

/** Who looks after a connection. An accepted one has another owner before its CER than after it. */
export interface ConnectionOwner {
  message(octets: Buffer, connection: DiameterConnection): void
  framingLost(error: DecodeError, header: Buffer, connection: DiameterConnection): void
  /** Once, however it ended. */
  lost(connection: DiameterConnection, error: Error | undefined): void
}

/** Octets gathered into one write. */
const BATCH_OCTETS = 64 * 1024
/** A peer that does not read what it asked for is left. */
const ANSWERS_WAITING_OCTETS = 8 * 1024 * 1024

/**
 * One TCP connection: framing in, gathered writes out. What is sent within one turn of the event loop leaves in one
 * write; a message is either still here (withdrawable) or written.
 */
export class DiameterConnection implements FramerSink {
  owner: ConnectionOwner
  readonly #socket: Socket
  readonly #framer: DiameterFramer
  readonly #address: string
  #requests: Outgoing[] = []
  #answers: Buffer[] = []
  #answerOctets = 0
  #flushing = false
  #blocked = false
  #open = true
  #error: Error | undefined

  constructor(socket: Socket, owner: ConnectionOwner, maximumOctets: number) {
    this.#socket = socket
    this.owner = owner
    this.#framer = new DiameterFramer(this, maximumOctets)
    this.#address = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    socket.on('data', (chunk: Buffer) => this.#framer.push(chunk))
    socket.on('drain', () => this.#unblock())
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('end', () => socket.destroy())
    socket.on('close', () => this.#onClose())
  }

  get open(): boolean {
    return this.#open
  }

  /** Where the other end is. */
  get remoteAddress(): string {
    return this.#address
  }

  /** Own address of this connection, for Host-IP-Address. */
  get localAddress(): string {
    return (this.#socket.localAddress ?? '127.0.0.1').replace(/^::ffff:/, '').replace(/%.*$/, '')
  }

  /** Queues a request. */
  sendRequest(outgoing: Outgoing): void {
    this.#requests.push(outgoing)
    this.#scheduleFlush()
  }

  /** Queues an answer. */
  sendAnswer(octets: Buffer): void {
    if (!this.#open) return
    this.#answers.push(octets)
    this.#answerOctets += octets.length
    if (this.#answerOctets > ANSWERS_WAITING_OCTETS) this.destroy(new Error('peer does not read'))
    else this.#scheduleFlush()
  }

  /** Writes at once, before everything that waits: capabilities, watchdog, disconnect. */
  sendNow(octets: Buffer): void {
    if (this.#open) this.#socket.write(octets)
  }

  /** Writes what waits and closes. */
  end(): void {
    if (!this.#open) return
    this.#flush()
    this.#framer.close()
    this.#socket.end()
    this.#socket.setTimeout(LINGER_MS, () => this.#socket.destroy())
  }

  destroy(error?: Error): void {
    this.#error ??= error
    this.#framer.close()
    this.#socket.destroy()
  }

  message(octets: Buffer): void {
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
    while (this.#open && !this.#blocked && this.#answers.length + this.#requests.length > 0)
      this.#blocked = !this.#socket.write(this.#nextBatch())
  }

  #nextBatch(): Buffer {
    const batch = this.#answers
    let octets = this.#answerOctets
    this.#answers = []
    this.#answerOctets = 0
    let taken = 0
    while (taken < this.#requests.length && octets < BATCH_OCTETS) {
      const outgoing = this.#requests[taken++] as Outgoing
      if (outgoing.withdrawn) continue
      batch.push(outgoing.octets)
      octets += outgoing.octets.length
      outgoing.written()
    }
    this.#requests = taken === this.#requests.length ? [] : this.#requests.slice(taken)
    return batch.length === 1 ? (batch[0] as Buffer) : Buffer.concat(batch, octets)
  }

  #onClose(): void {
    this.#open = false
    this.#requests = []
    this.#answers = []
    this.owner.lost(this, this.#error)
  }
}

/** How long a connection that is being closed may take to flush. */
const LINGER_MS = 2_000
