import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Part, StartError } from '@ipsmgw/runtime'

const OTHER_FOLDER = 'choose another folder with IPSMGW_JOURNAL_DIRECTORY'

/** Two processes on one journal would each forget what the other claimed: the second does not start. */
export function lockJournal(directory: string): Part {
  const path = join(directory, 'process')
  const owner = ownerOf(path)
  if (owner !== undefined && owner.pid !== process.pid && isRunning(owner))
    throw new StartError(
      `the journal in ${directory} belongs to process ${owner.pid}, which is running; ${OTHER_FOLDER}`,
    )
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    writeFileSync(path, `${process.pid} ${startOf(process.pid) ?? ''}`, { mode: 0o600 })
  } catch (cause) {
    const { message } = cause as Error
    throw new StartError(
      `the journal's folder ${directory} cannot be written (${message}); ${OTHER_FOLDER}`,
      {
        cause,
      },
    )
  }
  return {
    name: 'journal',
    async stop() {
      rmSync(path, { force: true })
    },
  }
}

interface Owner {
  readonly pid: number
  /** When it was started; empty where the system does not tell. */
  readonly start: string
}

function ownerOf(path: string): Owner | undefined {
  try {
    const [pid, start = ''] = readFileSync(path, 'utf8').split(' ')
    return Number(pid) > 0 ? { pid: Number(pid), start } : undefined
  } catch {
    return undefined
  }
}

/** Identifiers are used again, and a killed process may wait for its parent: on Linux neither counts as the owner. */
function isRunning({ pid, start }: Owner): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return start === '' || startOf(pid) === start
}

/** Start of a process in clock ticks since boot (proc(5), `stat` field 22); undefined for one that has ended. */
function startOf(pid: number): string | undefined {
  try {
    const [state, ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return state === 'Z' || state === 'X' ? undefined : fields[18]
  } catch {
    return undefined
  }
}
