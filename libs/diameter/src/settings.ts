import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const

/** Files as PEM; read when the process starts. */
const tlsSchema = Type.Object(
  {
    certificateFile: Type.String({ minLength: 1, description: 'own certificate, its chain after it' }),
    keyFile: Type.String({ minLength: 1 }),
    authoritiesFile: Type.String({ minLength: 1, description: 'who signs the certificate of the peer' }),
  },
  closed,
)

const peerSchema = Type.Object(
  {
    identity: Type.String({ minLength: 1, description: 'Diameter identity of the peer (its Origin-Host)' }),
    host: Type.String({ minLength: 1, description: 'address or name to connect to' }),
    port: Type.Integer({ default: 3868, minimum: 1, maximum: 65_535 }),
    transport: Type.Optional(
      Type.Enum(['tcp', 'tls', 'sctp'], {
        description: 'tls needs its files; sctp needs the kernel module; left out: tls with files, else tcp',
      }),
    ),
    tls: Type.Optional(tlsSchema),
    furtherHosts: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'sctp: its further addresses, of one multi-homed association',
      }),
    ),
    localAddresses: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'sctp: own addresses of the association; left out: the kernel’s choice',
      }),
    ),
    realms: Type.Array(Type.String(), {
      default: [],
      description: 'realms reached through it; *: every realm, after the peers that name it',
    }),
    priority: Type.Integer({ default: 1, minimum: 1, description: 'lower is asked first' }),
    maximumPending: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'requests to it without an answer; above, the next peer is asked',
      }),
    ),
    maximumPerSecond: Type.Optional(
      Type.Number({ minimum: 1, description: 'requests to it in a second; above, the next peer is asked' }),
    ),
  },
  closed,
)

/** A document of peers alone, read again when it changes. */
export const peersDocumentSchema = Type.Object({ peers: Type.Array(peerSchema, { default: [] }) }, closed)

/** Own Diameter identity and the peers (HSSs, agents, serving nodes): a section of every service with Diameter. */
export const diameterSchema = Type.Object(
  {
    originHost: Type.String({
      minLength: 1,
      description: 'own Diameter identity, one per replica: {ordinal} becomes the replica’s',
    }),
    originRealm: Type.String({ minLength: 1, description: 'own realm' }),
    peers: Type.Array(peerSchema, { default: [], description: 'nodes that are connected to' }),
    peersFile: Type.String({
      default: '',
      description: 'more peers (YAML, `peers:`), read again whenever it changes; empty: none',
    }),
    watchdogMs: Type.Integer({ default: 6_000, minimum: 6_000, description: 'Tw of RFC 3539' }),
    overloadControl: Type.Boolean({
      default: false,
      description: 'asks HSSs and serving nodes for overload reports and honours them (RFC 7683)',
    }),
    maximumPendingPerPeer: Type.Integer({
      default: 50_000,
      minimum: 1,
      description: 'requests without an answer, unless a peer has a bound of its own',
    }),
  },
  closed,
)
export type DiameterSettings = Static<typeof diameterSchema>
