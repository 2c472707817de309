import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ready } from '../support/gateway-process.ts'
import { ROOT } from '../support/processes.ts'
import type { ProbeQuestion } from './probe.ts'

/** A process of the project that tells its own CPU time and memory. */
export interface MeasuredProcess {
  /** User and system time so far, milliseconds. */
  cpuMs(): Promise<number>
  /** Heap and buffers after a collection, octets. */
  heapOctets(): Promise<number>
  /** Memory that it occupies, garbage included, octets. Costs it nothing. */
  residentOctets(): number
  stop(): Promise<void>
}

/** Starts a source file and waits until `url` says that it is ready. */
export async function startMeasured(
  file: string,
  args: readonly string[],
  url: string | undefined,
): Promise<MeasuredProcess> {
  const child = fork(file, args, {
    cwd: ROOT,
    execArgv: ['--import', fileURLToPath(new URL('probe.ts', import.meta.url))],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await ended
  }
  const ask = async (question: ProbeQuestion): Promise<number> => {
    child.send(question)
    const [{ value }] = (await once(child, 'message')) as [{ value: number }]
    return value
  }
  if (url === undefined) await once(child, 'message')
  else await ready(url, ended, 60_000)
  const residentOctets = () => {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
  }
  return { cpuMs: () => ask('cpu'), heapOctets: () => ask('heap'), residentOctets, stop }
}
