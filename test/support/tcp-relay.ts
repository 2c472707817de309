import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** Who a line belongs to, by the first octets that its client sent. */
export type OwnerOf = (first: Buffer) => string

interface Line {
  readonly client: Socket
  readonly node: Socket
  owner: string | undefined
}

const HOST = '127.0.0.1'

/**
 * A TCP relay in front of a server. Lines can be cut, as by a router that restarts, and silenced, as by a firewall
 * that has forgotten them: they stay open, and nothing passes. Both hit one owner's lines, or all.
 */
export class TcpRelay {
  readonly #server: Server
  readonly #ownerOf: OwnerOf
  readonly #lines = new Set<Line>()
  readonly #cut = new Set<string>()
  readonly #silent = new Set<string>()
  #targetPort = 0

  private constructor(ownerOf: OwnerOf) {
    this.#ownerOf = ownerOf
    this.#server = createServer((client) => this.#accept(client))
  }

  /** Without `ownerOf` everybody's lines have the same owner, ''. */
  static async open(ownerOf: OwnerOf = () => ''): Promise<TcpRelay> {
    const relay = new TcpRelay(ownerOf)
    relay.#server.listen(0, HOST)
    await once(relay.#server, 'listening')
    return relay
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  /** Where lines lead; until then they are refused. */
  aim(port: number): void {
    this.#targetPort = port
  }

  /** Loses this owner's lines, and new ones at once, until `mend`. Resolves to how many there were. */
  cut(owner = ''): number {
    this.#cut.add(owner)
    const lines = this.#linesOf(owner)
    for (const { client } of lines) client.resetAndDestroy()
    return lines.length
  }

  silence(owner = ''): number {
    this.#silent.add(owner)
    const lines = this.#linesOf(owner)
    for (const line of lines) hold(line)
    return lines.length
  }

  mend(owner = ''): void {
    this.#cut.delete(owner)
    this.#silent.delete(owner)
    for (const { client, node } of this.#linesOf(owner)) {
      client.resume()
      node.resume()
    }
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const { client } of this.#lines) client.destroy()
    await once(this.#server, 'close')
  }

  #linesOf(owner: string): Line[] {
    return [...this.#lines].filter((line) => line.owner === owner)
  }

  #accept(client: Socket): void {
    const node = connect({ host: HOST, port: this.#targetPort, noDelay: true })
    client.setNoDelay(true)
    const line: Line = { client, node, owner: undefined }
    this.#lines.add(line)
    for (const [socket, other] of [
      [client, node],
      [node, client],
    ] as const) {
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#lines.delete(line)
        other.destroy()
      })
      socket.on('data', (octets: Buffer) => this.#pass(line, socket, other, octets))
      other.on('drain', () => this.#silent.has(line.owner ?? '') || socket.resume())
    }
  }

  #pass(line: Line, from: Socket, to: Socket, octets: Buffer): void {
    line.owner ??= this.#ownerOf(octets)
    if (this.#cut.has(line.owner)) {
      line.client.resetAndDestroy()
      return
    }
    if (this.#silent.has(line.owner)) {
      hold(line)
      from.unshift(octets)
      return
    }
    if (!to.write(octets)) from.pause()
  }
}

function hold({ client, node }: Line): void {
  client.pause()
  node.pause()
}
