import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DecodeError } from '@ipsmgw/bytes'
import { readUserData } from './user-data.ts'
import { readXml } from './xml.ts'

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>'

function numbers(xml: string): readonly string[] {
  return readUserData(Buffer.from(xml)).numbers
}

describe('Numbers in Sh-Data', () => {
  const cases: [rule: string, xml: string, expected: string[]][] = [
    [
      'one number',
      `${HEAD}<Sh-Data><PublicIdentifiers><MSISDN>15550001042</MSISDN></PublicIdentifiers></Sh-Data>`,
      ['+15550001042'],
    ],
    [
      'several, in their order, beside an identity',
      '<Sh-Data><PublicIdentifiers><IMSPublicIdentity>sip:a@ims.example</IMSPublicIdentity><MSISDN> 15550001042\n</MSISDN><MSISDN>+15550001043</MSISDN></PublicIdentifiers></Sh-Data>',
      ['+15550001042', '+15550001043'],
    ],
    [
      'with prefixes, attributes, comments and what a newer release adds',
      `<sh:Sh-Data xmlns:sh="urn:x" a = '1'><!-- <MSISDN>1</MSISDN> --><sh:PublicIdentifiers><sh:Extension><sh:New/></sh:Extension><sh:MSISDN>15550001042</sh:MSISDN></sh:PublicIdentifiers></sh:Sh-Data>`,
      ['+15550001042'],
    ],
    [
      'as character data and character references',
      '<Sh-Data><PublicIdentifiers><MSISDN><![CDATA[1555]]>0001&#48;&#x34;2</MSISDN></PublicIdentifiers></Sh-Data>',
      ['+15550001042'],
    ],
    [
      'none in service data, which is anybody’s',
      '<Sh-Data><RepositoryData><ServiceData><PublicIdentifiers><MSISDN>15550001042</MSISDN></PublicIdentifiers></ServiceData></RepositoryData></Sh-Data>',
      [],
    ],
    ['none outside the identifiers', '<Sh-Data><MSISDN>15550001042</MSISDN></Sh-Data>', []],
    [
      'none where there is no number',
      '<Sh-Data><PublicIdentifiers><MSISDN>alice</MSISDN><MSISDN>0155</MSISDN><MSISDN/></PublicIdentifiers></Sh-Data>',
      [],
    ],
    ['none in an empty document', '<Sh-Data/>', []],
  ]
  for (const [rule, xml, expected] of cases)
    test(`TS 29.328 annex C: ${rule}`, () => {
      assert.deepEqual(numbers(xml), expected)
    })
})

describe('Other data in Sh-Data', () => {
  const of = (xml: string, indication?: string) => readUserData(Buffer.from(xml), indication)
  const repository = (indication: string, content: string) =>
    `<RepositoryData><ServiceIndication>${indication}</ServiceIndication><SequenceNumber>7</SequenceNumber><ServiceData>${content}</ServiceData></RepositoryData>`
  const ours = (word: string) =>
    `<IpSmGw xmlns="urn:ipsmgw:service-data:1"><ImToSms>${word}</ImToSms></IpSmGw>`

  test('TS 29.328 annex C: the IMSI in nested extensions, and IMSUserState', () => {
    const data = of(
      '<Sh-Data><Sh-IMS-Data><IMSUserState>1</IMSUserState></Sh-IMS-Data><Extension><Extension><Extension><IMSI>234150000000001</IMSI></Extension></Extension></Extension></Sh-Data>',
    )
    assert.deepEqual(data, { numbers: [], imsi: '234150000000001', imsState: 'registered' })
  })

  test('TS 29.328 annex C: neither of them where it is none, or service data pretend so', () => {
    for (const xml of [
      '<Sh-Data><IMSI>234150000000001</IMSI></Sh-Data>',
      '<Sh-Data><Extension><IMSI>+23415</IMSI></Extension></Sh-Data>',
      '<Sh-Data><Sh-IMS-Data><IMSUserState>9</IMSUserState></Sh-IMS-Data></Sh-Data>',
      `<Sh-Data>${repository('ipsmgw', '<Extension><IMSI>234150000000001</IMSI></Extension>')}</Sh-Data>`,
    ])
      assert.deepEqual(of(xml, 'ipsmgw'), { numbers: [] })
  })

  const grants: [rule: string, xml: string, grant: string | undefined][] = [
    ['allowed', repository('ipsmgw', ours('allowed')), 'granted'],
    ['barred', repository('ipsmgw', ours(' barred ')), 'refused'],
    ['another word is no grant', repository('ipsmgw', ours('yes')), 'refused'],
    ['no word is no grant', repository('ipsmgw', ours('')), 'refused'],
    [
      'two words are no grant, whichever comes first',
      repository('ipsmgw', '<IpSmGw><ImToSms>barred</ImToSms><ImToSms>allowed</ImToSms></IpSmGw>'),
      'refused',
    ],
    ['data of another service are not ours', repository('other', ours('allowed')), undefined],
    [
      'the ones of several that were asked for',
      repository('other', ours('barred')) + repository('ipsmgw', ours('allowed')),
      'granted',
    ],
    ['service data without our element', repository('ipsmgw', '<Other/>'), undefined],
    ['our element deeper inside', repository('ipsmgw', `<Other>${ours('allowed')}</Other>`), undefined],
    ['a grant outside service data', ours('allowed'), undefined],
    [
      'data without an indication',
      `<RepositoryData><ServiceData>${ours('allowed')}</ServiceData></RepositoryData>`,
      undefined,
    ],
  ]
  for (const [rule, xml, grant] of grants)
    test(`docs/protocols/service-data.xsd: ${rule}`, () => {
      assert.equal(of(`<Sh-Data>${xml}</Sh-Data>`, 'ipsmgw').grant, grant)
    })
})

describe('Hostile documents', () => {
  const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Sh-Data>&b;</Sh-Data>`
  const cases: [rule: string, xml: string][] = [
    ['a document type with entities in entities', bomb],
    ['an external entity', '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><Sh-Data>&f;</Sh-Data>'],
    ['an entity without a document type', '<Sh-Data>&nbsp;</Sh-Data>'],
    ['a reference to no character', '<Sh-Data>&#x110000;</Sh-Data>'],
    ['a bare ampersand', '<Sh-Data>a & b</Sh-Data>'],
    ['nothing', ''],
    ['text', 'Sh-Data'],
    ['an element that does not end', '<Sh-Data><PublicIdentifiers>'],
    ['a tag that does not end', '<Sh-Data'],
    ['an end without a start', '</Sh-Data>'],
    ['ends in the wrong order', '<a><b></a></b>'],
    ['two roots', '<a/><b/>'],
    ['text behind the root', '<a/>text'],
    ['a comment that does not end', '<a><!-- </a>'],
    ['a less-than sign in an attribute', '<a b="<"/>'],
    ['elements too deep', '<a>'.repeat(65) + '</a>'.repeat(65)],
    ['too many elements', `<a>${'<b/>'.repeat(5_000)}</a>`],
    ['a document too long', `<a>${' '.repeat(70_000)}</a>`],
  ]
  for (const [rule, xml] of cases)
    test(`TS 29.328 annex C: ${rule} is a typed error`, () => {
      assert.throws(() => numbers(xml), DecodeError)
    })

  test('TS 29.328 annex C: long runs of one character cost no more than their length', () => {
    const startedAt = performance.now()
    for (const piece of ['<', '&', ' ', '<a ', '<a b="', "<a b='1' ", '</', '<!--', '&#', '\t'])
      try {
        readXml(Buffer.from(`<a>${piece.repeat(Math.floor(60_000 / piece.length))}`), () => {})
      } catch (error) {
        assert.ok(error instanceof DecodeError)
      }
    assert.ok(performance.now() - startedAt < 2_000)
  })
})
