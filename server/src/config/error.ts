/** A configuration that cannot be used, and where: the message begins with `file:line:column` where that is known. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Something in the configuration that was left out, because it cannot be used; everything else stands. */
export interface ConfigProblem {
  /** The file, or `-c` for a command line argument. */
  readonly source: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** `streams.front[1]`, `api.listen`; empty where the text is not YAML at all. */
  readonly path: string;
  readonly message: string;
}

/** `porthole.yaml:12:5: api.listen: expected text, found a list` */
export function formatProblem(problem: ConfigProblem): string {
  const path = problem.path === '' ? '' : `${problem.path}: `;
  return `${problem.source}:${problem.line}:${problem.column}: ${path}${problem.message}`;
}
