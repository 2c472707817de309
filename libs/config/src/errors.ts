/** One thing wrong with the configuration: where it was read, what is wrong, and how it should be. */
export interface ConfigProblem {
  /** `sip.port`, dotted from the root. */
  readonly path: string
  /** `file`, or the environment variable's name. */
  readonly source: string
  readonly message: string
}

/** Everything wrong with the configuration at once, one sentence a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'config'
  readonly retryable = false
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super(
      `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n` +
        problems.map((p) => `  ${p.path} (${p.source}): ${p.message}`).join('\n'),
    )
    this.problems = problems
  }
}

/** Problems of a setting that only use can show (a file, a list of addresses): what `attempt` throws, told as such. */
export function problemsOf(path: string, attempt: () => unknown): ConfigProblem[] {
  try {
    attempt()
    return []
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map((problem) => ({ ...problem, path: `${path}: ${problem.path}` }))
    return [{ path, source: 'check', message: (error as Error).message }]
  }
}
