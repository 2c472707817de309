/** Long form of every header that has a compact one (RFC 3261 §7.3.3 and the extensions that add letters). */
export const COMPACT_FORMS: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
}

/** Names as RFC 3261 writes them, for the headers this library reads or that its users meet often. */
export const HEADER_NAMES = [
  'Accept',
  'Accept-Contact',
  'Accept-Encoding',
  'Accept-Language',
  'Allow',
  'Call-ID',
  'Contact',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Language',
  'Content-Length',
  'Content-Type',
  'Contribution-ID',
  'Conversation-ID',
  'CSeq',
  'Date',
  'Expires',
  'From',
  'History-Info',
  'In-Reply-To',
  'Max-Forwards',
  'P-Access-Network-Info',
  'P-Asserted-Identity',
  'P-Asserted-Service',
  'P-Called-Party-ID',
  'P-Charging-Function-Addresses',
  'P-Charging-Vector',
  'P-Served-User',
  'P-Visited-Network-ID',
  'Privacy',
  'Proxy-Require',
  'Reason',
  'Record-Route',
  'Require',
  'Retry-After',
  'Route',
  'Server',
  'Subject',
  'Supported',
  'Timestamp',
  'To',
  'Unsupported',
  'User-Agent',
  'Via',
  'Warning',
] as const

/** Reason phrases used when the caller gives none. Statuses that are not here get the phrase of their class. */
export const REASON_PHRASES: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  200: 'OK',
  202: 'Accepted',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Moved Temporarily',
  305: 'Use Proxy',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  410: 'Gone',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Unsupported URI Scheme',
  420: 'Bad Extension',
  421: 'Extension Required',
  423: 'Interval Too Brief',
  433: 'Anonymity Disallowed',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  482: 'Loop Detected',
  483: 'Too Many Hops',
  484: 'Address Incomplete',
  485: 'Ambiguous',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  493: 'Undecipherable',
  500: 'Server Internal Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Server Time-out',
  505: 'Version Not Supported',
  513: 'Message Too Large',
  600: 'Busy Everywhere',
  603: 'Decline',
  604: 'Does Not Exist Anywhere',
  606: 'Not Acceptable',
}

const CLASS_PHRASES = [
  '',
  'Progress',
  'Success',
  'Redirection',
  'Request Failure',
  'Server Failure',
  'Failure',
]

/** Phrase for a status, RFC 3261 §21 or that of its class. */
export function reasonPhrase(status: number): string {
  return REASON_PHRASES[status] ?? CLASS_PHRASES[Math.floor(status / 100)] ?? 'Unknown'
}

/** Methods with a meaning in some RFC: refused with 405, any other token with 501 (RFC 3261 §21.5.2). */
export const KNOWN_METHODS: readonly string[] = [
  'ACK',
  'BYE',
  'CANCEL',
  'INFO',
  'INVITE',
  'MESSAGE',
  'NOTIFY',
  'OPTIONS',
  'PRACK',
  'PUBLISH',
  'REFER',
  'REGISTER',
  'SUBSCRIBE',
  'UPDATE',
]

/** Bounds of the parser. What exceeds one is refused with 513. */
export interface SipLimits {
  /** Start line and headers. */
  readonly headOctets: number
  /** One header line with its folds, name included. */
  readonly headerOctets: number
  readonly headerCount: number
  readonly bodyOctets: number
}

export const DEFAULT_LIMITS: SipLimits = {
  headOctets: 32_768,
  headerOctets: 8_192,
  headerCount: 256,
  bodyOctets: 65_535,
}

/** Name and value of one header to send: octet strings; text beyond latin1 is sent as UTF-8. */
export type HeaderEntry = readonly [name: string, value: string]

/** Headers to send, in order, or as a record whose arrays become repeated lines. */
export type HeaderInput = readonly HeaderEntry[] | Readonly<Record<string, string | readonly string[]>>
