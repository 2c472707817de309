/** TCP and SCTP without TLS (RFC 6733 §2.1). */
export const DIAMETER_PORT = 3868
/** TLS over TCP. */
export const DIAMETER_TLS_PORT = 5658
