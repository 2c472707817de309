import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { debianPackages, installLine, neighboursOf } from './neighbours.mjs'

const folder = mkdtempSync(join(tmpdir(), 'neighbours-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const testFile = (text) => {
  const path = join(folder, 'a.test.ts')
  writeFileSync(path, text)
  return path
}

suite('neighbours', () => {
  test('a test file names its neighbours in one comment line', () => {
    assert.deepEqual(neighboursOf(testFile('// What it proves.\n// neighbours: sipp, tshark\nimport a\n')), [
      'sipp',
      'tshark',
    ])
  })

  test('a test file without the line needs nobody', () => {
    assert.deepEqual(neighboursOf(testFile('import a\n')), [])
  })

  test('an unknown name is refused, so that a typing error never skips the installation', () => {
    assert.throws(
      () => neighboursOf(testFile('// neighbours: sip\n')),
      /unknown neighbour 'sip'; known: kafka, sipp/,
    )
  })

  test('packages are named once each, and the line can be typed as it is', () => {
    assert.deepEqual(debianPackages(['sipp', 'sipp', 'linux.uml']), [
      'sip-tester',
      'user-mode-linux',
      'kmod',
      'iproute2',
      'procps',
    ])
    assert.equal(
      installLine(['java', 'mvn']),
      'sudo apt-get install --no-install-recommends openjdk-17-jre-headless maven',
    )
    assert.equal(
      installLine(['tshark', 'capture']),
      'sudo apt-get install --no-install-recommends tshark' +
        ' && sudo setcap cap_net_raw,cap_net_admin+ep /usr/bin/dumpcap',
    )
  })
})
