import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT, startProcess } from '../../support/processes.ts'

/** Ends a command's wait: a build on a busy machine takes minutes, never this long. */
const LONGEST_MS = 15 * 60_000

export interface Finished {
  readonly code: number | string
  readonly output: string
}

/** A container engine without a daemon: buildah builds, podman runs. Names live below `localhost/ipsmgw-test`. */
export class Engine {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ipsmgw-images-'))
  readonly #environment: Record<string, string>

  constructor() {
    const configuration = join(this.#folder, 'containers.conf')
    // Machines without CAP_SYS_RESOURCE refuse the engine's own limits, old kernels its newer runtime.
    writeFileSync(
      configuration,
      '[containers]\ndefault_ulimits = ["nofile=1024:20000", "nproc=4096:4096"]\n[engine]\nruntime = "runc"\n',
    )
    this.#environment = { CONTAINERS_CONF: configuration }
  }

  async try(
    command: 'buildah' | 'podman' | 'debootstrap' | 'tar',
    args: readonly string[],
  ): Promise<Finished> {
    const running = await startProcess(command, args, { environment: this.#environment })
    const timer = setTimeout(() => running.child.kill('SIGKILL'), LONGEST_MS)
    const code = await running.ended
    clearTimeout(timer)
    return { code, output: running.output() }
  }

  /** The command's words; throws with them when it fails. */
  async run(command: 'buildah' | 'podman' | 'debootstrap' | 'tar', args: readonly string[]): Promise<string> {
    const { code, output } = await this.try(command, args)
    if (code !== 0)
      throw new Error(`${command} ${args.slice(0, 3).join(' ')} …: ${code}\n${output.slice(-3_000)}`)
    return output.trim()
  }

  /**
   * The image that builds start from. As root a Debian of its own, made once per machine and Debian release, with
   * this machine's npm and certificates; else the one that the Containerfile names.
   */
  async buildImage(): Promise<string | undefined> {
    if (process.env.IPSMGW_BUILD_IMAGE !== undefined) return process.env.IPSMGW_BUILD_IMAGE
    if (process.getuid?.() !== 0) return undefined
    const name = 'localhost/ipsmgw-test/build:bookworm'
    if ((await this.try('podman', ['image', 'exists', name])).code === 0) return name
    const root = join(this.#folder, 'debian')
    await this.run('debootstrap', ['--variant=minbase', '--include=ca-certificates,tini', 'bookworm', root])
    addNode(root)
    const archive = join(this.#folder, 'debian.tar')
    await this.run('tar', ['-C', root, '-cf', archive, '.'])
    await this.run('podman', ['import', archive, name])
    rmSync(archive)
    return name
  }

  /** Builds one target of the Containerfile; stages that are built already come from the cache. */
  async build(target: string, labels: { version: string; revision: string }): Promise<string> {
    const name = `localhost/ipsmgw-test/${target}:${labels.version}`
    const base = await this.buildImage()
    const cache = join(homedir(), '.npm')
    mkdirSync(cache, { recursive: true })
    await this.run('buildah', [
      ...['bud', '--layers', '--isolation', 'chroot', '--network', 'host', '--timestamp', '0'],
      ...(base === undefined ? [] : ['--build-arg', `BUILD_IMAGE=${base}`]),
      ...['--label', `org.opencontainers.image.version=${labels.version}`],
      ...['--label', `org.opencontainers.image.revision=${labels.revision}`],
      ...[
        '--volume',
        `${cache}:/root/.npm`,
        '--target',
        target,
        '--tag',
        name,
        '--file',
        'Containerfile',
        ROOT,
      ],
    ])
    return name
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Node of this process, npm and the certificates of this machine, so that `npm ci` works as it does outside. */
function addNode(root: string): void {
  const npm = dirname(dirname(realpathSync(process.env.npm_execpath ?? '/usr/bin/npm')))
  cpSync(process.execPath, join(root, 'usr/local/bin/node'))
  cpSync(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true })
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'))
  const certificates = '/etc/ssl/certs/ca-certificates.crt'
  cpSync(realpathSync(certificates), join(root, certificates))
  writeFileSync(join(root, 'root/.npmrc'), `cafile=${certificates}\nprefer-offline=true\n`)
}
