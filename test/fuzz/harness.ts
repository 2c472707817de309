import { Mutator, randomFrom } from '@ipsmgw/bytes/testing'
import type { FuzzTarget } from './target.ts'

export interface FuzzOptions {
  readonly inputs: number
  readonly seed: number
  /** Told of each input before it is read, so that somebody else can say which one never ended. */
  before?(input: Buffer): void
}

export interface FuzzResult {
  readonly name: string
  readonly inputs: number
  readonly readable: number
  readonly inputsPerSecond: number
  /** CPU time of the slowest input. */
  readonly slowestMs: number
}

/** CPU time that one input may take. */
export const MAXIMUM_CPU_MS = 50
/** An input that seemed slow is read again so often: the least time is its own, the rest is the machine's. */
const AGAIN = 5

/** An input that a decoder could not cope with; its octets are in the message, to be repeated. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure'

  constructor(target: string, what: string, input: Buffer, options?: ErrorOptions) {
    const hex = input.toString('hex')
    const shown = hex.length > 4_000 ? `${hex.slice(0, 4_000)}… (${input.length} octets)` : hex
    super(`${target}: ${what}\ninput ${shown}`, options)
  }
}

/** Damaged inputs, one after another. Throws FuzzFailure for the first that is not answered properly. */
export function fuzz(target: FuzzTarget, { inputs, seed, before }: FuzzOptions): FuzzResult {
  const random = randomFrom(seed)
  const mutator = new Mutator(target)
  let readable = 0
  let slowestMs = 0
  const startMs = performance.now()
  for (let count = 0; count < inputs; count++) {
    const input = mutator.next(random)
    before?.(input)
    const sinceMs = performance.now()
    if (readOne(target, input, seed + count)) readable++
    const tookMs = performance.now() - sinceMs
    if (tookMs <= slowestMs) continue
    slowestMs = Math.max(slowestMs, ownMs(target, input, seed + count, tookMs))
    if (slowestMs > MAXIMUM_CPU_MS)
      throw new FuzzFailure(target.name, `${slowestMs.toFixed(1)} ms of CPU time`, input)
  }
  const { name } = target
  if (readable < inputs * target.leastReadable)
    throw new RangeError(`${name}: ${readable} of ${inputs} inputs were readable, too few to test anything`)
  const inputsPerSecond = Math.round((inputs * 1000) / (performance.now() - startMs))
  return { name, inputs, readable, inputsPerSecond, slowestMs }
}

/** What a target draws is its own: reading an input again does not change the inputs that follow. */
function readOne(target: FuzzTarget, input: Buffer, seed: number): boolean {
  try {
    return target.read(input, randomFrom(seed))
  } catch (cause) {
    throw new FuzzFailure(target.name, String(cause), input, { cause })
  }
}

/** Least CPU time over some readings: collecting garbage and compiling happen to be there or not. */
function ownMs(target: FuzzTarget, input: Buffer, seed: number, tookMs: number): number {
  let leastMs = tookMs
  for (let again = 0; again < AGAIN; again++) {
    const before = process.cpuUsage()
    readOne(target, input, seed)
    const { user, system } = process.cpuUsage(before)
    leastMs = Math.min(leastMs, (user + system) / 1000)
  }
  return leastMs
}
