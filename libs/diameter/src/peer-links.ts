import type { DiameterConnection } from './connection.ts'
import type { Introduction } from './peer-context.ts'

/** An accepted connection of which the state machine has not decided. */
interface Offer {
  readonly connection: DiameterConnection
  readonly introduction: Introduction
}

/** The connections of one peer (RFC 6733 §5.6): I that we opened, R that it opened, and which of both is open. */
export class PeerLinks {
  #i: DiameterConnection | undefined
  #r: DiameterConnection | undefined
  #active: DiameterConnection | undefined
  #offer: Offer | undefined
  /** What the peer has said of itself on the connection that is to be used. */
  introduction: Introduction | undefined

  get i(): DiameterConnection | undefined {
    return this.#i
  }

  get r(): DiameterConnection | undefined {
    return this.#r
  }

  /** The one of both that is open. */
  get active(): DiameterConnection | undefined {
    return this.#active
  }

  /** A new connection of ours. */
  dial(connection: DiameterConnection): void {
    this.#i = connection
  }

  offer(connection: DiameterConnection, introduction: Introduction): void {
    this.#offer = { connection, introduction }
  }

  /** The offered connection becomes R. */
  adopt(): void {
    this.#r = this.#offer?.connection
    this.introduction = this.#offer?.introduction
    this.#offer = undefined
  }

  reject(): void {
    this.#offer?.connection.destroy()
    this.#offer = undefined
  }

  open(which: 'i' | 'r'): void {
    this.#active = which === 'i' ? this.#i : this.#r
  }

  /** Gives up I or R; `whenActive` is called first when it was the open one. */
  close(which: 'i' | 'r', whenActive: () => void): void {
    const connection = which === 'i' ? this.#i : this.#r
    if (which === 'i') this.#i = undefined
    else this.#r = undefined
    if (connection !== undefined && connection === this.#active) {
      this.#active = undefined
      whenActive()
    }
    connection?.end()
  }
}
