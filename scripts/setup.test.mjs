import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { needsInstall, satisfies } from './setup.mjs'

const folders = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const lockOf = (version) => ({
  packages: {
    '': { name: 'root' },
    'libs/a': { name: 'a' },
    'node_modules/a': { resolved: 'libs/a', link: true },
    'node_modules/b': { version, resolved: `b-${version}` },
    'node_modules/only-elsewhere': { version: '1.0.0', resolved: 'e', optional: true },
  },
})

const recordOf = (version) => ({
  packages: {
    'node_modules/a': { resolved: 'libs/a', link: true },
    'node_modules/b': { version, resolved: `b-${version}` },
  },
})

function clone(lock, record) {
  const root = mkdtempSync(join(tmpdir(), 'setup-'))
  folders.push(root)
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lock))
  if (record !== undefined) {
    mkdirSync(join(root, 'node_modules'))
    writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify(record))
  }
  return root
}

suite('set-up', () => {
  test('a tree satisfies the lockfile although optional packages of other platforms are missing', () => {
    assert.equal(satisfies(lockOf('1.0.0'), recordOf('1.0.0')), true)
  })

  test('another version, or a missing workspace link, does not satisfy it', () => {
    assert.equal(satisfies(lockOf('2.0.0'), recordOf('1.0.0')), false)
    assert.equal(
      satisfies(lockOf('1.0.0'), {
        packages: { 'node_modules/b': { version: '1.0.0', resolved: 'b-1.0.0' } },
      }),
      false,
    )
  })

  test('a fresh clone needs an installation', () => {
    assert.equal(needsInstall(clone(lockOf('1.0.0'))), true)
  })

  test('an installation by hand counts, until the lockfile changes', () => {
    const root = clone(lockOf('1.0.0'), recordOf('1.0.0'))
    assert.equal(needsInstall(root), false)
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lockOf('2.0.0')))
    assert.equal(needsInstall(root), true)
  })
})
