import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { decodeDiameter } from '../codec.ts'
import { Application } from '../dictionary/applications.ts'
import { DiameterFramer } from '../framer.ts'
import type { DiameterMessage } from '../messages.ts'
import { DiameterNode } from '../node.ts'
import type { NodeDependencies, NodeEvent, NodeOptions, PeerOptions } from '../types.ts'

export const REALM = 'ims.example'
export const GATEWAY = 'gw.ims.example'

/** A node with the events it told, and a way to wait for one. */
export class TestNode {
  readonly node: DiameterNode
  readonly events: NodeEvent[] = []
  readonly #waiting: { kind: NodeEvent['kind']; resolve: (event: NodeEvent) => void }[] = []

  constructor(options: Partial<NodeOptions> = {}, dependencies: NodeDependencies = {}) {
    this.node = new DiameterNode(
      {
        originHost: GATEWAY,
        originRealm: REALM,
        applications: [Application.SH, Application.S6C, Application.SGD],
        ...options,
        timers: { reconnectMs: 20, reconnectMaximumMs: 50, disconnectMs: 200, ...options.timers },
      },
      { ...dependencies, onEvent: (event) => this.#onEvent(event) },
    )
  }

  get port(): number {
    return this.node.addresses()[0]?.port ?? 0
  }

  /** The next event of this kind, or one that has been. */
  event(kind: NodeEvent['kind']): Promise<NodeEvent> {
    const seen = this.events.find((event) => event.kind === kind)
    if (seen !== undefined) return Promise.resolve(seen)
    return this.nextEvent(kind)
  }

  nextEvent(kind: NodeEvent['kind']): Promise<NodeEvent> {
    return new Promise((resolve) => this.#waiting.push({ kind, resolve }))
  }

  #onEvent(event: NodeEvent): void {
    this.events.push(event)
    const index = this.#waiting.findIndex(({ kind }) => kind === event.kind)
    if (index >= 0) this.#waiting.splice(index, 1)[0]?.resolve(event)
  }
}

/** A server that takes anybody, on a free port. */
export function serverNode(originHost: string, options: Partial<NodeOptions> = {}): TestNode {
  return new TestNode({
    originHost,
    listeners: [{ host: '127.0.0.1', port: 0 }],
    unknownPeers: 'accept',
    ...options,
  })
}

export function peerAt(identity: string, port: number, rest: Partial<PeerOptions> = {}): PeerOptions {
  return { identity, host: '127.0.0.1', port, realms: [REALM], ...rest }
}

/** A bare socket that speaks octets: what a well-behaved node would never send. */
export class RawPeer {
  readonly socket: Socket
  readonly messages: DiameterMessage[] = []
  #arrived: (() => void) | undefined

  constructor(socket: Socket) {
    this.socket = socket
    const framer = new DiameterFramer({
      message: (octets) => {
        this.messages.push(decodeDiameter(octets))
        this.#arrived?.()
      },
      lost: (error) => socket.destroy(error),
    })
    socket.on('data', (chunk: Buffer) => framer.push(chunk))
    socket.on('error', () => {})
  }

  static async connect(port: number): Promise<RawPeer> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new RawPeer(socket)
  }

  /** The next message in order of arrival. */
  async next(): Promise<DiameterMessage> {
    while (this.messages.length === 0)
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    return this.messages.shift() as DiameterMessage
  }
}
