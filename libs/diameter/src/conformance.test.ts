import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { Application } from './dictionary/applications.ts'
import { AVPS, type AvpName } from './dictionary/avps.ts'
import { MESSAGES } from './dictionary/messages.ts'

const TABLE = readFileSync(new URL('../../../docs/conformance/diameter.md', import.meta.url), 'utf8')
const APPLICATIONS = { Sh: Application.SH, S6c: Application.S6C, SGd: Application.SGD } as const

/** First cells of the tables in the section of one application. */
function rowsOf(application: string): string[] {
  const section = TABLE.split('\n## ').find((text) => text.startsWith(`${application} `)) ?? ''
  const cells = section.split('\n').flatMap((line) => /^\| ([^|]+) \|/.exec(line)?.[1] ?? [])
  return cells.filter((cell) => !['command', 'AVP', '---'].includes(cell))
}

/** Commands, and AVPs with the members of their groups, that the grammars of one application name. */
function namesOf(applicationId: number): string[] {
  const messages = Object.entries(MESSAGES).filter(([, message]) => message.applicationId === applicationId)
  const avps = new Set<string>()
  const visit = (members: object): void => {
    for (const name of Object.keys(members)) {
      if (name === 'AVP' || avps.has(name)) continue
      avps.add(name)
      const definition: object = AVPS[name as AvpName]
      if ('members' in definition) visit(definition.members as object)
    }
  }
  for (const [, { members }] of messages) visit(members)
  return [...messages.map(([name, { command }]) => `${name} ${command}`), ...avps]
}

describe('docs/conformance/diameter.md says of every command and AVP what is done with it', () => {
  for (const [name, applicationId] of Object.entries(APPLICATIONS))
    test(name, () => assert.deepEqual(rowsOf(name).sort(), namesOf(applicationId).sort()))
})
