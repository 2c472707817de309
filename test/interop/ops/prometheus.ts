import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../../support/eventually.ts'
import { freePort, type RunningProcess, startProcess } from '../../support/processes.ts'

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [atSeconds: number, value: string]
}

/** Debian's Prometheus, scraping every second. */
export class Prometheus {
  readonly #folder: string
  readonly #process: RunningProcess
  readonly #url: string

  private constructor(folder: string, process: RunningProcess, url: string) {
    this.#folder = folder
    this.#process = process
    this.#url = url
  }

  static async start(targets: readonly string[], ruleFiles: readonly string[]): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-prometheus-'))
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const file = join(folder, 'prometheus.yml')
    const scrape = { job_name: 'ipsmgw', static_configs: [{ targets }] }
    const global = { scrape_interval: '1s', evaluation_interval: '1s' }
    writeFileSync(file, JSON.stringify({ global, rule_files: ruleFiles, scrape_configs: [scrape] }))
    const process = await startProcess('prometheus', [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ])
    const prometheus = new Prometheus(folder, process, url)
    try {
      await eventually(
        () =>
          fetch(`${url}/-/ready`).then(
            ({ ok }) => ok,
            () => false,
          ),
        'Prometheus',
        20_000,
      )
    } catch (cause) {
      await prometheus.stop()
      throw new Error(process.output(), { cause })
    }
    return prometheus
  }

  /** The result of an instant query; throws with Prometheus' words when it refuses it. */
  async query(expression: string): Promise<readonly Sample[]> {
    const body = new URLSearchParams({ query: expression })
    const response = await fetch(`${this.#url}/api/v1/query`, { method: 'POST', body })
    const answer = (await response.json()) as { status: string; error?: string; data?: { result: Sample[] } }
    if (answer.data === undefined) throw new Error(`${expression}: ${answer.error}`)
    return answer.data.result
  }

  async stop(): Promise<void> {
    await this.#process.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
