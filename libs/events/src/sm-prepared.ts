import Type, { type Static } from 'typebox'
import { defineTopic } from './define.ts'
import { EpochMs, envelope } from './envelope.ts'

/** SMS-DELIVER TPDUs in order, base64. Parts of one message are never separated. */
export const Tpdus = Type.Array(Type.String({ minLength: 4, maxLength: 300 }), { minItems: 1, maxItems: 255 })

/** Who gets it: by number, else by the public identity that Sh resolves. */
export const Recipient = Type.Object({
  number: Type.Optional(Type.String({ pattern: '^\\+[0-9]{5,15}$' })),
  uri: Type.String({ maxLength: 2048 }),
})

/** A stale location allows one more routing query; parts before `firstPart` are on the phone already. */
export const Routing = Type.Object({
  attempt: Type.Integer({ minimum: 1, maximum: 2 }),
  firstPart: Type.Integer({ minimum: 1, maximum: 255 }),
})
export type Routing = Static<typeof Routing>

/**
 * `sm.prepared`: the Short Message. It holds the chosen originator and not the sender's identity, but for one that does
 * not hide: where it writes to a user without a number the home network may have to know both URIs, and where it has no
 * number itself the home network may know one.
 */
export const smPreparedSchema = Type.Object({
  ...envelope,
  recipient: Recipient,
  originatorUri: Type.Optional(Type.String({ maxLength: 2048, description: 'SIP URI of the sender' })),
  hidden: Type.Optional(
    Type.Boolean({ description: 'the sender hides: nobody is told of it; absent: not known, so it may' }),
  ),
  askHome: Type.Optional(
    Type.Object(
      {
        uri: Type.String({ maxLength: 2048 }),
        otherwise: Type.Enum(['as-prepared', 'refuse'], { description: 'where the HSS tells no number' }),
      },
      { description: 'a number of this sender, if the HSS knows one, takes the place of TP-OA' },
    ),
  ),
  profile: Type.Optional(Type.String({ maxLength: 64, description: 'policy profile of the SIP peer' })),
  tpdus: Tpdus,
  routing: Routing,
  expiresAtMs: Type.Optional(EpochMs),
  early: Type.Boolean({ description: 'the sender is answered early, so the forward may outlast answerBy' }),
})

export type SmPrepared = Static<typeof smPreparedSchema>

export const smPrepared = defineTopic({
  name: 'sm.prepared',
  version: 1,
  schema: smPreparedSchema,
  retentionMs: 30 * 60_000,
  partitioning: 'pipeline',
  key: (value) => value.recipientKey,
})
