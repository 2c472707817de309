import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { lockJournal } from './journal-lock.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'ipsmgw-lock-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Another process that locks the folder and says what became of it. */
async function otherProcess(t: TestContext, directory: string, settings: { asPid?: number } = {}) {
  const lock = pathToFileURL(join(import.meta.dirname, 'journal-lock.ts')).href
  const program = `
    ${settings.asPid === undefined ? '' : `Object.defineProperty(process, 'pid', { value: ${settings.asPid} })`}
    const { lockJournal } = await import(${JSON.stringify(lock)})
    try {
      const held = lockJournal(${JSON.stringify(directory)})
      console.log('locked')
      setInterval(() => held, 1000)
    } catch (error) {
      console.log(error.message)
    }`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program])
  t.after(() => child.kill('SIGKILL'))
  const [said] = await once(child.stdout, 'data')
  const kill = async () => {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  return { said: String(said).trim(), kill }
}

describe('lock of the journal', () => {
  test('one process has it, any other is told who; a kill sets it free at once', async (t) => {
    const directory = folder(t)
    const owner = await otherProcess(t, directory)
    assert.equal(owner.said, 'locked')
    assert.throws(
      () => lockJournal(directory),
      /belongs to process \d+ on \S+, which is running; .* IPSMGW_JOURNAL_DIRECTORY/,
    )
    await owner.kill()
    await lockJournal(directory).stop?.()
  })

  test('two containers whose processes have the same number never both have it', async (t) => {
    const directory = folder(t)
    const first = await otherProcess(t, directory, { asPid: 7 })
    assert.equal(first.said, 'locked')
    const second = await otherProcess(t, directory, { asPid: 7 })
    assert.match(second.said, /belongs to process 7 on/)
  })

  test('a container that was killed and starts again with the same number is not kept out', async (t) => {
    const directory = folder(t)
    const before = await otherProcess(t, directory, { asPid: 1 })
    await before.kill()
    assert.equal((await otherProcess(t, directory, { asPid: 1 })).said, 'locked')
  })

  test('what an earlier release left in the folder keeps nobody out', async (t) => {
    const directory = folder(t)
    writeFileSync(join(directory, 'process'), `${process.ppid} 1`)
    await lockJournal(directory).stop?.()
  })

  test('twice in one process is refused, after a stop it is free', async (t) => {
    const directory = folder(t)
    const first = lockJournal(directory)
    assert.throws(() => lockJournal(directory), /belongs to process/)
    await first.stop?.()
    await lockJournal(directory).stop?.()
  })

  test('a folder that cannot be written is one clear sentence', (t) => {
    const file = join(folder(t), 'file')
    writeFileSync(file, '')
    assert.throws(() => lockJournal(join(file, 'below')), /cannot be written .* IPSMGW_JOURNAL_DIRECTORY/)
  })
})
