import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

export interface CommandResult {
  readonly code: number
  readonly output: string
  readonly complaint: string
}

/** Runs `ipsmgw` with these words, as a shell would. */
export async function ipsmgw(words: readonly string[], input = ''): Promise<CommandResult> {
  const child = spawn(process.execPath, [MAIN, ...words])
  let output = ''
  let complaint = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8')
  })
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString('utf8')
  })
  // A command that does not read its input may be gone before it is written.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  return { code, output, complaint }
}
