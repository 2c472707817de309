#!/usr/bin/env node
// The ipsmgw command on any Node >= 20: makes the clone ready and goes on with the project's own Node.
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureReady, SetupError, scriptEnvironment } from '../../../scripts/setup.mjs'

const cli = dirname(dirname(fileURLToPath(import.meta.url)))
const root = dirname(dirname(cli))

try {
  await ensureReady(root)
  const child = spawn('node', [join(cli, 'src', 'main.ts'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: scriptEnvironment(root),
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`ipsmgw: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on('close', (code) => {
    process.exitCode = code ?? 1
  })
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
