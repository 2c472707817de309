export { buildImToSms, type ImToSmsSurroundings } from './build.ts'
export { checkImToSms, type ImToSmsConfig, imToSmsSchema, imToSmsSections } from './config.ts'
export { type Conversion, type ConversionTools, convert } from './convert.ts'
