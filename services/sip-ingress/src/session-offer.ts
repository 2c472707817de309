import { DecodeError } from '@ipsmgw/bytes'
import { type Ability, type Agreement, agree, decodeOffer, type OfferedMedia } from '@ipsmgw/msrp'
import type { SipRequest } from '@ipsmgw/sip'
import { type Refusal, refuse, warning } from './refusal.ts'

/** A session description that can be answered. */
export interface TakenOffer {
  readonly kind: 'taken'
  readonly offer: readonly OfferedMedia[]
  readonly agreement: Agreement
}

/** The offer of an INVITE, or why it is refused; `host` speaks in warnings. */
export function examineOffer(invite: SipRequest, ability: Ability, host: string): TakenOffer | Refusal {
  if (invite.body.length === 0) return refuse(488, 'noOffer', [warning(host, 'an offer is needed')])
  if (!/^application\/sdp\s*(;|$)/i.test(invite.headers.get('content-type') ?? ''))
    return refuse(415, 'sessionDescription', [['Accept', 'application/sdp']])
  try {
    const offer = decodeOffer(invite.body)
    const agreement = agree(offer, ability)
    return agreement === undefined
      ? refuse(488, 'media', [warning(host, wanted(ability))])
      : { kind: 'taken', offer, agreement }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return refuse(400, 'malformedOffer', [warning(host, error.message)])
  }
}

function wanted({ transports, opens }: Ability): string {
  const ways = transports.map((it) => (it === 'tls' ? 'TCP/TLS/MSRP' : 'TCP/MSRP')).join(' or ')
  return `one MSRP session over ${ways} is needed${opens ? '' : ', whose sender opens the connection'}`
}
