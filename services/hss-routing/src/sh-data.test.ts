import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DecodeError } from '@ipsmgw/bytes'
import { numbersOf, readXml } from './sh-data.ts'

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>'

function numbers(xml: string): string[] {
  return numbersOf(Buffer.from(xml))
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
