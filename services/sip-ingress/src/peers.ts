import type { BlockList } from 'node:net'
import type { SipSource } from '@ipsmgw/sip'
import Type, { type Static } from 'typebox'
import { blockListOf, holds } from './addresses.ts'

const closed = { additionalProperties: false } as const

/** A SIP neighbour: an S-CSCF or a CPM AS, and what it may say and expect. */
export const peerSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64 }),
    addresses: Type.Array(Type.String(), {
      default: [],
      description: 'addresses or CIDR blocks it sends from; empty: any, if it has tlsNames',
    }),
    tlsNames: Type.Array(Type.String({ minLength: 1, maxLength: 255 }), {
      default: [],
      description: 'names in its certificate; with any, it is believed over TLS only',
    }),
    profile: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: 'profile of the policy document' }),
    ),
    trusted: Type.Boolean({ default: true, description: 'its P-Asserted-Identity is believed' }),
    servedUser: Type.Boolean({
      default: true,
      description: 'an S-CSCF: may say who is served (P-Served-User)',
    }),
    answerByMs: Type.Optional(
      Type.Integer({
        minimum: 1_000,
        maximum: 31_000,
        description: 'final answer at the latest; default sip.answerByMs',
      }),
    ),
    earlyAnswerMs: Type.Optional(
      Type.Integer({
        minimum: 500,
        maximum: 31_000,
        description: '202 at this time, for a core with a short watchdog; default that of the policy',
      }),
    ),
    unknownOutcome: Type.Optional(
      Type.Enum([202, 480], {
        description: 'answer when forwarded without an outcome; default that of the policy',
      }),
    ),
    notificationRoute: Type.Optional(
      Type.String({
        minLength: 5,
        maxLength: 512,
        pattern: '^<sips?:[^<>\\s]+>$',
        description:
          'Route of notifications to senders behind it, <sip:scscf.example;transport=tcp;lr>; else none',
      }),
    ),
  },
  closed,
)
export type PeerConfig = Static<typeof peerSchema>

/** Finds the configured peer of a source, by address and name; the first match in configured order counts. */
export class PeerTable {
  readonly #rows: readonly Row[]

  /** Throws RangeError that names the peer and what is wrong with it. */
  constructor(peers: readonly PeerConfig[]) {
    this.#rows = peers.map((peer) => ({
      peer,
      blocks: peer.addresses.length === 0 ? undefined : blockListOf(peer.addresses, `peer ${peer.name}`),
      names: new Set(peer.tlsNames.map((name) => name.toLowerCase())),
    }))
    for (const { peer, blocks, names } of this.#rows)
      if (blocks === undefined && names.size === 0)
        throw new RangeError(`peer ${peer.name} has neither addresses nor tlsNames`)
  }

  find(source: SipSource): PeerConfig | undefined {
    return this.#rows.find(
      ({ blocks, names }) =>
        (blocks === undefined || holds(blocks, source.address)) && bearsName(source, names),
    )?.peer
  }
}

interface Row {
  readonly peer: PeerConfig
  readonly blocks: BlockList | undefined
  readonly names: ReadonlySet<string>
}

/** Names come from a certificate that was verified; on other transports there are none. */
function bearsName({ tlsNames = [] }: SipSource, names: ReadonlySet<string>): boolean {
  return names.size === 0 || tlsNames.some((name) => names.has(name.toLowerCase()))
}
