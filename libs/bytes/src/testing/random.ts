/** A whole number from 0 to below the limit. */
export type Random = (below: number) => number

/** Small deterministic generator: the same seed gives the same numbers, so that a failure can be repeated. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    // Mulberry32: unlike a linear generator its low bits are as good as its high ones.
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}
