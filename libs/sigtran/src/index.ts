export { createSigtranPart, type SigtranPart } from './part.ts'
export { pointCodeOf } from './point-code.ts'
export { checkSigtran, type SigtranSettings, sigtranSchema } from './settings.ts'
export {
  createSigtranStack,
  type SigtranEvent,
  type SigtranStack,
  type SigtranStackDependencies,
  type SigtranStackOptions,
} from './stack.ts'
export type { Stray, StrayPost } from './strays.ts'
