import { connect } from 'node:net'

/** Whether somebody listens there: undefined, or why not. */
export function unreachable(host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (why: string | undefined) => {
      socket.destroy()
      resolve(why)
    }
    socket.setTimeout(timeoutMs, () => end(`no answer within ${timeoutMs / 1000} s: a firewall drops it?`))
    socket.once('connect', () => end(undefined))
    socket.once('error', (error: Error & { code?: string }) =>
      end(SENTENCES[error.code ?? ''] ?? error.message),
    )
  })
}

const SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused: nobody listens there',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name service does not answer',
  ENETUNREACH: 'no route',
  EHOSTUNREACH: 'no route',
}
