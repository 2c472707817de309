/** What a SIP answer of the gateway means for the sender, in one sentence. */
const MEANINGS: Readonly<Record<number, string>> = {
  200: 'delivered: the phone acknowledged every part',
  202: 'forwarded, outcome unknown: no acknowledgement came in time; do not send it again',
  400: 'the request is malformed, or its body cannot be read',
  403: 'refused: sender or recipient is not allowed (see Warning)',
  404: 'the recipient is not known',
  405: 'the gateway does not take this method',
  413: 'too long: more SMS parts than the operator allows',
  415: 'the content cannot become an SMS (see Accept)',
  416: 'the Request-URI scheme is not sip, sips or tel',
  420: 'the request requires an extension the gateway lacks',
  433: 'anonymous senders are not allowed',
  480: 'not delivered: the recipient cannot be reached now (see Reason)',
  481: 'the request belongs to a dialog that does not exist',
  482: 'the same request came twice over two ways',
  484: 'the recipient’s number is incomplete',
  486: 'not delivered: the phone is busy with another SMS',
  500: 'the gateway or the network found a fault in the request',
  501: 'the method is not known',
  503: 'the gateway is overloaded or stopping; nothing was sent (see Retry-After)',
}

export function explain(status: number): string {
  return MEANINGS[status] ?? 'see RFC 3261'
}
