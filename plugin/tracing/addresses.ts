const MAPPED = 0xffff

/** An IPv4 address in its usual spelling. */
export function ipv4Text(bytes: Buffer, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`
}

/** An IPv6 address as RFC 5952 spells it; an IPv4 address that is mapped into IPv6 (RFC 4291) as such. */
export function ipv6Text(bytes: Buffer, at: number): string {
  const words = Array.from({ length: 8 }, (_, n) => bytes.readUInt16BE(at + 2 * n))
  if (words[5] === MAPPED && words.slice(0, 5).every(word => word === 0)) return ipv4Text(bytes, at + 12)
  const text = words.map(word => word.toString(16)).join(':')
  // The longest row of zeros, of two at least; of several, the first.
  const rows = text.match(/\b0(?::0)+\b/g) ?? []
  const longest = rows.reduce((best, row) => (row.length > best.length ? row : best), '')
  if (longest === '') return text
  const place = text.search(new RegExp(`(?:^|:)${longest}(?:$|:)`))
  return `${text.slice(0, place)}::${text
    .slice(place)
    .replace(/^:/, '')
    .slice(longest.length + 1)}`
}
