import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ready } from '../support/gateway-process.ts'
import { type RunningProcess, startProcess } from '../support/processes.ts'
import type { Logs } from './logs.ts'
import { HOST } from './preload.ts'
import type { Freeze } from './windows.ts'

export interface ReplicaOptions {
  readonly service: string
  /** Index in its set; its name is `service-index`. */
  readonly index: number
  readonly configFile: string
  readonly httpPort: number
  readonly environment: Readonly<Record<string, string>>
}

/** How soon a replica that has ended is started again, as an orchestrator does. */
const RESTART_AFTER_MS = 1_000
const READY_WITHIN_MS = 60_000
const PRELOAD = fileURLToPath(new URL('preload.ts', import.meta.url))

/** One process of one service, started again whenever it ends. */
export class Replica {
  readonly #options: ReplicaOptions
  readonly #told: (sentence: string) => void
  readonly #logs: Logs
  readonly #freezes: { readonly fromMs: number; toMs: number }[] = []
  #process: RunningProcess | undefined
  #nature: Readonly<Record<string, string>> = {}
  #stopping = false
  #frozen = false
  #restarts = 0
  #supervision: Promise<void> | undefined

  constructor(options: ReplicaOptions, logs: Logs, told: (sentence: string) => void) {
    this.#options = options
    this.#logs = logs
    this.#told = told
  }

  get service(): string {
    return this.#options.service
  }

  get index(): number {
    return this.#options.index
  }

  get name(): string {
    return `${this.#options.service}-${this.#options.index}`
  }

  /** When it stood still. */
  get freezes(): readonly Freeze[] {
    return this.#freezes
  }

  get frozen(): boolean {
    return this.#frozen
  }

  get pid(): number | undefined {
    return this.#process?.child.pid
  }

  get restarts(): number {
    return this.#restarts
  }

  get output(): string {
    return this.#process?.output() ?? ''
  }

  async start(): Promise<void> {
    const { service, configFile, environment } = this.#options
    const words = ['--import', PRELOAD, `services/${service}/src/main.ts`, '--config', configFile]
    this.#process = await startProcess(process.execPath, words, {
      environment: { POD_NAME: this.name, [HOST]: this.name, ...environment, ...this.#nature },
    })
    const { stdout, stderr } = this.#process.child
    this.#logs.keep(this.name, stdout, stderr)
    this.#supervision = this.#supervise(this.#process)
  }

  async ready(): Promise<void> {
    const { ended } = this.#process as RunningProcess
    try {
      await ready(`http://127.0.0.1:${this.#options.httpPort}`, ended, READY_WITHIN_MS)
    } catch (cause) {
      throw new Error(`${this.name} did not become ready:\n${this.output.slice(-3_000)}`, { cause })
    }
  }

  /** Its metrics as Prometheus reads them. */
  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.#options.httpPort}/metrics`)).text()
  }

  /** Value of one of its metrics without labels. */
  async metric(name: string): Promise<number> {
    return Number(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'm').exec(await this.metrics())?.[1])
  }

  isReady(): Promise<boolean> {
    return fetch(`http://127.0.0.1:${this.#options.httpPort}/readyz`, {
      signal: AbortSignal.timeout(1_000),
    }).then(
      ({ ok }) => ok,
      () => false,
    )
  }

  /** What it is from its next start on, as its preload knows it. */
  become(nature: Readonly<Record<string, string>>): void {
    this.#nature = nature
  }

  /** Ends it; it comes again by itself. */
  signal(signal: 'SIGKILL' | 'SIGTERM'): void {
    this.#process?.child.kill(signal)
  }

  freeze(): void {
    this.#frozen = true
    this.#freezes.push({ fromMs: Date.now(), toMs: Number.POSITIVE_INFINITY })
    this.#process?.child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#frozen = false
    const last = this.#freezes.at(-1)
    if (last !== undefined) last.toMs = Math.min(last.toMs, Date.now())
    this.#process?.child.kill('SIGCONT')
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.thaw()
    const { child, ended } = this.#process ?? {}
    child?.kill('SIGTERM')
    const late = setTimeout(() => child?.kill('SIGKILL'), 40_000)
    await ended
    clearTimeout(late)
    await this.#supervision
  }

  async #supervise(process: RunningProcess): Promise<void> {
    const how = await process.ended
    if (this.#stopping) return
    this.#restarts++
    this.#told(`${this.name} ended with ${how}`)
    if (typeof how === 'number' && how !== 0) this.#told(process.output().slice(-600))
    await delay(RESTART_AFTER_MS)
    if (!this.#stopping) await this.start()
  }
}
