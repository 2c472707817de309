export { buildImToSms, type ImToSmsSurroundings } from './build.ts'
export { checkImToSms, type ImToSmsConfig, imToSmsSchema, imToSmsSections } from './config.ts'
