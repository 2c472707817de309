import Type, { type Static } from 'typebox'
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
  },
  { additionalProperties: false, default: {} },
)
export type LabConfig = Static<typeof labSchema>

export function labOptions({ host, hssPort, mmePort, sgsnPort }: LabConfig): LabOptions {
  return { host, ports: { hss: hssPort, mme: mmePort, sgsn: sgsnPort } }
}
