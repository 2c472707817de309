/** Words on the command line that make no sense; the message says what would. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code = 'usage'
}
