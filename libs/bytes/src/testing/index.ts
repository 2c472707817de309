export { Mutator, type MutatorOptions } from './mutator.ts'
export { type Random, randomFrom } from './random.ts'
