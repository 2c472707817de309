import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT, startProcess } from './processes.ts'

/**
 * First process of the guest: SCTP, loopback, the job, off. Without `cookie_hmac_alg=none` no SCTP socket could listen
 * under this kernel. The exit status travels in a file, since a halt has none.
 */
const INIT = `#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t tmpfs tmpfs /run
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
for word in $(cat /proc/cmdline); do case $word in lab=*) LAB=\${word#lab=};; esac; done
VERSION=$(uname -r)
mkdir -p /run/modules/lib; ln -s /usr/lib/uml/modules /run/modules/lib/modules
[ -e /usr/lib/uml/modules/$VERSION/modules.dep.bin ] || depmod -b /run/modules
modprobe -d /run/modules sctp
sysctl -qw net.sctp.cookie_hmac_alg=none
ip link set lo up
sh "$LAB/job" >"$LAB/output" 2>&1; echo $? >"$LAB/status"
sync; halt -f || echo o >/proc/sysrq-trigger
`

export interface UmlResult {
  /** Exit status of the script; undefined when the guest ended before it. */
  readonly status: number | undefined
  /** What the script printed. */
  readonly output: string
  /** Messages of the guest kernel. */
  readonly console: string
}

export interface UmlOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  readonly memory?: string
}

/**
 * Runs a shell script under a kernel of its own that has SCTP: user-mode Linux, an ordinary process. The guest sees the
 * files of the host, has only loopback, and `node` is the one that runs this. The script starts in the project folder.
 */
export async function runInUml(script: string, options: UmlOptions = {}): Promise<UmlResult> {
  const folder = await mkdtemp(join(tmpdir(), 'uml-'))
  const init = join(folder, 'init')
  await writeFile(init, INIT)
  await chmod(init, 0o755)
  await writeFile(join(folder, 'job'), jobOf(script, options.environment ?? {}))
  const guest = await startProcess('linux.uml', [
    'rootfstype=hostfs',
    'rootflags=/',
    'rw',
    `mem=${options.memory ?? '1G'}`,
    `init=${init}`,
    `lab=${folder}`,
    'con=null',
    'con0=null,fd:1',
  ])
  const timer = setTimeout(() => void guest.stop('SIGKILL'), options.timeoutMs ?? 120_000)
  await guest.ended
  clearTimeout(timer)
  const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => undefined)
  const status = await read('status')
  const output = (await read('output')) ?? ''
  await rm(folder, { recursive: true })
  return { status: status === undefined ? undefined : Number(status), output, console: guest.output() }
}

function jobOf(script: string, environment: Readonly<Record<string, string>>): string {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`)
  return [
    ...exports,
    `export PATH=${quote(dirname(process.execPath))}:"$PATH"`,
    `cd ${quote(ROOT)}`,
    script,
    '',
  ].join('\n')
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
