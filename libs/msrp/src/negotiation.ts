import type { MsrpTransport, OfferedMedia } from './sdp.ts'

/** What an endpoint can do for a session in which it receives. */
export interface Ability {
  readonly transports: readonly MsrpTransport[]
  /** Opens connections, where the other side waits for them. */
  readonly opens: boolean
}

/** The media that is taken, and who opens its connection. */
export interface Agreement {
  readonly media: OfferedMedia
  readonly setup: 'active' | 'passive'
}

/** Own part for what was offered (RFC 6135 §4.2.2): whoever may wait, waits. `holdconn` is not for MSRP. */
const ROLES: ReadonlyMap<string | undefined, Agreement['setup']> = new Map([
  [undefined, 'passive'],
  ['active', 'passive'],
  ['actpass', 'passive'],
  ['passive', 'active'],
])

/** The first media of an offer that this endpoint can receive by; undefined: there is none. */
export function agree(offer: readonly OfferedMedia[], ability: Ability): Agreement | undefined {
  for (const media of offer) {
    const setup = ROLES.get(media.setup)
    if (setup !== undefined && canTake(media, setup, ability)) return { media, setup }
  }
  return undefined
}

function canTake(media: OfferedMedia, setup: Agreement['setup'], ability: Ability): boolean {
  const { transport, path, direction, fingerprints } = media
  return (
    transport !== undefined &&
    ability.transports.includes(transport) &&
    path.length > 0 &&
    (direction === 'sendonly' || direction === 'sendrecv') &&
    // Announced, and in a way that proves nothing: nobody could show to be meant.
    fingerprints?.length !== 0 &&
    (setup === 'passive' || ability.opens)
  )
}
