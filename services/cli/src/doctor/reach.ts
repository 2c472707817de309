import { connect } from 'node:net'
import { connect as connectTls, type SecureContextOptions } from 'node:tls'

/** Whether somebody listens there, and agrees on TLS if files are given: undefined, or why not. */
export function unreachable(
  host: string,
  port: number,
  timeoutMs: number,
  tls?: SecureContextOptions,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = tls === undefined ? connect({ host, port }) : connectTls({ host, port, ...tls })
    const end = (why: string | undefined) => {
      socket.destroy()
      resolve(why)
    }
    socket.setTimeout(timeoutMs, () => end(`no answer within ${timeoutMs / 1000} s: a firewall drops it?`))
    // In TLS 1.3 a server refuses our certificate only after the handshake has ended here.
    const settled = tls === undefined ? 'connect' : 'secureConnect'
    socket.once(settled, () => (tls === undefined ? end(undefined) : setTimeout(end, REFUSAL_MS, undefined)))
    socket.once('error', (error) => end(sentenceOf(error)))
  })
}

const REFUSAL_MS = 300

/** An error of the network in words; what has none speaks for itself. */
export function sentenceOf(error: Error & { code?: string; reason?: string }): string {
  const { cause, code = '', reason } = error
  if (reason !== undefined) return `TLS: ${reason}`
  return SENTENCES[code] ?? (cause instanceof Error ? sentenceOf(cause) : error.message)
}

const SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused: nobody listens there',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name service does not answer',
  ENETUNREACH: 'no route',
  EHOSTUNREACH: 'no route',
  ETIMEDOUT: 'no answer: a firewall drops it?',
}
