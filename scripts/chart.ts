// Writes what the chart takes from the code: values.schema.json and files/components.json from the services'
// configuration schemas, files/lab-*.json from the lab, the table of values in its README. `--check` writes
// nothing and fails when a file is not what the code says.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { labPeers, labSigtran } from '@ipsmgw/test/lab'
import { components } from './chart/components.ts'
import { valuesTable } from './chart/readme.ts'
import { valuesSchema } from './chart/values.ts'

const chart = join(dirname(dirname(fileURLToPath(import.meta.url))), 'helm', 'ipsmgw')
const read = (name: string) => readFileSync(join(chart, name), 'utf8')
const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

/** Ports of the lab in its image, and in the chart's Service. */
const labPorts = { hss: 3868, mme: 3869, sgsn: 3870, stp: 2905 }

const tableBegin = '<!-- values: generated, do not edit -->'
const tableEnd = '<!-- end of values -->'

function readme(): string {
  const text = read('README.md')
  const [before, rest] = text.split(tableBegin)
  const after = rest?.split(tableEnd)[1]
  if (before === undefined || after === undefined)
    throw new Error(`README.md has lost the line ${tableBegin}`)
  return `${before}${tableBegin}\n\n${valuesTable(read('values.yaml'))}\n\n${tableEnd}${after}`
}

const files: Readonly<Record<string, () => string>> = {
  'values.schema.json': () =>
    json({
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: 'Values of the chart ipsmgw',
      ...valuesSchema,
    }),
  'files/components.json': () => json(components()),
  'files/lab-peers.json': () => json(labPeers('', labPorts)),
  'files/lab-sigtran.json': () => json(labSigtran('', labPorts)),
  'README.md': readme,
}

const check = process.argv.includes('--check')
for (const [name, make] of Object.entries(files)) {
  const wanted = make()
  let found = ''
  try {
    found = read(name)
  } catch {
    // Not there yet: written below, or told.
  }
  if (found === wanted) continue
  if (check) {
    console.error(`helm/ipsmgw/${name} is not what the code says; run: node scripts/chart.ts`)
    process.exitCode = 1
  } else {
    writeFileSync(join(chart, name), wanted)
    console.log(`wrote helm/ipsmgw/${name}`)
  }
}
