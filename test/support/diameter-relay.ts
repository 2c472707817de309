import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What the relay does to an answer on its way back: other octets, or none. */
export type Tamper = (answer: Buffer) => Buffer | undefined

const HEADER_OCTETS = 20
const REQUEST_FLAG = 0x80

/**
 * A TCP relay in front of a Diameter node. It can lose the line, refuse new ones, and spoil answers of one command:
 * faults that no proper Diameter stack would produce.
 */
export class DiameterRelay {
  readonly #target: { host: string; port: number }
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #refusing = false
  #tampering: { commandCode: number; tamper: Tamper } | undefined

  private constructor(target: { host: string; port: number }) {
    this.#target = target
    this.#server = createServer((client) => this.#accept(client))
  }

  static async open(target: { host: string; port: number }): Promise<DiameterRelay> {
    const relay = new DiameterRelay(target)
    relay.#server.listen(0, target.host)
    await once(relay.#server, 'listening')
    return relay
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** Loses every line, and every new one at once until `restore`. */
  cut(): void {
    this.#refusing = true
    for (const socket of this.#sockets) socket.destroy()
  }

  restore(): void {
    this.#refusing = false
  }

  /** Answers of this command go through `tamper`; without it all go unchanged. */
  spoil(commandCode: number, tamper: Tamper): void {
    this.#tampering = { commandCode, tamper }
  }

  spoilNothing(): void {
    this.#tampering = undefined
  }

  async close(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(client: Socket): void {
    if (this.#refusing) {
      client.destroy()
      return
    }
    const node = connect({ ...this.#target, noDelay: true })
    for (const [socket, other] of [
      [client, node],
      [node, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
    client.on('data', (octets) => node.write(octets))
    let pending = Buffer.alloc(0)
    node.on('data', (octets: Buffer) => {
      pending = Buffer.concat([pending, octets])
      while (pending.length >= HEADER_OCTETS && pending.length >= pending.readUIntBE(1, 3)) {
        const lengthOctets = pending.readUIntBE(1, 3)
        const message = this.#tampered(pending.subarray(0, lengthOctets))
        pending = pending.subarray(lengthOctets)
        if (message !== undefined && client.writable) client.write(message)
      }
    })
  }

  #tampered(message: Buffer): Buffer | undefined {
    const isRequest = ((message[4] ?? 0) & REQUEST_FLAG) !== 0
    const applies = !isRequest && message.readUIntBE(5, 3) === this.#tampering?.commandCode
    return applies ? this.#tampering?.tamper(Buffer.from(message)) : message
  }
}
