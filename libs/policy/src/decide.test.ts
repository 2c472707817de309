import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { ImReceived } from '@ipsmgw/events'
import { decide } from './decide.ts'
import { loadPolicy } from './load.ts'

function policy(yaml: string) {
  const file = join(mkdtempSync(join(tmpdir(), 'policy-')), 'policy.yaml')
  writeFileSync(file, yaml)
  return loadPolicy(file)
}

const tel = { uri: 'tel:+447700900111', number: '+447700900111' }
const alice = { uri: 'sip:alice.smith@ims.example', displayName: 'Your Bank' }

function message(parts: Partial<ImReceived['sender']> = {}, recipient = '+447900123456'): ImReceived {
  return {
    messageId: 'm'.repeat(22),
    recipientKey: 'k'.repeat(32),
    receivedAtMs: 0,
    answerByMs: 1,
    forwardByMs: 1,
    reply: { ordinal: 0, bootId: 'b' },
    sip: { callId: 'c', peer: 'p', transport: 'udp' },
    recipient: { uri: `tel:${recipient}`, number: recipient, source: 'Request-URI' },
    sender: { asserted: [tel], from: tel, ...parts },
    text: 'x',
    contentType: 'text/plain',
    answer: { unknownOutcome: 202 },
    policyVersion: '1',
  }
}

const hidden = { anonymity: { signal: 'Privacy: id' } }

describe('TS 23.204 §6.13 step 7: authorisation', () => {
  test('a denied prefix wins over an allowed one', () => {
    const p = policy('authorisation: {allowedRecipients: ["+44"], deniedRecipients: ["+4479"]}')
    assert.deepEqual(decide(message(), p), {
      kind: 'refuse',
      cause: 'notAuthorised',
      rule: 'authorisation.deniedRecipients',
    })
  })

  test('with default deny only listed recipients pass', () => {
    const p = policy('authorisation: {default: deny, allowedRecipients: ["+44"]}')
    assert.equal(decide(message(), p).kind, 'convert')
    assert.equal(decide(message({}, '+4915112345678'), p).kind, 'refuse')
  })

  test('a sender domain that is not listed is refused', () => {
    const p = policy('authorisation: {senderDomains: [other.example]}')
    assert.equal(decide(message({ asserted: [alice] }), p).kind, 'refuse')
    assert.equal(decide(message({ asserted: [tel] }), p).kind, 'convert')
  })
})

describe('TS 23.204 §6.13 step 7: hidden sender', () => {
  const cases = [
    ['prohibit', 'anonymityDisallowed'],
    ['prohibitHidden', 'anonymityDisallowedHidden'],
  ] as const
  for (const [mode, cause] of cases)
    test(`${mode} refuses with ${cause}`, () => {
      assert.deepEqual(decide(message(hidden), policy(`anonymity: {mode: ${mode}}`)), {
        kind: 'refuse',
        cause,
        rule: 'anonymity.mode',
      })
    })

  test('allow replaces TP-OA by the configured name and keeps nothing of the sender', () => {
    const decision = decide(message(hidden), policy('anonymity: {mode: allow}'))
    assert.deepEqual(decision, {
      kind: 'convert',
      originator: { kind: 'alphanumeric', text: 'Anonymous' },
      anonymous: true,
      rule: 'anonymity.mode',
    })
    assert.doesNotMatch(JSON.stringify(decision), /7700900111/)
  })

  test('by default a hidden sender is refused', () =>
    assert.equal(decide(message(hidden), loadPolicy()).kind, 'refuse'))
})

describe('TS 23.040 §9.2.3.7: TP-OA', () => {
  const originator = (sender: Partial<ImReceived['sender']>, yaml = 'version: "1"') => {
    const decision = decide(message(sender), policy(yaml))
    return decision.kind === 'convert' ? decision.originator : decision.cause
  }

  test('a trusted tel identity wins over a sip one', () =>
    assert.deepEqual(originator({ asserted: [{ uri: 'sip:+4477@x', number: '+4477009002' }, tel] }), {
      kind: 'numeric',
      ton: 1,
      npi: 1,
      digits: '447700900111',
    }))

  test('a display name is shown only from a domain that may choose one', () => {
    assert.deepEqual(originator({ asserted: [alice] }), { kind: 'alphanumeric', text: 'alice.smith' })
    assert.deepEqual(originator({ asserted: [alice] }, 'originator: {displayNameDomains: [ims.example]}'), {
      kind: 'alphanumeric',
      text: 'Your Bank',
    })
  })

  test('a name is brought to the default alphabet and cut at 11', () =>
    assert.deepEqual(originator({ asserted: [{ uri: 'sip:Ren%E9e-and-her-friends@ims.example' }] }), {
      kind: 'alphanumeric',
      text: 'Renée-and-h',
    }))

  test('without identity: From only by policy, and reject or a fixed originator by policy', () => {
    assert.equal(originator({ asserted: [] }), 'noOriginator')
    assert.deepEqual(originator({ asserted: [] }, 'originator: {useFrom: true}'), {
      kind: 'numeric',
      ton: 1,
      npi: 1,
      digits: '447700900111',
    })
    assert.equal(originator({ asserted: [alice] }, 'originator: {withoutNumber: reject}'), 'noOriginator')
    assert.deepEqual(
      originator(
        { asserted: [alice] },
        'originator: {withoutNumber: fixed, fixed: {type: shortCode, value: "7042"}}',
      ),
      { kind: 'numeric', ton: 0, npi: 1, digits: '7042' },
    )
  })
})
