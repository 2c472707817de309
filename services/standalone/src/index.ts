export { checkStandalone, type StandaloneConfig, standaloneSchema } from './config.ts'
export {
  createStandalone,
  type Network,
  type Standalone,
  type StandaloneDependencies,
} from './standalone.ts'
