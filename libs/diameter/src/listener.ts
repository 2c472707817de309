import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { listenSctp } from '@ipsmgw/sctp'
import { DIAMETER_PAYLOAD_PROTOCOL, SctpWire } from './sctp-wire.ts'
import { TcpWire } from './tcp-wire.ts'
import type { ListenerOptions, TlsCredentials } from './types.ts'
import type { Wire } from './wire.ts'

/** Something that takes connections until it is closed. */
export interface Listener {
  readonly host: string
  readonly port: number
  close(): void
}

export interface ListenerBounds {
  /** Connections that are open at once. */
  readonly connections: number
  readonly handshakeMs: number
}

export interface ListenerHandlers {
  accepted(wire: Wire): void
  /** What went wrong with somebody who wanted to connect. */
  failed(from: string, detail: string): void
}

/** Listens; rejects when the address cannot be had, or for SCTP when this process cannot open it. */
export function listen(
  options: ListenerOptions,
  bounds: ListenerBounds,
  handlers: ListenerHandlers,
): Promise<Listener> {
  return options.transport === 'sctp'
    ? listenToSctp(options, bounds, handlers)
    : listenToTcp(options, bounds, handlers)
}

async function listenToSctp(
  { host, furtherHosts = [], port }: ListenerOptions,
  { connections }: ListenerBounds,
  handlers: ListenerHandlers,
): Promise<Listener> {
  const listener = await listenSctp(
    {
      transport: 'sctp',
      hosts: [host, ...furtherHosts],
      port,
      payloadProtocol: DIAMETER_PAYLOAD_PROTOCOL,
      mostAssociations: connections,
    },
    (transport) => handlers.accepted(new SctpWire(transport)),
  )
  return { host, port: listener.port, close: () => void listener.close() }
}

async function listenToTcp(
  { host, port, tls }: ListenerOptions,
  bounds: ListenerBounds,
  handlers: ListenerHandlers,
): Promise<Listener> {
  const accept = (socket: Socket) => handlers.accepted(new TcpWire(socket))
  const server = tls === undefined ? createServer(accept) : tlsServer(tls, bounds, handlers, accept)
  server.maxConnections = bounds.connections
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      server.on('error', (error) => handlers.failed('listener', error.message))
      resolve()
    })
  })
  const address = server.address() as { readonly address: string; readonly port: number }
  return { host: address.address, port: address.port, close: () => void server.close() }
}

function tlsServer(
  { certificate: cert, key, authorities: ca }: TlsCredentials,
  { handshakeMs: handshakeTimeout }: ListenerBounds,
  { failed }: ListenerHandlers,
  accept: (socket: Socket) => void,
): Server {
  const options = { cert, key, ca, requestCert: true, minVersion: 'TLSv1.2', handshakeTimeout } as const
  return createTlsServer(options, accept).on('tlsClientError', (error, { remoteAddress }) =>
    failed(remoteAddress ?? 'unknown', error.message),
  )
}
