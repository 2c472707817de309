import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface RunningProcess {
  readonly child: ChildProcess
  /** Everything it has printed, both streams. */
  output(): string
  /** Resolves to the exit code, or the signal's name. */
  readonly ended: Promise<number | string>
  stop(signal?: NodeJS.Signals): Promise<number | string>
}

export interface ProcessOptions {
  readonly environment?: Readonly<Record<string, string>>
  /** Working directory; the project's root unless given. */
  readonly directory?: string
  /** Resolves once it has printed this; without it at once. */
  readonly readyWhen?: RegExp
  readonly timeoutMs?: number
}

const LONGEST_OUTPUT = 4_000_000

/** Starts a program and waits until it says it is ready. Throws with its output when it ends or stays silent. */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<RunningProcess> {
  const child = spawn(command, args, {
    cwd: options.directory ?? ROOT,
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  const running: RunningProcess = {
    child,
    output: () => output,
    ended,
    stop: (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return ended
    },
  }
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
  const take = (chunk: Buffer) => {
    if (output.length < LONGEST_OUTPUT) output += chunk.toString('utf8')
    if (options.readyWhen?.test(output)) resolve()
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  child.once('error', reject)
  if (options.readyWhen === undefined) return running
  const timer = setTimeout(
    () => reject(new Error(`${command} ${args.join(' ')} was not ready in time:\n${output}`)),
    options.timeoutMs ?? 20_000,
  )
  void ended.then((code) => reject(new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`)))
  try {
    await ready
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    clearTimeout(timer)
  }
  return running
}

/** The project's own Node on a source file of the project. */
export function startSource(
  file: string,
  args: readonly string[] = [],
  options: ProcessOptions = {},
): Promise<RunningProcess> {
  return startProcess(process.execPath, [file, ...args], options)
}

/** Below what systems give to outgoing connections: nobody is given one of these while its process is restarted. */
const PORTS = { from: 15_000, to: 32_000 } as const

/** A port of 127.0.0.1 that is free for UDP and TCP right now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to)
    if ((await isFreeForTcp(port)) && (await isFreeForUdp(port))) return port
  }
}

function isFreeForTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

function isFreeForUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => resolve(false))
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)))
  })
}
