import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { ConfigError, loadConfig } from '@ipsmgw/config'
import type { Logger } from '@ipsmgw/telemetry'
import { type DiameterSettings, peersDocumentSchema } from './settings.ts'
import type { PeerOptions } from './types.ts'

const LOOK_EVERY_MS = 2_000

type Settings = Pick<DiameterSettings, 'peers' | 'peersFile'>

/** The configured peers, those of the document after them. Throws `ConfigError`, and what the file system throws. */
export function loadPeers({ peers, peersFile }: Settings): PeerOptions[] {
  if (peersFile === '') return peers.map(peerOf)
  const { config } = loadConfig(peersDocumentSchema, { environment: {}, file: peersFile })
  return [...peers, ...config.peers].map(peerOf)
}

/**
 * Tells whenever the document of peers has changed. One that is not valid is refused as a whole, and the peers stay as
 * they are. Looks at the path and not at the file behind it, because mounted documents are swapped by link.
 */
export class PeersFile {
  readonly #settings: Settings
  readonly #logger: Logger
  readonly #changed: (peers: readonly PeerOptions[]) => void

  constructor(settings: Settings, logger: Logger, changed: (peers: readonly PeerOptions[]) => void) {
    this.#settings = settings
    this.#logger = logger
    this.#changed = changed
  }

  start(): void {
    const { peersFile } = this.#settings
    if (peersFile !== '') watchFile(peersFile, { interval: LOOK_EVERY_MS, persistent: false }, this.reload)
  }

  stop(): void {
    if (this.#settings.peersFile !== '') unwatchFile(this.#settings.peersFile, this.reload)
  }

  readonly reload = (): void => {
    try {
      const peers = loadPeers(this.#settings)
      this.#changed(peers)
      this.#logger.info({ interface: 'diameter', peers: peers.length }, 'Diameter peers reloaded')
    } catch (err) {
      this.#logger.error({ err, interface: 'diameter' }, 'changed Diameter peers refused, the old ones stay')
    }
  }
}

/** A peer as configured, the files of its TLS read. Throws `ConfigError` for a transport that contradicts the rest. */
function peerOf({ tls, transport, ...peer }: DiameterSettings['peers'][number]): PeerOptions {
  const path = `peers: ${peer.identity}`
  if (transport === 'tls' && tls === undefined) throw unfit(path, 'transport tls needs tls with its files')
  if (tls !== undefined && (transport ?? 'tls') !== 'tls')
    throw unfit(path, `tls is not for transport ${transport}`)
  if ((peer.furtherHosts ?? peer.localAddresses) !== undefined && transport !== 'sctp')
    throw unfit(path, 'furtherHosts and localAddresses are for transport sctp')
  if (tls === undefined) return { ...peer, ...(transport !== undefined && { transport }) }
  return {
    ...peer,
    transport: 'tls',
    tls: {
      certificate: readFileSync(tls.certificateFile),
      key: readFileSync(tls.keyFile),
      authorities: readFileSync(tls.authoritiesFile),
    },
  }
}

function unfit(path: string, message: string): ConfigError {
  return new ConfigError([{ path, source: 'check', message }])
}
