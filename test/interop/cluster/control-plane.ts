import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { goTool } from '../../../scripts/go-tools.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort, type RunningProcess, startProcess } from '../../support/processes.ts'
import { Api } from './api.ts'

const READY_WITHIN_MS = 120_000
/** Both families, as `ipFamilyPolicy` may ask for. */
const SERVICE_ADDRESSES = '10.96.0.0/16,fd00:96::/108'

/**
 * The control plane of Kubernetes as processes of this machine: etcd, API server, controller manager and scheduler, of
 * the upstream modules, with the admission that a cluster has by default. No node belongs to it.
 */
export class ControlPlane {
  readonly api: Api
  /** For helm. */
  readonly kubeconfig: string
  readonly #folder: string
  readonly #processes: readonly RunningProcess[]

  private constructor(api: Api, folder: string, processes: readonly RunningProcess[]) {
    this.api = api
    this.kubeconfig = join(folder, 'kubeconfig')
    this.#folder = folder
    this.#processes = processes
  }

  static async start(): Promise<ControlPlane> {
    const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-cluster-'))
    const processes: RunningProcess[] = []
    try {
      const etcd = await startEtcd(folder, processes)
      const api = await startApiServer(folder, etcd, processes)
      const user = ['--kubeconfig', join(folder, 'kubeconfig'), '--leader-elect=false', '--secure-port=0']
      const own = [
        ['--service-account-private-key-file', join(folder, 'accounts.key')],
        // Nodes that stand in for real ones send no heartbeats.
        ['--node-monitor-grace-period', '2h'],
      ].flat()
      processes.push(await startProcess(goTool('kube-controller-manager'), [...user, ...own]))
      const unserved = await freePort()
      processes.push(
        await startProcess(goTool('kube-scheduler'), [...user.slice(0, 3), `--secure-port=${unserved}`]),
      )
      return new ControlPlane(api, folder, processes)
    } catch (error) {
      await stopAll(folder, processes)
      throw error
    }
  }

  /** What a process has printed, for a failure that only it can explain. */
  log(program: 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler'): string {
    const index = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].indexOf(program)
    return this.#processes[index]?.output() ?? ''
  }

  async stop(): Promise<void> {
    this.api.close()
    await stopAll(this.#folder, this.#processes)
  }
}

/** Last started, first stopped; nothing is worth waiting for, since all of it is thrown away. */
async function stopAll(folder: string, processes: readonly RunningProcess[]): Promise<void> {
  await Promise.all(processes.toReversed().map((it) => it.stop('SIGKILL')))
  rmSync(folder, { recursive: true, force: true })
}

async function startEtcd(folder: string, processes: RunningProcess[]): Promise<string> {
  const [client, peer] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`]
  const etcd = await startProcess(
    goTool('etcd'),
    [
      ['--data-dir', join(folder, 'etcd')],
      ['--listen-client-urls', client, '--advertise-client-urls', client],
      [
        '--listen-peer-urls',
        peer,
        '--initial-advertise-peer-urls',
        peer,
        '--initial-cluster',
        `default=${peer}`,
      ],
      ['--unsafe-no-fsync=true'],
    ].flat(),
  )
  processes.push(etcd)
  await untilOk(`${client}/health`, etcd)
  return client
}

async function startApiServer(folder: string, etcd: string, processes: RunningProcess[]): Promise<Api> {
  const [port, token] = [await freePort(), randomBytes(16).toString('hex')]
  const url = `https://127.0.0.1:${port}`
  const file = (name: string) => join(folder, name)
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  writeFileSync(file('accounts.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }))
  writeFileSync(file('accounts.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
  writeFileSync(file('tokens.csv'), `${token},tester,tester,system:masters\n`)
  const server = await startProcess(
    goTool('kube-apiserver'),
    [
      ['--etcd-servers', etcd, '--cert-dir', folder],
      ['--bind-address', '127.0.0.1', '--secure-port', String(port), '--endpoint-reconciler-type', 'none'],
      ['--authorization-mode', 'RBAC', '--token-auth-file', file('tokens.csv')],
      ['--service-account-issuer', url, '--service-account-key-file', file('accounts.pub')],
      ['--service-account-signing-key-file', file('accounts.key')],
      ['--service-cluster-ip-range', SERVICE_ADDRESSES],
    ].flat(),
  )
  processes.push(server)
  const certificate = file('apiserver.crt')
  await whileRunning(server, () => existsSync(certificate), 'the certificate of the API server')
  writeFileSync(file('kubeconfig'), kubeconfig(url, certificate, token))
  const api = new Api(url, { ca: readFileSync(certificate), token })
  const isReady = () =>
    api.call('GET', '/readyz').then(
      ({ status }) => status === 200,
      () => false,
    )
  await whileRunning(server, isReady, 'the API server')
  return api
}

/** JSON is YAML too. */
function kubeconfig(server: string, authority: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': authority } }],
    users: [{ name: 'tester', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'tester' } }],
    'current-context': 'test',
  })
}

const untilOk = (url: string, process: RunningProcess) =>
  whileRunning(
    process,
    () =>
      fetch(url).then(
        ({ ok }) => ok,
        () => false,
      ),
    url,
  )

/** Waits for something; a process that has ended meanwhile will not bring it. */
async function whileRunning(
  process: RunningProcess,
  ask: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  const has = () => process.child.exitCode !== null || process.child.signalCode !== null
  await eventually(async () => has() || (await ask()), what, READY_WITHIN_MS).catch((cause) => {
    throw new Error(`${what}:\n${process.output().slice(-4_000)}`, { cause })
  })
  if (has()) throw new Error(`${what}: its process has ended:\n${process.output().slice(-4_000)}`)
}
