import Type, { type Static } from 'typebox'
import { NODE_KINDS } from './behaviour.ts'
import type { LabOptions } from './lab.ts'

const port = (value: number, what: string) =>
  Type.Integer({ default: value, minimum: 0, maximum: 65_535, description: `${what}; 0: any free one` })

/** Settings of the lab, a section of the processes that run it. */
export const labSchema = Type.Object(
  {
    host: Type.String({ default: '127.0.0.1', description: 'address of the neighbours' }),
    hssPort: port(3868, 'Diameter port of the HSS'),
    mmePort: port(3869, 'Diameter port of the MME'),
    sgsnPort: port(3870, 'Diameter port of the SGSN'),
    stpPort: port(2905, 'M3UA port (TCP) of the STP, behind which MSC, SGSN and HLR are'),
    defaultNode: Type.Enum([...NODE_KINDS], {
      default: 'msc',
      description: 'node that serves a subscriber without a setting',
    }),
    mmeSubscribers: Type.Array(Type.String({ pattern: '^[0-9]{5,15}$' }), {
      default: [],
      maxItems: 1_000,
      description: 'numbers, digits, that the MME serves whatever the default is',
    }),
  },
  { additionalProperties: false, default: {} },
)
export type LabConfig = Static<typeof labSchema>

export function labOptions(config: LabConfig): LabOptions {
  const { host, hssPort, mmePort, sgsnPort, stpPort, defaultNode, mmeSubscribers } = config
  const ports = { hss: hssPort, mme: mmePort, sgsn: sgsnPort, stp: stpPort }
  return { host, ports, defaultNode, mmeSubscribers }
}
