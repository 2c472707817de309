// neighbours: packet-filter
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProcess } from '../../support/processes.ts'

const GUEST = 'test/interop/diameter/dropped-packets.guest.ts'

test('an HSS whose packets are dropped, in a network of our own', async (context) => {
  const script = `ip link set lo up && exec env -u NODE_TEST_CONTEXT "$0" --test --test-reporter=tap ${GUEST}`
  const guest = await startProcess('unshare', ['-r', '-n', 'sh', '-c', script, process.execPath])
  context.after(() => guest.stop())
  assert.equal(await guest.ended, 0, guest.output())
  assert.match(guest.output(), /^# pass 1$/m)
})
