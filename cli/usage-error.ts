/** The command was called wrongly: it ends with 2. */
export class UsageError extends Error {}

/** Also those of `parseArgs()` (node:util), which have codes of their own. */
export function isUsageError(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false
  return thrown instanceof UsageError || ('code' in thrown && `${thrown.code}`.startsWith('ERR_PARSE_ARGS_'))
}
