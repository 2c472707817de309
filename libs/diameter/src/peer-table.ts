import { isDeepStrictEqual } from 'node:util'
import { Peer } from './peer.ts'
import type { PeerContext } from './peer-context.ts'
import type { PeerOptions } from './types.ts'

/** A forward on its way to a phone may take so long. */
const RETIRED_FOR_MS = 40_000
const RETIRED_LOOK_MS = 100

export interface PeerTableOptions {
  /** Whether an identity that nobody configured may become a peer by connecting. */
  readonly strangers: boolean
}

/** The peers of a node by identity: the configured ones, those that came by themselves, and those on their way out. */
export class PeerTable {
  readonly #options: PeerTableOptions
  readonly #context: PeerContext
  readonly #peers = new Map<string, Peer>()
  /** As they were given; all others live as long as their connections. */
  readonly #configured = new Map<string, PeerOptions>()
  /** Configured no more: they get nothing new, and go when nothing is under way. */
  readonly #retired = new Set<Peer>()
  #started = false
  #stopped = false

  constructor(options: PeerTableOptions, context: PeerContext) {
    this.#options = options
    this.#context = context
  }

  /** Those that may be asked. */
  get peers(): ReadonlyMap<string, Peer> {
    return this.#peers
  }

  start(): void {
    this.#started = true
    for (const peer of this.#peers.values()) peer.start()
  }

  /** Disconnects from all; resolves when no connection is left. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all([...this.#peers.values(), ...this.#retired].map((peer) => peer.stop()))
  }

  /** Other peers from now on: what did not change keeps its connection. */
  set(peers: readonly PeerOptions[]): void {
    const wanted = new Map(peers.map((peer) => [peer.identity.toLowerCase(), peer]))
    for (const [identity, options] of this.#configured)
      if (!isDeepStrictEqual(options, wanted.get(identity))) this.#retire(identity)
    for (const [identity, options] of wanted)
      if (!this.#configured.has(identity)) {
        const peer = this.#add(options)
        this.#configured.set(peer.identity, options)
        if (this.#started) peer.start()
      }
  }

  /** Who introduces itself so: a known peer, a new one, or nobody that is wanted. */
  peerFor(identity: string, realm: string): Peer | undefined {
    const known = this.#peers.get(identity.toLowerCase())
    if (known !== undefined || !this.#options.strangers) return known
    return this.#add({ identity, role: 'accept', realms: [realm] })
  }

  /** A peer that nobody configured lives as long as its connection. */
  forgetStranger(identity: string): void {
    if (!this.#configured.has(identity)) this.#peers.delete(identity)
  }

  #add(options: PeerOptions): Peer {
    const peer = new Peer(options, this.#context)
    this.#peers.set(peer.identity, peer)
    return peer
  }

  #retire(identity: string): void {
    const peer = this.#peers.get(identity)
    this.#configured.delete(identity)
    this.#peers.delete(identity)
    if (peer === undefined) return
    this.#retired.add(peer)
    const untilMs = this.#context.now() + RETIRED_FOR_MS
    const look = () => {
      if (this.#stopped || !this.#retired.has(peer)) return
      const { now, setTimer } = this.#context
      if (peer.pending > 0 && now() < untilMs) setTimer({ expire: look }, now() + RETIRED_LOOK_MS)
      else void peer.stop().then(() => this.#retired.delete(peer))
    }
    look()
  }
}
