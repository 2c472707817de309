import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../support/processes.ts'

/** PJSIP 2.15.1 with its Python binding, as PyPI has it for Linux on x86-64: exactly these files, or pip refuses. */
const REQUIREMENT = 'pjsua2-python==2.15.1.post1'
const SHA256: readonly string[] = [
  // CPython 3.10
  'c257151dd4f4d149ce60cd2bc9bcfbb3ca97914932fe5f53563d431e035c8c26',
  // CPython 3.11
  '4eb5c3afca5ef589f94493ae14c86dbaf3584a9abc7964e89864ed85020c3d16',
  // CPython 3.12
  '382f0a69e31d8a7bc98cf542fa1a369592150534aea43d38cb05864b17d9d00b',
]
const INSTALL_MS = 120_000

export interface PjsipMessage {
  readonly uri: string
  readonly body: string
  readonly contentType: string
}

export interface PjsipJob {
  readonly transport: 'udp' | 'tcp' | 'tls'
  readonly localAddress: string
  readonly from: string
  readonly headers: readonly (readonly [string, string])[]
  readonly messages: readonly PjsipMessage[]
  readonly tls?: {
    readonly certificateFile: string
    readonly keyFile: string
    readonly authorityFile: string
  }
}

export interface PjsipAnswer {
  readonly to: string
  readonly status: number
  readonly reason: string
  /** The response as it came. */
  readonly answer: string
}

/** Sends the messages by PJSIP, all at once, and gives the finals in the order in which they came. */
export async function runPjsip(job: PjsipJob): Promise<PjsipAnswer[]> {
  const child = spawn(python(), [join(ROOT, 'test/interop/sip/pjsip.py')], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (errors += chunk))
  child.stdin.end(JSON.stringify(job))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`PJSIP ended with ${code}:\n${errors}\n${output}`)
  const lines = output.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line) as PjsipAnswer)
}

/** A Python with PJSIP: a virtual environment, made on first use and kept among the caches of node_modules. */
function python(): string {
  const folder = join(ROOT, 'node_modules', '.cache', 'pjsip')
  const program = join(folder, 'venv', 'bin', 'python')
  const done = join(folder, `${REQUIREMENT}.done`)
  if (existsSync(done)) return program
  mkdirSync(folder, { recursive: true })
  const requirements = join(folder, 'requirements.txt')
  writeFileSync(requirements, `${REQUIREMENT} ${SHA256.map((hash) => `--hash=sha256:${hash}`).join(' ')}\n`)
  run('python3', '-m', 'venv', join(folder, 'venv'))
  const only = ['--require-hashes', '--only-binary', ':all:', '--no-deps']
  run(program, '-m', 'pip', 'install', '-q', '--disable-pip-version-check', ...only, '-r', requirements)
  writeFileSync(done, '')
  return program
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: INSTALL_MS })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`)
}
