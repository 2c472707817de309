import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { Watch } from './watch.ts'

test('the watch: a line that is closed because nobody uses it is no loss, a process that has gone is one', async () => {
  const lines: Socket[] = []
  const server = createServer((socket) => lines.push(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const watch = new Watch((server.address() as { port: number }).port)
  let losses = 0
  const lost = new Promise<void>((resolve) =>
    watch.onLost(() => {
      losses++
      resolve()
    }),
  )
  await once(server, 'connection')
  const again = once(server, 'connection')
  lines[0]?.destroy()
  await again
  assert.equal(losses, 0)
  server.close()
  lines[1]?.destroy()
  await lost
  assert.equal(losses, 1)
  watch.close()
})
