import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Part, StartError } from '@ipsmgw/runtime'

const OTHER_FOLDER = 'choose another folder with IPSMGW_JOURNAL_DIRECTORY'
/** SQLite's result when somebody else has the file. */
const SQLITE_BUSY = 5

/**
 * Two processes on one journal would each forget what the other claimed: the second does not start. The kernel keeps
 * the lock (of a file that SQLite opens) and takes it back when its process ends, however that happens. Process
 * identifiers say nothing here: in containers they are few, and the same after every restart.
 */
export function lockJournal(directory: string): Part {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const lock = lockFile(join(directory, 'lock'))
    if (lock !== undefined) {
      writeFileSync(ownerFile(directory), `${process.pid} on ${hostname()}`, { mode: 0o600 })
      return {
        name: 'journal',
        async stop() {
          if (lock.isOpen) lock.close()
        },
      }
    }
  } catch (cause) {
    const { message } = cause as Error
    throw new StartError(
      `the journal's folder ${directory} cannot be written (${message}); ${OTHER_FOLDER}`,
      { cause },
    )
  }
  throw new StartError(
    `the journal in ${directory} belongs to process ${ownerOf(directory)}, which is running; ${OTHER_FOLDER}`,
  )
}

/** Undefined when another one has it, in this process or in any other. */
function lockFile(path: string): DatabaseSync | undefined {
  const file = new DatabaseSync(path, { timeout: 0 })
  try {
    // Nothing is ever written to it.
    file.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return file
  } catch (error) {
    file.close()
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined
    throw error
  }
}

/** For the sentence only. */
function ownerOf(directory: string): string {
  try {
    return readFileSync(ownerFile(directory), 'utf8')
  } catch {
    return 'of unknown number'
  }
}

const ownerFile = (directory: string) => join(directory, 'process')
