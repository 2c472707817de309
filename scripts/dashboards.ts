// Writes the Grafana dashboards of the chart (helm/ipsmgw/files/dashboards) from their definitions in
// scripts/dashboards. `--check` writes nothing and fails when a file is not what its definition says.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Dashboard, toGrafana } from './dashboards/grafana.ts'
import { network, sigtran, sip } from './dashboards/interfaces.ts'
import { overview } from './dashboards/overview.ts'
import { capacity, pipeline, slo } from './dashboards/platform.ts'

export const dashboards: readonly Dashboard[] = [overview, sip, network, sigtran, pipeline, capacity, slo]

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'helm', 'ipsmgw', 'files', 'dashboards')

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(folder, { recursive: true })
  for (const dashboard of dashboards) {
    const path = join(folder, `${dashboard.name}.json`)
    const wanted = `${JSON.stringify(toGrafana(dashboard), null, 2)}\n`
    if (!process.argv.includes('--check')) writeFileSync(path, wanted)
    else if (readFileSync(path, 'utf8') !== wanted) {
      console.error(`${path} is not what its definition says; run: node scripts/dashboards.ts`)
      process.exitCode = 1
    }
  }
}
