// Numbers in network byte order. Shifts on plain bytes are several times as fast as a DataView or Buffer's own methods
// in the path that every packet takes. The caller knows that the bytes are there: beyond the end they read as 0.

export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
}

/** 32 bits as a signed number, which V8 keeps without a box; `>>> 0` makes it what was meant. */
export function i32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  )
}
