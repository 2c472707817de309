import Type, { type Static } from 'typebox'
import { answerSchema, contentCheckSchema, ratesSchema } from './admission-sections.ts'
import {
  anonymitySchema,
  authorisationSchema,
  bodiesSchema,
  originatorSchema,
  textSchema,
} from './sections.ts'

const closed = { additionalProperties: false } as const

/** Everything that may differ between peers. */
const settings = {
  homeDomains: Type.Array(Type.String(), {
    default: [],
    description: 'SIP domains of our subscribers; empty: every domain counts as ours',
  }),
  authorisation: authorisationSchema,
  anonymity: anonymitySchema,
  originator: originatorSchema,
  text: textSchema,
  bodies: bodiesSchema,
  rates: ratesSchema,
  contentCheck: Type.Optional(contentCheckSchema),
  answer: answerSchema,
  dialPlan: Type.Array(
    Type.Object({ context: Type.String(), strip: Type.String(), prepend: Type.String() }, closed),
    {
      default: [],
      description: 'local numbers: phone-context or host, digits to strip, prefix to put in front',
    },
  ),
  timeZone: Type.String({ default: 'UTC', description: 'IANA zone of TP-SCTS' }),
} as const

/** The settings that hold for one message. */
const effectiveSchema = Type.Object(
  {
    version: Type.String({ default: '1', maxLength: 64, description: 'travels in every record' }),
    ...settings,
  },
  closed,
)

/** The operator's policy: one document, validated, versioned, replaced as a whole. */
export const policySchema = Type.Object(
  {
    ...effectiveSchema.properties,
    profiles: Type.Record(Type.String({ minLength: 1, maxLength: 64 }), Type.Object({}), {
      default: {},
      description: 'by name, what is different for the peers that have this profile: the same settings again',
    }),
  },
  closed,
)
/** Profiles are documents of their own once loaded: what a profile leaves out is as in the document. */
export type Policy = Static<typeof effectiveSchema> & { readonly profiles: Readonly<Record<string, Policy>> }

/** The policy for messages of a peer with that profile; undefined when the document has no such profile. */
export function policyFor(policy: Policy, profile: string | undefined): Policy | undefined {
  if (profile === undefined) return policy
  return Object.hasOwn(policy.profiles, profile) ? policy.profiles[profile] : undefined
}
