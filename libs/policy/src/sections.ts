import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const
const section = { ...closed, default: {} } as const

export const NumberPrefix = Type.String({
  pattern: '^\\+[0-9]{0,15}$',
  description: 'leading digits of a global number',
})

const Originator = Type.Object(
  {
    type: Type.Enum(['alphanumeric', 'international', 'shortCode', 'networkSpecific']),
    value: Type.String({ minLength: 1, maxLength: 20, description: 'name up to 11 characters, or digits' }),
  },
  closed,
)
export type OriginatorSetting = Static<typeof Originator>

/** What the recipient's own service data in the HSS have to say (Sh repository data). */
const homeDataSchema = Type.Object(
  {
    use: Type.Enum(['no', 'and', 'or'], {
      default: 'no',
      description:
        'not asked for; they must allow besides this document; they may allow whom `default: deny` would refuse',
    }),
    serviceIndication: Type.String({
      default: 'ipsmgw',
      minLength: 1,
      maxLength: 64,
      description: 'Service-Indication under which the HSS keeps them',
    }),
    whenAbsent: Type.Enum(['refuse', 'allow'], { default: 'refuse', description: 'recipients without them' }),
  },
  section,
)

/** Who may send to whom. */
export const authorisationSchema = Type.Object(
  {
    default: Type.Enum(['allow', 'deny'], { default: 'allow', description: 'recipients in neither list' }),
    allowedRecipients: Type.Array(NumberPrefix, { default: [] }),
    deniedRecipients: Type.Array(NumberPrefix, { default: [], description: 'wins over allowed' }),
    senderDomains: Type.Array(Type.String(), {
      default: [],
      description:
        'domains that may send besides homeDomains; * is any. A sender known by number alone is home',
    }),
    barredSenders: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
      default: [],
      maxItems: 10_000,
      description: 'numbers (+49…, a prefix when it ends in *), identities (sip:…) and domains (@…)',
    }),
    homeData: homeDataSchema,
  },
  section,
)

/** What a sender who wants to be hidden gets. */
export const anonymitySchema = Type.Object(
  {
    mode: Type.Enum(['allow', 'prohibit', 'prohibitHidden', 'prohibitTold'], {
      default: 'prohibit',
      description: 'hidden sender: anonymise; 433; 403 that does not say why; 403 that does, for RCS clients',
    }),
    rejectedBy: Type.Array(NumberPrefix, {
      default: [],
      description: 'recipients who take nothing from hidden senders: 433 whatever the mode',
    }),
    unknownCritical: Type.Enum([433, 500], {
      default: 433,
      description:
        'answer to Privacy: critical with an unknown value; 500 may deliver it elsewhere, unhidden',
    }),
    originator: Type.Enum(['alphanumeric', 'international', 'shortCode'], { default: 'alphanumeric' }),
    value: Type.String({ default: 'Anonymous', minLength: 1, maxLength: 20 }),
  },
  section,
)

/** Numbers that stand for senders without one. */
const PseudoNumbers = Type.Object(
  {
    first: Type.String({ pattern: '^\\+[1-9][0-9]{4,14}$', description: 'lowest number of the pool' }),
    count: Type.Integer({ minimum: 1, maximum: 100_000_000, description: 'consecutive numbers in it' }),
    lifetimeHours: Type.Integer({
      default: 720,
      minimum: 1,
      maximum: 87_600,
      description: 'a sender keeps its number towards a recipient this long',
    }),
  },
  closed,
)

/** Whose address the phone sees. */
export const originatorSchema = Type.Object(
  {
    askHome: Type.Boolean({
      default: true,
      description:
        'sender of homeDomains without a number: the HSS is asked for it, before withoutNumber holds',
    }),
    withoutNumber: Type.Enum(['alphanumeric', 'pseudo', 'fixed', 'reject'], {
      default: 'alphanumeric',
      description: 'sender without a number: its name, a number of the pool, one fixed originator, or 403',
    }),
    fixed: Type.Optional(Originator),
    pool: Type.Optional(PseudoNumbers),
    localNumbers: Type.Enum(['shortCode', 'networkSpecific', 'none'], {
      default: 'shortCode',
      description: 'local senders of up to 8 digits: type of number unknown, network specific, or as without',
    }),
    services: Type.Array(
      Type.Object(
        { identity: Type.String({ minLength: 1, maxLength: 256 }), originator: Originator },
        closed,
      ),
      { default: [], maxItems: 10_000, description: 'chatbots and services with an originator of their own' },
    ),
    displayNameDomains: Type.Array(Type.String(), {
      default: [],
      description: 'domains whose display names may be shown; others get their user part',
    }),
    useFrom: Type.Boolean({ default: false, description: 'without P-Asserted-Identity take From' }),
  },
  section,
)

/** The text of the SMS. */
export const textSchema = Type.Object(
  {
    maximumParts: Type.Integer({ default: 10, minimum: 1, maximum: 255, description: '413 above it' }),
    transliterate: Type.Boolean({ default: false, description: 'curly quotes, dashes … to GSM 7 bit' }),
    languages: Type.Array(
      Type.Object(
        {
          recipients: NumberPrefix,
          tables: Type.Array(Type.Integer({ minimum: 1, maximum: 13 }), { minItems: 1 }),
        },
        closed,
      ),
      { default: [], description: 'national language tables by recipient prefix, e.g. +90: [1]' },
    ),
    reference: Type.Enum(['8bit', '16bit'], { default: '8bit' }),
  },
  section,
)

/** What is done with bodies that are no plain text. */
export const bodiesSchema = Type.Object(
  {
    html: Type.Enum(['reject', 'strip'], { default: 'reject', description: 'text/html: 415, or its text' }),
    rcsXml: Type.Enum(['reject', 'link'], {
      default: 'reject',
      description: 'RCS file transfer and location: 415, or the link',
    }),
    isComposing: Type.Enum(['reject', 'consume'], {
      default: 'reject',
      description: '"is composing": 415, or 200 and nothing',
    }),
    subject: Type.Enum(['ignore', 'prefix'], {
      default: 'ignore',
      description: 'Subject: ignored, or put in front of the text',
    }),
  },
  section,
)
