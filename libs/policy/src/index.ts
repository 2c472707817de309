export { type Decision, decide, domainOf, recipientRefusal } from './decide.ts'
export { loadPolicy } from './load.ts'
export { PolicyFile, policyFileSchema } from './policy-file.ts'
export { type OriginatorSetting, type Policy, policySchema } from './schema.ts'
