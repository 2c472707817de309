export { buildRecords, type Records } from './build.ts'
export { type RecordsConfig, recordsSections, recordsServiceSchema } from './config.ts'
