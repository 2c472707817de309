import { BlockList, isIP } from 'node:net'
import type { SipSource } from '@ipsmgw/sip'
import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const

/** A SIP neighbour: an S-CSCF or a CPM AS, and what it may say and expect. */
export const peerSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64 }),
    addresses: Type.Array(Type.String(), {
      minItems: 1,
      description: 'addresses or CIDR blocks it sends from',
    }),
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
        description: '202 at this time, for a core with a short watchdog',
      }),
    ),
    unknownOutcome: Type.Enum([202, 480], {
      default: 202,
      description: 'answer when forwarded without an outcome',
    }),
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

/** Finds the configured peer of a source address; the first match in configured order counts. */
export class PeerTable {
  readonly #rows: readonly { peer: PeerConfig; blocks: BlockList }[]

  constructor(peers: readonly PeerConfig[]) {
    this.#rows = peers.map((peer) => ({ peer, blocks: blockListOf(peer) }))
  }

  find(source: SipSource): PeerConfig | undefined {
    const mapped = /^::ffff:([\d.]+)$/i.exec(source.address)?.[1]
    const address = mapped ?? source.address
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    return this.#rows.find((row) => row.blocks.check(address, family))?.peer
  }
}

/** Throws RangeError that names the peer and the address. */
function blockListOf(peer: PeerConfig): BlockList {
  const blocks = new BlockList()
  for (const text of peer.addresses) {
    const [address = '', prefix] = text.split('/')
    const version = isIP(address)
    const bits = prefix === undefined ? (version === 6 ? 128 : 32) : Number(prefix)
    if (version === 0 || !Number.isInteger(bits) || bits < 0 || bits > (version === 6 ? 128 : 32))
      throw new RangeError(`"${text}" of peer ${peer.name} is no address or CIDR block`)
    blocks.addSubnet(address, bits, version === 6 ? 'ipv6' : 'ipv4')
  }
  return blocks
}
