/** What a call returns, or undefined where it threw: for what may be refused, may be missing or may end meanwhile. */
export function attempt<Result>(call: () => Result): Result | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}
