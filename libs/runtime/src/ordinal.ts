import Type from 'typebox'

/** Index of a replica, a setting of every service whose replicas must be told apart. */
export const ordinalSchema = Type.Integer({
  default: 0,
  minimum: 0,
  maximum: 31,
  description: 'index of this replica; by default the end of POD_NAME, else 0',
})

type Environment = Readonly<Record<string, string | undefined>>

/** In a StatefulSet the pod's name ends with its index: it is the ordinal unless one is set. */
export function withPodIndex(environment: Environment): Environment {
  const index = /-(\d+)$/.exec(environment.POD_NAME ?? '')?.[1]
  if (index === undefined || environment.IPSMGW_ORDINAL !== undefined) return environment
  return { ...environment, IPSMGW_ORDINAL: index }
}
