export { checkStandalone, type StandaloneConfig, standaloneSchema } from './config.ts'
export { buildNetwork, type Network } from './network.ts'
export { createStandalone, type Standalone, type StandaloneDependencies } from './standalone.ts'
