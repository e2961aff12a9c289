/**
 * Divides a whole number into whole numbers in the given proportions, so that they add up to it exactly (the method of
 * the largest remainder).
 *
 * @param total whole, 0 or more
 * @param shares each 0 or more, one of them at least above 0
 */
export function apportion<Key>(total: number, shares: ReadonlyMap<Key, number>): Map<Key, number> {
  let sum = 0
  for (const share of shares.values()) sum += share
  const parts = [...shares].map(([key, share]) => {
    const exact = (total * share) / sum
    return { key, whole: Math.floor(exact), remainder: exact % 1 }
  })
  let left = total - parts.reduce((all, { whole }) => all + whole, 0)
  parts.sort((a, b) => b.remainder - a.remainder)
  return new Map(parts.map(({ key, whole }) => [key, left-- > 0 ? whole + 1 : whole]))
}
