import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const

const NumberPrefix = Type.String({
  pattern: '^\\+[0-9]{0,15}$',
  description: 'leading digits of a global number',
})

const Originator = Type.Object(
  {
    type: Type.Enum(['alphanumeric', 'international', 'shortCode']),
    value: Type.String({ minLength: 1, maxLength: 20, description: 'name up to 11 characters, or digits' }),
  },
  closed,
)
export type OriginatorSetting = Static<typeof Originator>

/** The operator's policy for step 7: one document, validated, versioned, replaced as a whole. */
export const policySchema = Type.Object(
  {
    version: Type.String({ default: '1', maxLength: 64, description: 'travels in every record' }),
    homeDomains: Type.Array(Type.String(), {
      default: [],
      description: 'SIP domains of our subscribers; empty: every domain counts as ours',
    }),
    authorisation: Type.Object(
      {
        default: Type.Enum(['allow', 'deny'], {
          default: 'allow',
          description: 'recipients in neither list',
        }),
        allowedRecipients: Type.Array(NumberPrefix, { default: [] }),
        deniedRecipients: Type.Array(NumberPrefix, { default: [], description: 'wins over allowed' }),
        senderDomains: Type.Array(Type.String(), {
          default: ['*'],
          description: 'domains that may send; * is any. A tel identity counts as from a home domain',
        }),
      },
      { ...closed, default: {} },
    ),
    anonymity: Type.Object(
      {
        mode: Type.Enum(['allow', 'prohibit', 'prohibitHidden'], {
          default: 'prohibit',
          description:
            'hidden sender: anonymise, refuse with 433, or refuse with a 403 that does not say why',
        }),
        originator: Type.Enum(['alphanumeric', 'international', 'shortCode'], { default: 'alphanumeric' }),
        value: Type.String({ default: 'Anonymous', minLength: 1, maxLength: 20 }),
      },
      { ...closed, default: {} },
    ),
    originator: Type.Object(
      {
        withoutNumber: Type.Enum(['alphanumeric', 'fixed', 'reject'], {
          default: 'alphanumeric',
          description: 'sender without a number: its name as TP-OA, one fixed originator, or 403',
        }),
        fixed: Type.Optional(Originator),
        displayNameDomains: Type.Array(Type.String(), {
          default: [],
          description: 'domains whose display names may be shown; others get their user part',
        }),
        useFrom: Type.Boolean({ default: false, description: 'without P-Asserted-Identity take From' }),
      },
      { ...closed, default: {} },
    ),
    text: Type.Object(
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
      { ...closed, default: {} },
    ),
    dialPlan: Type.Array(
      Type.Object({ context: Type.String(), strip: Type.String(), prepend: Type.String() }, closed),
      {
        default: [],
        description: 'local numbers: phone-context or host, digits to strip, prefix to put in front',
      },
    ),
    timeZone: Type.String({ default: 'UTC', description: 'IANA zone of TP-SCTS' }),
  },
  closed,
)

export type Policy = Static<typeof policySchema>
