const HEAD_OCTETS = 8
const INPUT_OCTETS = 65_536

/** Which input a thread reads, seen by another one. */
export interface Progress {
  set(input: Buffer): void
  /** How many have been begun. */
  count(): number
  input(): Buffer
}

export function sharedProgress(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD_OCTETS + INPUT_OCTETS)
}

export function progressOf(shared: SharedArrayBuffer): Progress {
  const head = new Int32Array(shared, 0, 2)
  const octets = Buffer.from(shared, HEAD_OCTETS)
  return {
    set(input) {
      input.copy(octets)
      Atomics.store(head, 1, input.length)
      Atomics.add(head, 0, 1)
    },
    count: () => Atomics.load(head, 0),
    input: () => Buffer.from(octets.subarray(0, Atomics.load(head, 1))),
  }
}
