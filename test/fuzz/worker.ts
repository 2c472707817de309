import { parentPort, workerData } from 'node:worker_threads'
import { fuzz } from './harness.ts'
import { type Progress, progressOf } from './progress.ts'
import { TARGETS } from './targets/index.ts'

/** One target in a thread of its own; what it is reading stands in shared memory, should it never end. */
const { name, inputs, seed, shared } = workerData as {
  readonly name: string
  readonly inputs: number
  readonly seed: number
  readonly shared: SharedArrayBuffer
}
const target = TARGETS.find((it) => it.name === name)
if (target === undefined) throw new RangeError(`no target ${name}`)
const progress: Progress = progressOf(shared)
parentPort?.postMessage(fuzz(target, { inputs, seed, before: (input) => progress.set(input) }))
