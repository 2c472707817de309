import Type, { type Static } from 'typebox'
import { defineTopic } from './define.ts'
import { EpochMs, envelope } from './envelope.ts'

const Uri = Type.String({ maxLength: 2048 })

const Identity = Type.Object({
  uri: Uri,
  number: Type.Optional(
    Type.String({ pattern: '^\\+[0-9]{5,15}$', description: 'global number in the URI' }),
  ),
  displayName: Type.Optional(Type.String({ maxLength: 256 })),
})

/** Thread of a CPM message: opaque to the gateway, carried into records and notifications. */
export const Thread = Type.Object({
  conversationId: Type.Optional(Type.String({ maxLength: 256 })),
  contributionId: Type.Optional(Type.String({ maxLength: 256 })),
  inReplyTo: Type.Optional(Type.String({ maxLength: 256 })),
})

/** `im.received`: the request as sip-ingress understood it, before any policy of step 7. */
export const imReceivedSchema = Type.Object({
  ...envelope,
  sip: Type.Object({
    callId: Type.String({ maxLength: 512 }),
    peer: Type.String({ maxLength: 128, description: 'configured name of the SIP peer' }),
    transport: Type.Enum(['udp', 'tcp', 'tls']),
    profile: Type.Optional(Type.String({ maxLength: 64, description: 'policy profile of the peer' })),
  }),
  recipient: Type.Object({
    uri: Uri,
    number: Type.Optional(Type.String({ pattern: '^\\+[0-9]{5,15}$' })),
    source: Type.Enum(['P-Served-User', 'Request-URI']),
    registered: Type.Optional(Type.Boolean({ description: 'regstate of P-Served-User' })),
  }),
  sender: Type.Object({
    asserted: Type.Array(Identity, { maxItems: 2, description: 'P-Asserted-Identity of a trusted peer' }),
    from: Identity,
    anonymity: Type.Optional(
      Type.Object(
        { signal: Type.String({ maxLength: 64 }) },
        { description: 'the sender asked to be hidden, and by which sign' },
      ),
    ),
  }),
  text: Type.String({ minLength: 1, maxLength: 65_536 }),
  contentType: Type.String({ maxLength: 128 }),
  notification: Type.Optional(
    Type.Object(
      {
        messageId: Type.String({ maxLength: 256 }),
        dateTime: Type.Optional(Type.String({ maxLength: 64 })),
        dispositions: Type.Array(Type.String({ maxLength: 32 }), { maxItems: 8 }),
        recordRoute: Type.Optional(
          Type.Array(Uri, { maxItems: 8, description: 'IMDN-Record-Route, in order' }),
        ),
        originalTo: Type.Optional(Uri),
        recipientUri: Type.Optional(
          Type.String({ maxLength: 2048, description: 'CPIM To, unless it hides' }),
        ),
      },
      { description: 'what the sender wants to be told (imdn)' },
    ),
  ),
  thread: Type.Optional(Thread),
  charging: Type.Optional(
    Type.Object({
      icid: Type.Optional(Type.String({ maxLength: 256 })),
      origIoi: Type.Optional(Type.String({ maxLength: 256 })),
    }),
  ),
  expiresAtMs: Type.Optional(EpochMs),
  answer: Type.Object(
    {
      unknownOutcome: Type.Enum([202, 480]),
      earlyAtMs: Type.Optional(EpochMs),
    },
    { description: "the peer profile's part in the answer: 202 at earlyAtMs, whatever is still under way" },
  ),
  policyVersion: Type.String({ maxLength: 64 }),
})

export type ImReceived = Static<typeof imReceivedSchema>

export const imReceived = defineTopic({
  name: 'im.received',
  version: 1,
  schema: imReceivedSchema,
  retentionMs: 30 * 60_000,
  partitioning: 'pipeline',
  key: (value) => value.recipientKey,
})
