import type { Endpoint } from '../explanation'

/** An address with its port, as commands take it: `[2001:db8::1]:443`. */
export function endpoint({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** `1 reset`, `1,240 resets`. */
export function count(n: number, what: string, plural = `${what}s`): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? what : plural}`
}

/** A time that a person can picture: `0.4 ms`, `12.3 s`, `5 min 12 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 0) return `-${duration(-seconds)}`
  if (seconds < 0.9995) return `${Number((seconds * 1000).toPrecision(seconds < 0.01 ? 2 : 3))} ms`
  if (seconds < 120) return `${Number(seconds.toFixed(seconds < 10 ? 2 : 1))} s`
  const whole = Math.round(seconds)
  if (whole < 7200) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  if (whole < 172_800) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
  return `${Math.floor(whole / 86_400).toLocaleString('en-US')} days`
}

/** Bytes of payload: `no payload`, `1 byte`, `1,448 bytes`. */
export function bytes(n: number): string {
  return n === 0 ? 'no payload' : count(n, 'byte')
}
