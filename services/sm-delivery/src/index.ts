export { buildForwarders, buildSmDelivery, type Legs, type SmDeliverySurroundings } from './build.ts'
export { checkSmDelivery, type SmDeliveryConfig, smDeliverySchema, smDeliverySections } from './config.ts'
export type { Forwarder, ForwardResult, ForwardSession, PartForward } from './forwarder.ts'
export { FORWARD_APPLICATIONS } from './sgd-forwarder.ts'
