export { buildForwarders, buildSmDelivery, type SmDeliverySurroundings } from './build.ts'
export { type SmDeliveryConfig, smDeliverySchema, smDeliverySections } from './config.ts'
export type { Forwarder, ForwardResult, PartForward } from './forwarder.ts'
export { FORWARD_APPLICATIONS } from './sgd-forwarder.ts'
