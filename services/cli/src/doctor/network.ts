import { readFileSync } from 'node:fs'
import type { DiameterSettings } from '@ipsmgw/diameter'
import { loadLibc, SctpUnavailableError } from '@ipsmgw/sctp'
import { type RequestOutcome, SipEndpoint } from '@ipsmgw/sip'
import { bad, type Finding, good, warn } from './finding.ts'
import { unreachable } from './reach.ts'

type PeerSettings = DiameterSettings['peers'][number]

/** Diameter peers up to their transport: a capabilities exchange would push the running instance of that identity out. */
export function examinePeers(
  { peers, peersFile }: Pick<DiameterSettings, 'peers' | 'peersFile'>,
  timeoutMs: number,
): Promise<Finding[]> {
  if (peers.length === 0)
    return Promise.resolve([
      peersFile === ''
        ? bad('Diameter', 'no peer is configured', 'diameter.peers: HSS, serving nodes or agents')
        : good('Diameter', `peers are in ${peersFile}, which the service reads; its /readyz tells of them`),
    ])
  return Promise.all(peers.map((peer) => examinePeer(peer, timeoutMs)))
}

async function examinePeer(peer: PeerSettings, timeoutMs: number): Promise<Finding> {
  const { identity, host, port, tls } = peer
  const transport = peer.transport ?? (tls === undefined ? 'tcp' : 'tls')
  const subject = `Diameter peer ${identity} (${host}:${port}, ${transport})`
  if (transport === 'sctp')
    return good(subject, 'not looked at over SCTP: ipsmgw_diameter_peer_up tells, and /readyz of the service')
  if (transport === 'tls') return examineTls(subject, peer, timeoutMs)
  const why = await unreachable(host, port, timeoutMs)
  return why === undefined
    ? good(subject, 'reachable')
    : bad(subject, why, 'diameter.peers, the firewall, and whether the peer listens for TCP')
}

/** Up to the end of the handshake, with the files that the service has. */
async function examineTls(
  subject: string,
  { host, port, tls }: PeerSettings,
  timeoutMs: number,
): Promise<Finding> {
  if (tls === undefined)
    return bad(subject, 'TLS without files', 'tls of this peer: certificate, key, authorities')
  const remedy = 'the certificates on both sides: who signed them, for which names, until when'
  try {
    const files = {
      cert: readFileSync(tls.certificateFile),
      key: readFileSync(tls.keyFile),
      ca: readFileSync(tls.authoritiesFile),
    }
    const why = await unreachable(host, port, timeoutMs, files)
    return why === undefined ? good(subject, 'TLS is agreed on') : bad(subject, why, remedy)
  } catch (error) {
    return bad(subject, (error as Error).message, remedy)
  }
}

const [AF_INET, SOCK_STREAM, IPPROTO_SCTP] = [2, 1, 132]

/** Whether this process may open SCTP sockets; told only where they are needed, or there. */
export async function examineSctp(needed: boolean): Promise<Finding[]> {
  try {
    const libc = await loadLibc()
    const socket = libc.socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP)
    if (socket < 0) throw new SctpUnavailableError('kernel')
    libc.close(socket)
    return [good('SCTP', 'available')]
  } catch (error) {
    if (!(error instanceof SctpUnavailableError)) throw error
    if (!needed) return []
    return [bad('SCTP', error.message, 'on the node: modprobe sctp, and a line in /etc/modules-load.d')]
  }
}

/** OPTIONS to a gateway by TCP and by UDP: the ISC interface should go by TCP. */
export async function examineSip(host: string, port: number): Promise<Finding[]> {
  const endpoint = new SipEndpoint(
    { listeners: [{ transport: 'udp', host: host.startsWith('127.') ? '127.0.0.1' : '0.0.0.0', port: 0 }] },
    { onRequest: (request) => void request.respond(405) },
  )
  await endpoint.start()
  try {
    const [tcp, udp] = await Promise.all([ask(endpoint, host, port, 'tcp'), ask(endpoint, host, port, 'udp')])
    return [judgeTcp(`SIP ${host}:${port} over tcp`, tcp, udp), judgeUdp(`SIP ${host}:${port} over udp`, udp)]
  } finally {
    await endpoint.close()
  }
}

const REACH_MS = 1_000

const TRUST = 'sip.peers must hold the address that we come from'

function judgeTcp(subject: string, tcp: Answer, udp: Answer): Finding {
  if (tcp.status === 200) return good(subject, `OPTIONS answered 200 in ${tcp.tookMs} ms`)
  if (tcp.status !== undefined)
    return warn(subject, `OPTIONS answered ${tcp.status}`, statusRemedy(tcp.status))
  return udp.status === undefined
    ? bad(subject, tcp.why, 'the Service, its port, and whether sip-ingress is ready')
    : bad(
        subject,
        `${tcp.why}, and UDP works`,
        'ISC over UDP alone: the core repeats requests while a phone is paged, and long messages do not fit; open TCP',
      )
}

function judgeUdp(subject: string, { status, tookMs, why }: Answer): Finding {
  if (status === 200)
    return good(subject, `OPTIONS answered 200 in ${tookMs} ms; let the core use TCP all the same`)
  return status === undefined
    ? warn(subject, why, 'no harm while the core uses TCP')
    : warn(subject, `OPTIONS answered ${status}`, statusRemedy(status))
}

const statusRemedy = (status: number) =>
  status === 403 ? TRUST : status === 503 ? 'it is starting, draining or full: its /readyz says which' : TRUST

interface Answer {
  readonly status?: number
  readonly tookMs: number
  readonly why: string
}

async function ask(
  endpoint: SipEndpoint,
  host: string,
  port: number,
  transport: 'tcp' | 'udp',
): Promise<Answer> {
  const startedAt = performance.now()
  const outcome: RequestOutcome = await endpoint.request({
    method: 'OPTIONS',
    uri: `sip:${host.includes(':') ? `[${host}]` : host}:${port}`,
    headers: [
      ['From', '<sip:doctor@ipsmgw.invalid>'],
      ['To', `<sip:${host}>`],
    ],
    destination: { transport, host, port },
  })
  const tookMs = Math.round(performance.now() - startedAt)
  if (outcome.kind === 'response') return { status: outcome.response.status, tookMs, why: '' }
  const refused = transport === 'tcp' ? await unreachable(host, port, REACH_MS) : undefined
  return { tookMs, why: refused ?? (outcome.kind === 'timeout' ? 'no answer' : 'the connection was lost') }
}
