import type { Random } from './random.ts'

export interface MutatorOptions {
  /** Good inputs, at least one of them. */
  readonly seeds: readonly Uint8Array[]
  /** Pieces that mean something to the decoder. */
  readonly tokens?: readonly (string | Uint8Array)[]
  /** No input is longer. */
  readonly maximumOctets: number
  /** Puts right what damage always breaks (a length, a checksum), so that the rest is reached; half of the time. */
  repair?(octets: Buffer): Buffer
}

/** Values at which lengths, tags and signs turn. */
const EDGES = [0, 1, 2, 3, 4, 7, 8, 0x10, 0x1f, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xfe, 0xff]
const SHORTEST_PIECE = 1
const LONGEST_PIECE = 64
/** One input of so many is blown up to the largest size: that is where slow decoders show. */
const BLOWN_UP = 500

type Change = (octets: Buffer, random: Random) => Buffer

/** Damaged inputs out of good ones: octets changed, cut, moved, repeated, and crossed with one another. */
export class Mutator {
  readonly #options: MutatorOptions
  readonly #seeds: readonly Buffer[]
  readonly #changes: readonly Change[]

  constructor(options: MutatorOptions) {
    this.#options = options
    this.#seeds = options.seeds.map((seed) => Buffer.from(seed))
    const tokens = (options.tokens ?? []).map((it) =>
      typeof it === 'string' ? Buffer.from(it, 'latin1') : it,
    )
    const token: Change = (octets, random) =>
      insert(octets, tokens[random(tokens.length)] ?? Buffer.alloc(0), random)
    this.#changes = [
      noise,
      noise,
      edge,
      bit,
      cut,
      drop,
      repeat,
      move,
      (octets, random) => cross(octets, this.#seed(random), random),
      ...(tokens.length > 0 ? [token, token, token] : []),
    ]
  }

  next(random: Random): Buffer {
    let octets: Buffer = Buffer.from(this.#seed(random))
    for (let change = random(4); change >= 0; change--) {
      octets = this.#change(random)(octets, random)
      if (octets.length === 0) octets = Buffer.of(random(256))
    }
    if (random(BLOWN_UP) === 0) octets = blowUp(octets, this.#options.maximumOctets, random)
    const { repair, maximumOctets } = this.#options
    const bounded = octets.length > maximumOctets ? octets.subarray(0, maximumOctets) : octets
    return repair !== undefined && random(2) === 0 ? repair(bounded) : bounded
  }

  #seed(random: Random): Buffer {
    return this.#seeds[random(this.#seeds.length)] as Buffer
  }

  #change(random: Random): Change {
    return this.#changes[random(this.#changes.length)] as Change
  }
}

const noise: Change = (octets, random) => {
  octets[random(octets.length)] = random(256)
  return octets
}

const edge: Change = (octets, random) => {
  octets[random(octets.length)] = EDGES[random(EDGES.length)] as number
  return octets
}

const bit: Change = (octets, random) => {
  const at = random(octets.length)
  octets[at] = (octets[at] as number) ^ (1 << random(8))
  return octets
}

const cut: Change = (octets, random) => octets.subarray(0, random(octets.length + 1))

const drop: Change = (octets, random) => {
  const at = random(octets.length)
  return Buffer.concat([octets.subarray(0, at), octets.subarray(at + pieceLength(random))])
}

const repeat: Change = (octets, random) => insert(octets, pieceOf(octets, random), random)

const move: Change = (octets, random) => {
  const piece = Buffer.from(pieceOf(octets, random))
  piece.copy(octets, random(octets.length))
  return octets
}

function cross(octets: Buffer, other: Buffer, random: Random): Buffer {
  return Buffer.concat([octets.subarray(0, random(octets.length + 1)), other.subarray(random(other.length))])
}

function insert(octets: Buffer, piece: Uint8Array, random: Random): Buffer {
  const at = random(octets.length + 1)
  return Buffer.concat([octets.subarray(0, at), piece, octets.subarray(at)])
}

/** One piece over and over, up to the bound. */
function blowUp(octets: Buffer, maximumOctets: number, random: Random): Buffer {
  const room = maximumOctets - octets.length
  const piece = pieceOf(octets, random)
  if (room <= 0 || piece.length === 0) return octets
  const at = random(octets.length + 1)
  return Buffer.concat([octets.subarray(0, at), Buffer.alloc(room, piece), octets.subarray(at)])
}

function pieceOf(octets: Buffer, random: Random): Buffer {
  const at = random(octets.length)
  return octets.subarray(at, at + pieceLength(random))
}

function pieceLength(random: Random): number {
  return SHORTEST_PIECE + random(random(4) === 0 ? LONGEST_PIECE : 8)
}
