export { KeyMaker, messageIdOf } from './keys.ts'
export {
  type DialPlanRule,
  dial,
  type NumberOptions,
  numberFromUri,
  type UriNumber,
} from './number-from-uri.ts'
