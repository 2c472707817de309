import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { type ConnectionOptions as TlsOptions, connect as tlsConnect } from 'node:tls'
import { addressOf } from './codec.ts'
import type { MsrpTransport } from './sdp.ts'

export interface OpeningOptions {
  /** Addresses that may be connected to: they stand in what users of others wrote. */
  allows(address: string): boolean
  readonly timeoutMs: number
  /** Own certificate, and the authorities that are believed. */
  readonly tls: TlsOptions | undefined
}

/** Opens a connection to the nearest hop of a path. Rejects with whatever stood in the way; nothing stays open then. */
export async function openSocket(
  uri: string,
  transport: MsrpTransport,
  { allows, timeoutMs, tls }: OpeningOptions,
): Promise<Socket> {
  const target = addressOf(uri)
  if (target === undefined) throw new RangeError('the path names no address')
  const signal = AbortSignal.timeout(timeoutMs)
  const { address } = await lookup(target.host)
  if (!allows(address)) throw new RangeError('connections to that address are not allowed')
  const { port } = target
  const socket =
    transport === 'tcp'
      ? connect({ host: address, port })
      : tlsConnect({
          ...tls,
          host: address,
          port,
          // Judged by what the session description announced, not here.
          rejectUnauthorized: false,
          ...(isIP(target.host) === 0 && { servername: target.host }),
        })
  try {
    await once(socket, transport === 'tcp' ? 'connect' : 'secureConnect', { signal })
    return socket
  } catch (error) {
    socket.on('error', () => {})
    socket.destroy()
    throw error
  }
}
