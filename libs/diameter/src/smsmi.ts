import type { AvpValue } from './dictionary/definitions.ts'

/** What ties the requests about one message to a user without a number together. */
export interface SmsmiIdentity {
  /** Identity of the HSS that holds the user. */
  readonly hssId: string
  readonly originatingUri?: string
  readonly destinationUri: string
}

/** SMSMI-Correlation-ID of SRR, TFR and RDR (TS 29.338 §5.3.3.2); a Destination-SIP-URI in it says that it is meant. */
export function smsmiCorrelationId(identity: SmsmiIdentity): AvpValue<'SMSMI-Correlation-ID'> {
  const { hssId, originatingUri, destinationUri } = identity
  return {
    'HSS-ID': hssId,
    ...(originatingUri !== undefined && { 'Originating-SIP-URI': originatingUri }),
    'Destination-SIP-URI': destinationUri,
  }
}
