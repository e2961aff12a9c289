import { i32, u16 } from './numbers'

// Addresses as keys: an IPv4 address is a signed number, an IPv6 address a string of its eight groups. Plain bytes for each
// of a million hosts would be most of what is kept of them.

export type Address = number | string

export function ipv4At(bytes: Uint8Array, at: number): number {
  return i32(bytes, at)
}

export function ipv6At(bytes: Uint8Array, at: number): string {
  let groups = ''
  for (let offset = 0; offset < 16; offset += 2) groups += String.fromCharCode(u16(bytes, at + offset))
  return groups
}

/** An address as people write it (RFC 5952). */
export function addressText(address: Address): string {
  if (typeof address === 'number') {
    return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
  }
  const groups = Array.from(address, (_, at) => address.charCodeAt(at))
  const isMapped = groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff
  if (isMapped) return `::ffff:${addressText(((groups[6] ?? 0) << 16) | (groups[7] ?? 0))}`
  const longest = longestZeros(groups)
  const hex = (part: number[]): string => part.map(group => group.toString(16)).join(':')
  if (longest.length < 2) return hex(groups)
  return `${hex(groups.slice(0, longest.start))}::${hex(groups.slice(longest.start + longest.length))}`
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0
    while (groups[start + length] === 0) length += 1
    if (length > longest.length) longest = { start, length }
  }
  return longest
}
