import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningProcess, startProcess } from '../../support/processes.ts'

export const AGENT = 'dra.lab.invalid'
const REALM = 'lab.invalid'
const HOST = '127.0.0.1'

/** A node that the agent connects to. */
export interface Behind {
  readonly identity: string
  readonly host?: string
  readonly port: number
}

export interface AgentOptions {
  /** Over SCTP alone, on all of these addresses; by default over TCP alone. */
  readonly sctpAddresses?: readonly string[]
}

/** freeDiameter as a relay agent (RFC 6733 §2.8.1): the gateway connects to it, it connects to the nodes behind it. */
export class Agent {
  readonly port: number
  readonly #folder: string
  readonly #configuration: string
  #running: RunningProcess | undefined

  constructor(port: number, behind: readonly Behind[], options: AgentOptions = {}) {
    this.port = port
    this.#folder = mkdtempSync(join(tmpdir(), 'ipsmgw-dra-'))
    this.#configuration = this.#file('freeDiameter.conf', this.#text(behind, options))
  }

  async start(): Promise<void> {
    this.#running = await startProcess('freeDiameterd', ['-c', this.#configuration], {
      readyWhen: /freeDiameterd daemon initialized|Core state.*(?:3|RUNNING)/,
      timeoutMs: 15_000,
    })
  }

  /** What it has printed. */
  output(): string {
    return this.#running?.output() ?? ''
  }

  async kill(): Promise<void> {
    await this.#running?.stop('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #text(behind: readonly Behind[], { sctpAddresses }: AgentOptions): string {
    const { certificate, key } = this.#credentials()
    const strangers = this.#file('strangers.conf', `ALLOW_OLD_TLS ALLOW_IPSEC *.${REALM}\n`)
    return `Identity = "${AGENT}";
Realm = "${REALM}";
Port = ${this.port};
SecPort = 0;
${(sctpAddresses ?? [HOST]).map((address) => `ListenOn = "${address}";`).join('\n')}
${sctpAddresses === undefined ? 'No_SCTP' : 'No_TCP'};
No_IPv6;
TcTimer = 5;
TwTimer = 6;
TLS_Cred = "${certificate}", "${key}";
TLS_CA = "${certificate}";
LoadExtension = "acl_wl.fdx" : "${strangers}";
${behind.map(({ identity, host = HOST, port }) => `ConnectPeer = "${identity}" { ConnectTo = "${host}"; Port = ${port}; No_TLS; };`).join('\n')}
`
  }

  /** It does not start without a certificate, though no connection here uses it. */
  #credentials(): { certificate: string; key: string } {
    const [certificate, key] = [join(this.#folder, 'cert.pem'), join(this.#folder, 'key.pem')]
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${AGENT}`]
    const { status, stderr } = spawnSync('openssl', [...request, '-keyout', key, '-out', certificate])
    if (status !== 0) throw new Error(`openssl: ${stderr}`)
    return { certificate, key }
  }

  #file(name: string, text: string): string {
    const path = join(this.#folder, name)
    writeFileSync(path, text)
    return path
  }
}
