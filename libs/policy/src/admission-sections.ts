import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const
const section = { ...closed, default: {} } as const

const Rate = Type.Object(
  {
    messages: Type.Integer({ minimum: 1, maximum: 100_000_000 }),
    withinSeconds: Type.Integer({ minimum: 1, maximum: 2_592_000 }),
  },
  closed,
)
/** So many messages in any stretch of so many seconds, all instances together. */
export type Rate = Static<typeof Rate>

/** How much one sender and one domain may send; a short stretch bounds the rate, a long one the volume. */
export const ratesSchema = Type.Object(
  {
    sender: Type.Array(Rate, {
      default: [],
      maxItems: 4,
      description: 'each sender by itself; all must hold',
    }),
    domain: Type.Array(Rate, { default: [], maxItems: 4, description: 'each sender domain by itself' }),
  },
  section,
)

/** A verdict of somebody else on each message, asked for over HTTP before anything is done. */
export const contentCheckSchema = Type.Object(
  {
    url: Type.String({
      pattern: '^https?://',
      maxLength: 2048,
      description: 'asked with POST for each message',
    }),
    timeoutMs: Type.Integer({ default: 500, minimum: 10, maximum: 10_000, description: 'then byDefault' }),
    byDefault: Type.Enum(['deliver', 'refuse'], {
      default: 'refuse',
      description: 'no verdict in time, or none that can be read: deliver, or 480',
    }),
    maximumOpen: Type.Integer({
      default: 200,
      minimum: 1,
      maximum: 10_000,
      description: 'questions without an answer; more are decided byDefault at once',
    }),
    tellSender: Type.Boolean({ default: false, description: 'the question names the sender, unless hidden' }),
  },
  closed,
)

/** What a sender is told while the outcome is not known. */
export const answerSchema = Type.Object(
  {
    unknownOutcome: Type.Enum([202, 480], {
      default: 202,
      description: 'answer when forwarded without an outcome',
    }),
    earlyAnswerMs: Type.Optional(
      Type.Integer({ minimum: 500, maximum: 31_000, description: '202 at this time, whatever is under way' }),
    ),
  },
  section,
)
