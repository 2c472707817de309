import type { MapVersion } from '@ipsmgw/map'
import type { FastifyInstance } from 'fastify'
import Type, { type Static, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { BEHAVIOURS, NODE_KINDS, type SubscriberSetting } from './behaviour.ts'
import type { Phones } from './phones.ts'
import type { RequestLog } from './request-log.ts'
import type { MapNode } from './sigtran/map-node.ts'
import type { Subscriber, Subscribers } from './subscribers.ts'

const closed = { additionalProperties: false } as const

const Msisdn = Type.String({ pattern: '^[1-9][0-9]{4,14}$' })
const OneNumber = Type.Object({ msisdn: Msisdn })
const LogQuery = Type.Object({ msisdn: Type.Optional(Msisdn) }, closed)

const Setting = Type.Object(
  {
    behaviour: Type.Enum(BEHAVIOURS),
    at: Type.Optional(Type.Enum(['hss', 'node'])),
    delayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 600_000 })),
    node: Type.Optional(Type.Enum([...NODE_KINDS])),
    second: Type.Optional(Type.Enum([...NODE_KINDS])),
    taken: Type.Optional(Type.Boolean()),
    homeRouting: Type.Optional(Type.Boolean()),
    result: Type.Optional(
      Type.Object(
        {
          code: Type.Integer({ minimum: 1000, maximum: 9999 }),
          vendorId: Type.Optional(Type.Integer({ minimum: 0, maximum: 0xffff_ffff })),
          failureCause: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
        },
        closed,
      ),
    ),
    mapError: Type.Optional(
      Type.Object(
        {
          code: Type.Integer({ minimum: 0, maximum: 255 }),
          cause: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
          report: Type.Optional(Type.String({ pattern: '^([0-9a-fA-F]{2}){1,164}$' })),
          diagnostic: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
        },
        closed,
      ),
    ),
    waiting: Type.Optional(Type.Boolean()),
    listFull: Type.Optional(Type.Boolean()),
    notNoted: Type.Optional(Type.Boolean()),
    overIms: Type.Optional(Type.Boolean()),
    sh: Type.Optional(
      Type.Object(
        {
          known: Type.Optional(Type.Boolean()),
          number: Type.Optional(Type.Boolean()),
          imsi: Type.Optional(Type.Boolean()),
          imsState: Type.Optional(Type.Integer({ minimum: 0, maximum: 3 })),
          serviceData: Type.Optional(Type.String({ maxLength: 16_384 })),
          notify: Type.Optional(Type.Boolean()),
          result: Type.Optional(
            Type.Object(
              {
                code: Type.Integer({ minimum: 1000, maximum: 9999 }),
                vendorId: Type.Optional(Type.Integer({ minimum: 0, maximum: 0xffff_ffff })),
              },
              closed,
            ),
          ),
          document: Type.Optional(Type.String({ maxLength: 65_536 })),
        },
        closed,
      ),
    ),
    identities: Type.Optional(Type.Array(Type.String({ minLength: 5, maxLength: 256 }), { maxItems: 8 })),
  },
  closed,
)

const MapNodeName = Type.Object({ node: Type.Enum(['hlr', 'msc', 'sgsn']) })
const MapNodeSetting = Type.Object({ version: Type.Integer({ minimum: 1, maximum: 3 }) }, closed)

/** What the HTTP side shows and changes. */
export interface LabState {
  readonly subscribers: Subscribers
  readonly phones: Phones
  readonly hssLog: RequestLog
  readonly nodesLog: RequestLog
  readonly map: Readonly<Record<'hlr' | 'msc' | 'sgsn', Pick<MapNode, 'speak'>>>
}

/** Adds `/lab/...`: what the phones got, what the neighbours saw, how subscribers behave. */
export function labRoutes(server: FastifyInstance, state: LabState): void {
  server.register((scope, _options, done) => {
    scope.setValidatorCompiler<TSchema>(({ schema, httpPart }) => {
      const validator = Compile(schema)
      return (value: unknown) =>
        validator.Check(value) ? { value } : { error: new Error(explain(validator.Errors(value), httpPart)) }
    })
    // What curl says of a body unless it is told otherwise: it is JSON all the same.
    const readAsJson = scope.getDefaultJsonParser('error', 'error')
    scope.addContentTypeParser(
      ['application/x-www-form-urlencoded', 'text/plain'],
      { parseAs: 'string' },
      readAsJson,
    )
    addRoutes(scope, state)
    done()
  })
}

function addRoutes(server: FastifyInstance, { subscribers, phones, hssLog, nodesLog, map }: LabState): void {
  server.get<{ Params: Static<typeof OneNumber> }>(
    '/lab/phones/:msisdn/messages',
    { schema: { params: OneNumber } },
    (request) => phones.messagesOf(request.params.msisdn),
  )
  server.get<{ Params: Static<typeof OneNumber> }>(
    '/lab/subscribers/:msisdn',
    { schema: { params: OneNumber } },
    (request) => present(subscribers.of(request.params.msisdn)),
  )
  server.put<{ Params: Static<typeof OneNumber>; Body: SubscriberSetting }>(
    '/lab/subscribers/:msisdn',
    { schema: { params: OneNumber, body: Setting } },
    (request) => present(subscribers.set(request.params.msisdn, request.body)),
  )
  server.put<{ Params: Static<typeof MapNodeName>; Body: { version: MapVersion } }>(
    '/lab/nodes/:node',
    { schema: { params: MapNodeName, body: MapNodeSetting } },
    ({ params, body }) => {
      map[params.node].speak(body.version)
      return { node: params.node, ...body }
    },
  )
  for (const [path, log] of [
    ['/lab/hss/log', hssLog],
    ['/lab/nodes/log', nodesLog],
  ] as const)
    server.get<{ Querystring: Static<typeof LogQuery> }>(
      path,
      { schema: { querystring: LogQuery } },
      (request) => log.entries(request.query.msisdn),
    )
}

function present({ msisdn, imsi, setting }: Subscriber) {
  return { msisdn, imsi, ...setting }
}

interface SchemaFault {
  readonly keyword: string
  readonly instancePath: string
  readonly message: string
  readonly params: object
}

/** One sentence for who typed the request. */
function explain(faults: readonly SchemaFault[], part = 'request'): string {
  // An unknown field is named twice; the fault that lists it says more.
  const fault = faults.find(({ params }) => 'additionalProperties' in params) ?? faults[0]
  if (fault === undefined) return `${part} is not valid`
  const field = fault.instancePath.split('/').slice(1).join('.')
  const { params } = fault
  if ('additionalProperties' in params)
    return `${(params.additionalProperties as string[]).join(', ')} is no field of the ${part}`
  if ('requiredProperties' in params)
    return `${(params.requiredProperties as string[]).join(', ')} must be set`
  if ('allowedValues' in params)
    return `${field} must be one of ${(params.allowedValues as string[]).join(', ')}`
  if (field === 'msisdn') return 'the number must be 5 to 15 digits, international, without +'
  return `${field === '' ? part : field} ${fault.message}`
}
