import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { ImReceived } from '@ipsmgw/events'
import { isGrantedAtHome, recipientRuling } from './authorise.ts'
import { type Decision, decide as decideBy } from './decide.ts'
import { loadPolicy } from './load.ts'
import type { PseudoNumbers } from './originate.ts'
import type { Policy } from './schema.ts'

/** Chooses by the length of what it is asked. */
const numbers: PseudoNumbers = { choose: (text, count) => text.length % count }
const decide = (message: ImReceived, document: Policy) => decideBy(message, document, numbers)

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

  test('where the home network has a say, only what is certain here is refused before it is asked', () => {
    const and = policy('authorisation: {deniedRecipients: ["+4479"], homeData: {use: and}}')
    assert.equal(decide(message(), and).kind, 'refuse')
    assert.equal(decide(message({}, '+15550001042'), and).kind, 'convert')
    const or = policy('authorisation: {default: deny, allowedRecipients: ["+44"], homeData: {use: or}}')
    assert.equal(decide(message({}, '+15550001042'), or).kind, 'convert')
    assert.equal(recipientRuling('+15550001042', or).kind, 'ask-home')
    assert.equal(recipientRuling('+447900123456', or).kind, 'allowed')
    assert.equal(recipientRuling('+447900123456', and).kind, 'refused')
  })

  test('data that may only allow more need something to be refused: or without default deny is no policy', () => {
    assert.throws(() => policy('authorisation: {homeData: {use: or}}'), /authorisation.homeData.use/)
    assert.throws(
      () =>
        policy(
          'authorisation: {default: deny}\nprofiles: {p: {authorisation: {default: allow, homeData: {use: or}}}}',
        ),
      /profiles.p.authorisation.homeData.use/,
    )
  })

  test('absent data of the home network refuse unless the policy says otherwise', () => {
    const closed = policy('authorisation: {homeData: {use: and}}')
    const open = policy('authorisation: {homeData: {use: and, whenAbsent: allow}}')
    assert.deepEqual(
      [closed, open].map((p) =>
        [undefined, 'granted', 'refused'].map((it) => isGrantedAtHome(it as never, p)),
      ),
      [
        [false, true, false],
        [true, true, false],
      ],
    )
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
    const other = { uri: 'sip:bob@Other.example' }
    assert.equal(decide(message({ asserted: [other] }), p).kind, 'convert')
  })

  test('by default home domains send, and no other', () => {
    const p = policy('homeDomains: [ims.example]')
    assert.equal(decide(message({ asserted: [alice] }), p).kind, 'convert')
    const stranger = { uri: 'sip:+447700900111@bulk.example;user=phone', number: '+447700900111' }
    assert.deepEqual(decide(message({ asserted: [stranger] }), p), {
      kind: 'refuse',
      cause: 'notAuthorised',
      rule: 'authorisation.senderDomains',
    })
  })

  test('barred: a number, a prefix, an identity, a domain', () => {
    for (const entry of ['+447700900111', '+4477*', 'sip:Alice.Smith@ims.example', '@ims.example']) {
      const p = policy(`authorisation: {senderDomains: ["*"], barredSenders: ["${entry}"]}`)
      const asserted = entry.startsWith('+') ? [tel] : [alice]
      const decision = decide(message({ asserted }), p)
      assert.equal(decision.rule, 'authorisation.barredSenders', entry)
      assert.equal(decide(message({ asserted: [{ uri: 'sip:bob@x' }] }), p).kind, 'convert', entry)
    }
  })

  test('a profile changes what it names and nothing else; one that is gone refuses', () => {
    const p = policy(
      'authorisation: {deniedRecipients: ["+4479"]}\nprofiles: {partner: {authorisation: {deniedRecipients: []}, originator: {withoutNumber: reject}}}',
    )
    const of = (profile: string) => ({ ...message(), sip: { ...message().sip, profile } })
    assert.equal(decide(message(), p).kind, 'refuse')
    assert.equal(decide(of('partner'), p).kind, 'convert')
    assert.equal(decide(of('gone'), p).rule, 'profiles.gone')
    assert.throws(() => policy('profiles: {partner: {timeZone: Asia/Tokyo}}'), /profiles\.partner\.timeZone/)
    assert.throws(
      () => policy('profiles: {partner: {text: {maximumParts: 0}, nonsense: 1}}'),
      /profiles\.partner\.nonsense[\s\S]*profiles\.partner\.text\.maximumParts/,
    )
  })
})

describe('TS 23.204 §6.13 step 7: hidden sender', () => {
  const cases = [
    ['prohibit', 'anonymityDisallowed'],
    ['prohibitHidden', 'anonymityDisallowedHidden'],
    ['prohibitTold', 'anonymityDisallowedTold'],
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

  test('a recipient who takes nothing from hidden senders: refused although the mode allows', () =>
    assert.deepEqual(decide(message(hidden), policy('anonymity: {mode: allow, rejectedBy: ["+4479"]}')), {
      kind: 'refuse',
      cause: 'anonymityDisallowed',
      rule: 'anonymity.rejectedBy',
    }))

  test('by default a hidden sender is refused', () =>
    assert.equal(decide(message(hidden), loadPolicy()).kind, 'refuse'))
})

describe('TS 23.040 §9.2.3.7: TP-OA', () => {
  const originator = (sender: Partial<ImReceived['sender']>, yaml = 'version: "1"') => {
    const decision = decide(message(sender), policy(`authorisation: {senderDomains: ["*"]}\n${yaml}`))
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

  test('a pool gives a pair of parties one number until its life is over, and other pairs others', () => {
    const yaml =
      'originator: {withoutNumber: pseudo, pool: {first: "+447700950000", count: 1000, lifetimeHours: 1}}\nauthorisation: {senderDomains: ["*"]}'
    const hashed: PseudoNumbers = {
      choose: (text, count) => [...text].reduce((hash, c) => (hash * 31 + c.charCodeAt(0)) >>> 0, 7) % count,
    }
    const p = policy(yaml)
    const at = (receivedAtMs: number, uri = alice.uri, recipient?: string) => {
      const decision = decideBy({ ...message({ asserted: [{ uri }] }, recipient), receivedAtMs }, p, hashed)
      assert.ok(decision.kind === 'convert' && decision.originator.kind === 'numeric')
      assert.equal(decision.rule, 'originator.pool')
      assert.equal(decision.originator.ton, 1)
      assert.match(decision.originator.digits, /^447700950\d{3}$/)
      return decision.originator.digits
    }
    const hours = Array.from({ length: 60 }, (_, i) => at(i * 60_000))
    assert.equal(new Set(hours).size, 2)
    assert.equal(at(0), at(0, `${alice.uri};user=ip`))
    assert.notEqual(at(0), at(0, 'sip:bob@ims.example'))
    assert.notEqual(at(0), at(0, alice.uri, '+447900999999'))
    assert.throws(() => policy('originator: {withoutNumber: pseudo}'), /originator\.pool/)
    assert.throws(() => policy('originator: {pool: {first: "+999999999999999", count: 2}}'), /16 digits/)
  })

  describe('a sender of our own domain without a number', () => {
    const home = (yaml = '') => policy(`homeDomains: [IMS.example]\n${yaml}`)
    const askHome = (decision: Decision) => (decision.kind === 'convert' ? decision.askHome : decision.cause)

    test('the HSS is to be asked first; with what it does not know policy has the word', () => {
      const decision = decide(message({ asserted: [alice] }), home())
      assert.deepEqual(decision, {
        kind: 'convert',
        originator: { kind: 'alphanumeric', text: 'alice.smith' },
        anonymous: false,
        rule: 'originator.withoutNumber',
        askHome: { uri: alice.uri, otherwise: 'as-prepared' },
      })
      const fixed = home('originator: {withoutNumber: fixed, fixed: {type: shortCode, value: "7042"}}')
      assert.deepEqual(askHome(decide(message({ asserted: [alice] }), fixed)), {
        uri: alice.uri,
        otherwise: 'as-prepared',
      })
    })

    test('where policy wants a number the refusal waits for the HSS, and nothing of the name is prepared', () => {
      const strict = home('originator: {withoutNumber: reject}')
      const decision = decide(message({ asserted: [alice] }), strict)
      assert.deepEqual(askHome(decision), { uri: alice.uri, otherwise: 'refuse' })
      assert.deepEqual(decision.kind === 'convert' && decision.originator, {
        kind: 'alphanumeric',
        text: 'Anonymous',
      })
    })

    test('none is asked about that hides, has a number, a short code or a service, or is of another domain', () => {
      const open = home(
        'anonymity: {mode: allow}\nauthorisation: {senderDomains: ["*"]}\noriginator: {useFrom: true, services: [{identity: "sip:shop@ims.example", originator: {type: shortCode, value: "700"}}]}',
      )
      const at = (uri: string) => ({ asserted: [{ uri }] })
      for (const sender of [
        { asserted: [alice], ...hidden },
        { asserted: [alice, tel] },
        at('sip:7042@ims.example;user=phone'),
        at('sip:shop@ims.example'),
        at('sip:carol@other.example'),
        { asserted: [], from: alice },
      ])
        assert.equal(askHome(decide(message(sender), open)), undefined, JSON.stringify(sender))
    })

    test('where it is switched off, or no domain is named as ours, nobody is asked about', () => {
      const off = home('originator: {askHome: false}')
      assert.equal(askHome(decide(message({ asserted: [alice] }), off)), undefined)
      const nobody = policy('authorisation: {senderDomains: ["*"]}')
      assert.equal(askHome(decide(message({ asserted: [alice] }), nobody)), undefined)
      const strict = home('originator: {askHome: false, withoutNumber: reject}')
      assert.equal(askHome(decide(message({ asserted: [alice] }), strict)), 'noOriginator')
    })
  })

  test('short local numbers keep their digits; services have an originator of their own', () => {
    const short = { uri: 'tel:7042;phone-context=ims.example' }
    const digits = { kind: 'numeric', npi: 1, digits: '7042' }
    assert.deepEqual(originator({ asserted: [short] }), { ...digits, ton: 0 })
    assert.deepEqual(originator({ asserted: [short] }, 'originator: {localNumbers: networkSpecific}'), {
      ...digits,
      ton: 3,
    })
    assert.deepEqual(
      originator(
        { asserted: [{ uri: 'sips:Bank@bots.example;x=1' }] },
        'originator: {services: [{identity: "sip:bank@bots.example", originator: {type: alphanumeric, value: Bank}}]}',
      ),
      { kind: 'alphanumeric', text: 'Bank' },
    )
  })
})
