export type { SipIngress } from './app.ts'
export { buildSipIngress, type SipIngressSurroundings } from './build.ts'
export {
  checkSipIngress,
  type SipIngressConfig,
  sipIngressSchema,
  sipIngressSections,
  sipSchema,
} from './config.ts'
export { type Arrival, type Examined, examine } from './examine.ts'
export type { PeerConfig } from './peers.ts'
export { type RecordOptions, recordOf } from './record.ts'
