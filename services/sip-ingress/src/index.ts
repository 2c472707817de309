export type { SipIngress } from './app.ts'
export { buildSipIngress, type SipIngressSurroundings } from './build.ts'
export {
  checkSipIngress,
  type SipIngressConfig,
  sipIngressSchema,
  sipIngressSections,
  sipSchema,
} from './config.ts'
export type { PeerConfig } from './peers.ts'
