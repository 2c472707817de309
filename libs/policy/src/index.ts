export type { Rate } from './admission-sections.ts'
export {
  type HomeGrant,
  homeDataWanted,
  isBarredSender,
  isGrantedAtHome,
  type RecipientRuling,
  recipientRuling,
} from './authorise.ts'
export { type Decision, decide, type HomeQuestion, type Verdict } from './decide.ts'
export { domainOf, identityOf } from './identity.ts'
export { loadPolicy } from './load.ts'
export type { PseudoNumbers } from './originate.ts'
export { PolicyFile, policyFileSchema } from './policy-file.ts'
export { type Policy, policyFor, policySchema } from './schema.ts'
export type { OriginatorSetting } from './sections.ts'
