import type { MutatorOptions, Random } from '@ipsmgw/bytes/testing'

/** A decoder under attack. */
export interface FuzzTarget extends MutatorOptions {
  readonly name: string
  /** Share of inputs that must be readable: what is refused at the door tests nothing behind it. */
  readonly leastReadable: number
  /**
   * Reads the octets with all that is behind the decoder. True: they were readable. A fault is given as the decoder's
   * own value or thrown as its own class, which is caught here; anything else that leaves is a failure.
   */
  read(octets: Buffer, random: Random): boolean
}
