// neighbours: osmo-stp, linux.uml
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInUml } from '../../support/uml.ts'

const TESTS = 6

test('M3UA over the SCTP of a real kernel, through a real STP', async (context) => {
  const guest = 'test/interop/sigtran/m3ua-sctp.guest.ts'
  const result = await runInUml(`exec node --test --test-reporter=tap ${guest}`)
  for (const [, title] of result.output.matchAll(/^ *ok \d+ - (.*)$/gm)) context.diagnostic(title ?? '')
  for (const [, text] of result.output.matchAll(/^ *# (\d+ of .*)$/gm)) context.diagnostic(text ?? '')
  assert.equal(result.status, 0, `${result.output}\n${result.console}`)
  assert.match(result.output, new RegExp(`^# pass ${TESTS}$`, 'm'))
})
