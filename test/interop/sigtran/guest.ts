import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { runInUml } from '../../support/uml.ts'

/** Runs a test file under a kernel with SCTP: so many tests must pass. Their titles show among the diagnostics. */
export async function passesInUml(file: string, tests: number, context: TestContext): Promise<void> {
  const { status, output, console } = await runInUml(`exec node --test --test-reporter=tap ${file}`)
  for (const [, line] of output.matchAll(/^ *(ok \d+ - .*|# \d+ of .*)$/gm)) context.diagnostic(line ?? '')
  assert.equal(status, 0, `${output}\n${console}`)
  assert.match(output, new RegExp(`^# pass ${tests}$`, 'm'))
}
