// Holds dashboards, alerts and runbooks to the code: every metric that they ask for is declared, every declared one is
// asked for, the label values that they pick exist, recording rules exist, and every alert has its runbook and the
// reverse.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRegistry } from '@ipsmgw/telemetry'
import { parse } from 'yaml'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** Where an expression stands, and the expression. */
type Asked = readonly [where: string, expression: string]

const filesUnder = (folder: string, ends: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ends) && !name.includes('node_modules'))
    .map((name) => join(folder, name))

const read = (path: string) => readFileSync(join(root, path), 'utf8')

export const alertFiles = () => filesUnder('helm/ipsmgw/files/alerts', '.yaml')

export const rules = (): Rule[] =>
  alertFiles().flatMap((path) =>
    (parse(read(path)) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules),
  )

/** Source of everything that runs; tests left out. */
const source = () =>
  [...filesUnder('libs', '.ts'), ...filesUnder('services', '.ts')]
    .filter((path) => !/\.test\.ts$|[\\/]testing[\\/]/.test(path))
    .map(read)
    .join('\n')

/** Names by which a declared metric appears in queries. */
function declared(text: string): Map<string, string> {
  const names = new Map<string, string>()
  for (const [, name = ''] of text.matchAll(/'(ipsmgw_[a-z0-9_]+)'/g)) {
    const suffixes =
      name.endsWith('_seconds') || name.endsWith('_bytes') ? ['', '_bucket', '_sum', '_count'] : ['']
    for (const suffix of suffixes) names.set(name + suffix, name)
  }
  return names
}

/** Metrics of the process itself, from the client library. */
const ofProcess = async () => {
  const known = await createRegistry('check', '0').getMetricsAsJSON()
  return new Set(
    known.flatMap(({ name }) => ['', '_bucket', '_sum', '_count'].map((suffix) => name + suffix)),
  )
}

function dashboardQueries(): Asked[] {
  return filesUnder('helm/ipsmgw/files/dashboards', '.json').flatMap((path) => {
    const { panels, annotations, templating } = JSON.parse(read(path))
    const targets = panels.flatMap((panel: { title: string; targets?: { expr: string }[] }) =>
      (panel.targets ?? []).map((target): Asked => [`${path}: ${panel.title}`, target.expr]),
    )
    const others = [...annotations.list, ...templating.list].map(
      (it): Asked => [path, it.expr ?? it.definition ?? ''],
    )
    return [...targets, ...others]
  })
}

const metric = /\b((?:ipsmgw|nodejs|process)_[a-z0-9_]+|job:[a-z0-9_:]+)\b(?!\s*=)/g
const matcher = /\b([a-z_]+)\s*(=~|!~|=|!=)\s*"([^"]*)"/g
/** Labels that scraping adds, or whose values are Grafana's. */
const foreignLabels = new Set(['job', 'instance', 'le'])

/** All that does not hold, one sentence each. */
export async function findProblems(): Promise<string[]> {
  const text = source()
  const known = declared(text)
  const process = await ofProcess()
  const all = rules()
  const recorded = new Set(all.flatMap(({ record }) => record ?? []))
  const asked: Asked[] = [
    ...dashboardQueries(),
    ...all.map((rule): Asked => [rule.alert ?? rule.record ?? '?', rule.expr]),
  ]
  const problems: string[] = []
  const used = new Set<string>()
  for (const [where, expression] of asked) {
    for (const [, name = ''] of expression.matchAll(metric)) {
      used.add(known.get(name) ?? name)
      if (!known.has(name) && !process.has(name) && !recorded.has(name))
        problems.push(`${where} asks for ${name}, which nothing declares`)
    }
    for (const [, label = '', , values = ''] of expression.matchAll(matcher)) {
      if (foreignLabels.has(label) || values === '') continue
      for (const value of values.split('|'))
        if (!text.includes(`'${value}'`))
          problems.push(`${where} picks ${label}="${value}", which no code sets`)
    }
  }
  for (const name of new Set(known.values()))
    if (!used.has(name)) problems.push(`${name} is on no dashboard and in no alert`)
  return [...problems, ...runbookProblems(all)]
}

function runbookProblems(all: readonly Rule[]): string[] {
  const problems: string[] = []
  const alerts = all.flatMap(({ alert }) => alert ?? [])
  const books = filesUnder('docs/runbooks', '.md').filter((path) => !path.endsWith('README.md'))
  for (const rule of all) {
    if (rule.alert === undefined) continue
    const { labels, annotations } = rule
    for (const needed of ['summary', 'description', 'runbook_url'])
      if (!annotations?.[needed]) problems.push(`${rule.alert} has no ${needed}`)
    if (annotations?.runbook_url !== `runbooks/${rule.alert}.md`)
      problems.push(`${rule.alert}: its runbook is named after it`)
    if (!['page', 'ticket'].includes(labels?.severity ?? ''))
      problems.push(`${rule.alert}: severity is page or ticket`)
    if (!/^[1-9]\d*(m|h)$/.test(rule.for ?? ''))
      problems.push(`${rule.alert}: waits for two scrapes at least`)
    if (!books.some((path) => path.endsWith(`${rule.alert}.md`)))
      problems.push(`${rule.alert} has no runbook`)
  }
  for (const path of books) {
    const name = path.replace(/^.*[\\/]|\.md$/g, '')
    if (!alerts.includes(name)) problems.push(`${path} is about no alert`)
    const headings = [...read(path).matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
    if (headings.join() !== 'Meaning,Impact,Diagnosis,Mitigation')
      problems.push(`${path}: headings are Meaning, Impact, Diagnosis, Mitigation`)
  }
  return problems
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = await findProblems()
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log(`${rules().length} rules and all dashboards fit the code`)
}
