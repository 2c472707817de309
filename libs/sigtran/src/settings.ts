import { type ConfigProblem, problemsOf } from '@ipsmgw/config'
import { M3UA_PORT } from '@ipsmgw/m3ua'
import { Ssn } from '@ipsmgw/sccp'
import Type, { type Static } from 'typebox'
import { POINT_CODE_PATTERN, pointCodeOf } from './point-code.ts'

const closed = { additionalProperties: false } as const
const NUMBER_PATTERN = '^[1-9][0-9]{4,14}$'
const UINT32_MAXIMUM = 0xffff_ffff

const pointCode = Type.String({ pattern: POINT_CODE_PATTERN, description: 'ITU point code, 1.1.2 or "2058"' })
const mode = Type.Enum(['backup', 'share'], {
  default: 'share',
  description: 'first that is reachable, or all alike',
})

const linkSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 40, description: 'for logs and metrics' }),
    hosts: Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description: 'addresses of one STP; several make a multi-homed SCTP association',
    }),
    port: Type.Integer({ default: M3UA_PORT, minimum: 1, maximum: 65_535 }),
    localAddresses: Type.Array(Type.String({ minLength: 1 }), { default: [], description: 'own addresses' }),
    localPort: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
  },
  closed,
)

const instanceSchema = Type.Object(
  {
    pointCode,
    globalTitle: Type.String({ pattern: NUMBER_PATTERN, description: 'own E.164 number, digits' }),
    routingContext: Type.Optional(Type.Integer({ minimum: 0, maximum: UINT32_MAXIMUM })),
    aspIdentifier: Type.Optional(Type.Integer({ minimum: 0, maximum: UINT32_MAXIMUM })),
    unitName: Type.Optional(Type.String({ minLength: 1, description: 'name at the STP (ipa)' })),
  },
  closed,
)

const translationSchema = Type.Object(
  {
    prefix: Type.String({ pattern: '^[0-9]{0,15}$', description: 'first digits of the global title' }),
    destinations: Type.Array(pointCode, { minItems: 1 }),
    mode,
  },
  closed,
)

/** The SIGTRAN side of a process: a section of every service that speaks MAP. Absent: there is none. */
export const sigtranSchema = Type.Object(
  {
    transport: Type.Enum(['sctp', 'tcp', 'ipa'], {
      default: 'sctp',
      description: 'M3UA over SCTP, M3UA over TCP (labs), SCCP over IPA over TCP',
    }),
    links: Type.Array(linkSchema, {
      minItems: 1,
      description: 'associations to the STPs, in order of preference; ipa has one',
    }),
    instances: Type.Array(instanceSchema, {
      minItems: 1,
      description: 'own addresses: one for each replica, in the order of their ordinals',
    }),
    subsystem: Type.Integer({ default: Ssn.msc, minimum: 2, maximum: 254, description: 'own SSN' }),
    networkIndicator: Type.Integer({
      default: 2,
      minimum: 0,
      maximum: 3,
      description: '0 international, 2 national',
    }),
    networkAppearance: Type.Optional(Type.Integer({ minimum: 0, maximum: UINT32_MAXIMUM })),
    trafficMode: Type.Optional(
      Type.Enum(['override', 'loadshare', 'broadcast'], { description: 'left to the STP when absent' }),
    ),
    register: Type.Boolean({
      default: false,
      description: 'register the routing key instead of relying on the STP’s configuration',
    }),
    doubleExchange: Type.Boolean({ default: false, description: 'the peer is an IPSP that activates, too' }),
    heartbeatMs: Type.Integer({ default: 30_000, minimum: 0, description: 'between heartbeats; 0: none' }),
    destinations: Type.Array(pointCode, {
      default: [],
      description: 'the STP pair that translates global titles',
    }),
    destinationMode: mode,
    translations: Type.Array(translationSchema, {
      default: [],
      description: 'own table from global title to point code, where no STP translates',
    }),
    longestMessageOctets: Type.Integer({
      default: 268,
      minimum: 100,
      maximum: 4_000,
      description: 'longest SCCP message that the network takes',
    }),
    segmentation: Type.Boolean({
      default: false,
      description: 'send what is too long in XUDT segments; many nodes refuse them',
    }),
    maximumDialogues: Type.Integer({ default: 100_000, minimum: 1, description: 'open dialogues' }),
    newestVersion: Type.Enum([1, 2, 3], { default: 3, description: 'MAP version to begin with' }),
  },
  closed,
)
export type SigtranSettings = Static<typeof sigtranSchema>

/** What is wrong beyond the schema. Throws nothing. */
export function checkSigtran(
  settings: SigtranSettings | undefined,
  { ordinal }: { readonly ordinal: number },
): ConfigProblem[] {
  if (settings === undefined) return []
  const { instances, links, transport, destinations, translations } = settings
  const instance = instances[ordinal]
  return [
    ...pointCodeProblems(
      'instances',
      instances.map((it) => it.pointCode),
    ),
    ...pointCodeProblems('destinations', destinations),
    ...translations.flatMap((it, i) => pointCodeProblems(`translations.${i}.destinations`, it.destinations)),
    ...problem(
      'instances',
      instance === undefined &&
        `has ${instances.length} entries, none for the replica with ordinal ${ordinal}`,
    ),
    ...problem('links', new Set(links.map(({ name }) => name)).size < links.length && 'has a name twice'),
    ...problem(
      'links',
      transport !== 'sctp' &&
        links.some((it) => it.hosts.length > 1) &&
        'needs SCTP for several hosts of a link',
    ),
    ...problem('links', transport === 'ipa' && links.length > 1 && 'has one entry with ipa'),
    ...problem(
      `instances.${ordinal}.unitName`,
      transport === 'ipa' && instance?.unitName === undefined && 'must be set with ipa',
    ),
    ...problem(
      'destinations',
      transport !== 'ipa' &&
        destinations.length + translations.length === 0 &&
        'names no way to any node: set it, or translations',
    ),
  ]
}

function pointCodeProblems(path: string, codes: readonly string[]): ConfigProblem[] {
  return codes.flatMap((code, i) => problemsOf(`sigtran.${path}.${i}`, () => pointCodeOf(code)))
}

function problem(path: string, message: string | false): ConfigProblem[] {
  return message === false ? [] : [{ path: `sigtran.${path}`, source: 'check', message }]
}
