const U64_MAX = (1n << 64n) - 1n

/** Decimal digits to a bigint, so that nothing above 2^53 loses precision; undefined where it is no u64. */
export function parseU64(digits: string): bigint | undefined {
  if (digits === '0') return 0n
  if (!/^\d{1,20}$/.test(digits)) return undefined
  if (digits.length < 16) return BigInt(Number(digits))
  const value = BigInt(digits)
  return value <= U64_MAX ? value : undefined
}
