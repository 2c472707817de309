// The rules that Grafana's dashboard linter has, held against every dashboard. Milliseconds.
// neighbours: none
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ROOT } from '../../support/processes.ts'

const folder = join(ROOT, 'helm', 'ipsmgw', 'files', 'dashboards')

interface Target {
  readonly expr: string
  readonly datasource: { readonly uid: string }
}

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly datasource?: { readonly uid: string }
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } }
  readonly targets?: readonly Target[]
}

interface Variable {
  readonly name: string
  readonly label: string
  readonly type: string
  readonly multi?: boolean
  readonly allValue?: string
  readonly refresh?: number
  readonly datasource?: { readonly uid: string }
}

const grafanaUnits = new Set(['s', 'reqps', 'short', 'percent', 'percentunit', 'bytes', 'none'])
const variable = `\${datasource}`

describe('dashboards', () => {
  const dashboards = readdirSync(folder).map(
    (name) => [name, JSON.parse(readFileSync(join(folder, name), 'utf8'))] as const,
  )

  test('there are seven, each with an identity of its own', () => {
    assert.equal(new Set(dashboards.map(([, { uid }]) => uid)).size, 7)
  })

  for (const [name, dashboard] of dashboards) {
    const panels = (dashboard.panels as Panel[]).filter(({ type }) => type !== 'row')
    const variables = new Map((dashboard.templating.list as Variable[]).map((it) => [it.name, it]))

    test(`${name}: has the variables datasource, job and instance, and is not editable`, () => {
      assert.equal(dashboard.editable, false)
      assert.deepEqual(
        [variables.get('datasource')?.type, variables.get('datasource')?.label],
        ['datasource', 'Data source'],
      )
      for (const [key, label] of [
        ['job', 'Job'],
        ['instance', 'Instance'],
      ] as const) {
        const it = variables.get(key)
        assert.deepEqual(
          [it?.label, it?.multi, it?.allValue, it?.refresh, it?.datasource?.uid],
          [label, true, '.+', 2, variable],
        )
      }
    })

    for (const panel of panels)
      test(`${name}: ${panel.title}`, () => {
        assert.ok(panel.title && panel.description, 'title and description')
        assert.ok(grafanaUnits.has(panel.fieldConfig?.defaults.unit ?? ''), 'a unit that Grafana has')
        assert.ok(panel.targets?.length, 'a query at least')
        assert.equal(panel.datasource?.uid, variable)
        for (const { expr, datasource } of panel.targets ?? []) {
          assert.equal(datasource.uid, variable)
          const selectors = [...expr.matchAll(/\b(?:ipsmgw|nodejs|process)_\w+(\{[^}]*\})?/g)]
          assert.ok(selectors.length > 0, expr)
          for (const [all, matchers] of selectors)
            assert.ok(
              matchers?.includes('job=~"$job"') && matchers.includes('instance=~"$instance"'),
              `${all} is not bound to job and instance`,
            )
          for (const [, metric] of expr.matchAll(/\b(\w+_total)\{[^}]*\}(?!\[)/g))
            assert.fail(`${metric} without a rate`)
          for (const [, window] of expr.matchAll(/\b(?:rate|increase)\([^[]*\[([^\]]+)\]/g))
            assert.match(window ?? '', /^(\$__rate_interval|\d+[mhd])$/)
        }
      })

    test(`${name}: panels have ids of their own and do not overlap`, () => {
      const all = dashboard.panels as Panel[]
      assert.equal(new Set(all.map(({ id }) => id)).size, all.length)
      for (const a of all)
        for (const b of all) {
          if (a.id >= b.id) continue
          const apart =
            a.gridPos.x + a.gridPos.w <= b.gridPos.x ||
            b.gridPos.x + b.gridPos.w <= a.gridPos.x ||
            a.gridPos.y + a.gridPos.h <= b.gridPos.y ||
            b.gridPos.y + b.gridPos.h <= a.gridPos.y
          assert.ok(apart, `${a.title} and ${b.title}`)
        }
      assert.ok(panels.length <= 20, 'few enough to look at')
    })
  }
})
