// Every alert fires when it should and is quiet when it should be, by promtool; dashboards, alerts and runbooks fit the
// code. Seconds.
// neighbours: promtool
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, test } from 'node:test'
import { alertFiles, findProblems, rules } from '../../../scripts/check-metrics.ts'
import { ROOT } from '../../support/processes.ts'
import { ALERT_CASES, type AlertCase } from './alert-cases.ts'

const files = alertFiles().map((path) => resolve(ROOT, path))

function promtool(args: readonly string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' })
  return { code: status, output: stdout + stderr }
}

/** Whether the alert fires at that time, by `promtool test rules`: told that it is quiet, promtool objects if not. */
function fires({ alert, atMinutes }: AlertCase, series: AlertCase['firing']): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-alerts-'))
  try {
    const path = join(folder, 'test.yaml')
    const input = series.map(([name, values]) => ({ series: name, values }))
    const expected = [{ eval_time: `${atMinutes}m`, alertname: alert, exp_alerts: [] }]
    const tests = [{ interval: '1m', input_series: input, alert_rule_test: expected }]
    writeFileSync(path, JSON.stringify({ rule_files: files, evaluation_interval: '1m', tests }))
    const { code, output } = promtool(['test', 'rules', path])
    if (code === 0) return false
    assert.match(output, new RegExp(`alertname: ${alert}|alertname="${alert}"`), output)
    return true
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('alerts', () => {
  test('promtool check rules finds nothing', () => {
    const { code, output } = promtool(['check', 'rules', ...files])
    assert.equal(code, 0, output)
  })

  test('every alert has a case', () => {
    const alerts = rules().flatMap(({ alert }) => alert ?? [])
    assert.deepEqual(ALERT_CASES.map(({ alert }) => alert).sort(), alerts.sort())
  })

  for (const it of ALERT_CASES)
    test(`${it.alert} fires when it should, and only then`, () => {
      assert.equal(fires(it, it.firing), true, 'stays quiet where it should fire')
      assert.equal(fires(it, it.quiet), false, 'fires where it should stay quiet')
    })
})

describe('dashboards, alerts, runbooks', () => {
  test('every metric and label value is declared by the code and every metric is looked at', async () => {
    assert.deepEqual(await findProblems(), [])
  })

  test('the dashboards are what their definitions say', () => {
    const args = ['scripts/dashboards.ts', '--check']
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  })
})
