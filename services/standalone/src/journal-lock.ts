import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Part, StartError } from '@ipsmgw/runtime'

/** Two processes on one journal would each forget what the other claimed: the second does not start. */
export function lockJournal(directory: string): Part {
  const path = join(directory, 'process')
  const owner = ownerOf(path)
  if (owner !== undefined && owner !== process.pid && isAlive(owner))
    throw new StartError(
      `the journal in ${directory} belongs to process ${owner}, which is running; choose another folder with IPSMGW_JOURNAL_DIRECTORY`,
    )
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    writeFileSync(path, String(process.pid), { mode: 0o600 })
  } catch (cause) {
    throw new StartError(
      `the journal's folder ${directory} cannot be written (${(cause as Error).message}); choose another one with IPSMGW_JOURNAL_DIRECTORY`,
      { cause },
    )
  }
  return {
    name: 'journal',
    async stop() {
      rmSync(path, { force: true })
    },
  }
}

function ownerOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    return Number.isInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
