import { correlationServiceSchema } from '@ipsmgw/correlation'
import { imReceived, smPrepared, smReports, smRouted } from '@ipsmgw/events'
import { hssRoutingSchema } from '@ipsmgw/hss-routing'
import { imToSmsSchema } from '@ipsmgw/im-to-sms'
import { recordsServiceSchema } from '@ipsmgw/records'
import { sipIngressSchema } from '@ipsmgw/sip-ingress'
import { smDeliverySchema } from '@ipsmgw/sm-delivery'
import type { TObject, TSchema } from 'typebox'

interface Port {
  readonly name: string
  readonly port: number
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
}

interface Source {
  /** Name of service, image and objects. */
  readonly name: string
  readonly kind: 'StatefulSet' | 'Deployment' | 'none'
  readonly schema?: TObject
  readonly http?: number
  readonly ports?: readonly Port[]
  /** Topics whose backlog is this component's work. */
  readonly consumes?: readonly string[]
  /** Gauge of messages in flight, if it is not what the bus has handed over. */
  readonly inFlight?: string
}

/** Replicas that must be told apart (SIP reply partition, Diameter and SIGTRAN identity) are a StatefulSet. */
const sources: Readonly<Record<string, Source>> = {
  sipIngress: {
    name: 'sip-ingress',
    kind: 'StatefulSet',
    schema: sipIngressSchema,
    ports: [
      { name: 'sip-udp', port: 5060, protocol: 'UDP' },
      { name: 'sip-tcp', port: 5060, protocol: 'TCP' },
    ],
    inFlight: 'ipsmgw_sip_open_messages',
  },
  imToSms: { name: 'im-to-sms', kind: 'Deployment', schema: imToSmsSchema, consumes: [imReceived.name] },
  hssRouting: {
    name: 'hss-routing',
    kind: 'StatefulSet',
    schema: hssRoutingSchema,
    consumes: [smPrepared.name],
  },
  smDelivery: {
    name: 'sm-delivery',
    kind: 'StatefulSet',
    schema: smDeliverySchema,
    consumes: [smRouted.name],
  },
  correlation: {
    name: 'correlation',
    kind: 'Deployment',
    schema: correlationServiceSchema,
    consumes: [smReports.name],
  },
  records: { name: 'records', kind: 'StatefulSet', schema: recordsServiceSchema },
  lab: {
    name: 'lab',
    kind: 'Deployment',
    http: 8090,
    ports: [
      { name: 'hss', port: 3868, protocol: 'TCP' },
      { name: 'mme', port: 3869, protocol: 'TCP' },
      { name: 'sgsn', port: 3870, protocol: 'TCP' },
      { name: 'stp', port: 2905, protocol: 'TCP' },
    ],
  },
  cli: { name: 'cli', kind: 'none' },
}

/** Sections that the chart writes by itself, from other values. */
const ownedByChart = new Set(['http', 'kafka', 'keys', 'policy', 'ordinal'])
/** Keys that the chart writes inside of sections. */
const keysOwnedByChart: Readonly<Record<string, readonly string[]>> = {
  sip: ['host', 'port'],
  diameter: ['originHost'],
}

const has = (schema: TObject | undefined, section: string) => schema?.properties[section] !== undefined

/** What the templates know of each component: `files/components.json`. */
export function components(): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(sources).map(([key, { schema, http, ports, consumes, inFlight, name, kind }]) => [
      key,
      {
        name,
        kind,
        http: http ?? 8080,
        ports: ports ?? [],
        kafka: has(schema, 'kafka'),
        keys: has(schema, 'keys'),
        policy: has(schema, 'policy'),
        consumes: consumes ?? [],
        inFlight: inFlight ?? (schema === undefined ? '' : 'ipsmgw_bus_in_flight'),
        sections: Object.fromEntries(
          Object.entries(schema?.properties ?? {})
            .filter(([section]) => !ownedByChart.has(section))
            .map(([section, it]) => [section, Object.keys((it as TObject).properties ?? {})]),
        ),
      },
    ]),
  )
}

/** All sections of all services, as they stand in `config`; of two with one name the one that knows more. */
export function configSections(): Record<string, TSchema> {
  const sections: Record<string, TSchema> = {}
  for (const { schema } of Object.values(sources))
    for (const [name, section] of Object.entries(schema?.properties ?? {})) {
      if (ownedByChart.has(name)) continue
      const known = sections[name] as TObject | undefined
      const properties = { ...known?.properties, ...(section as TObject).properties }
      for (const key of keysOwnedByChart[name] ?? []) delete properties[key]
      const required = [...new Set([...(known?.required ?? []), ...((section as TObject).required ?? [])])]
      sections[name] = { ...(section as object), properties, required } as TSchema
    }
  return sections
}
