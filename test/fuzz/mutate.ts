/** Numbers below `sides` that look random; the same seed gives the same ones. */
export type Dice = (sides: number) => number

export function dice(seed: number): Dice {
  let state = seed >>> 0
  return sides => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * sides)
  }
}

/** Pieces that parsers have trouble with. */
const TROUBLE = [
  '',
  ' ',
  '\n',
  '\n\n',
  '\t',
  '\r\n',
  '\0',
  '\u001b[2J',
  '\u007f',
  '\u009b',
  '"',
  "'",
  '\\',
  '`',
  ':',
  '=',
  '-1',
  '0',
  '00',
  '1e309',
  '9007199254740993',
  '18446744073709551615',
  '18446744073709551616',
  '99999999999999999999999',
  'NaN',
  'null',
  '{}',
  '[]',
  '__proto__',
  'constructor',
  '../..',
  '\ud800',
  'é',
  '\ufeff',
  '<script>',
  ')',
  '(((((((((((((((((((((((((((((((((',
  'a'.repeat(300),
]

/** Pieces are kept below this, or the slow targets would only see long ones. */
const MAX_LENGTH = 200_000

/**
 * A text that is a little different, in bytes, words, columns or lines.
 *
 * @param other a text to take pieces of
 */
export function mutate(text: string, other: string, roll: Dice): string {
  let result = text
  for (let times = 1 + roll(4); times > 0; times--)
    result = (WAYS[roll(WAYS.length)] ?? same)(result, other, roll)
  return result.slice(0, MAX_LENGTH)
}

type Way = (text: string, other: string, roll: Dice) => string

const same: Way = text => text

/** Something in the place of a piece of the text. */
function replaced(text: string, at: number, length: number, by: string): string {
  return text.slice(0, at) + by + text.slice(at + length)
}

function pick<T>(from: readonly T[], roll: Dice): T | undefined {
  return from[roll(from.length)]
}

/** Changes one of the pieces that a separator parts. */
function among(separator: string, change: (pieces: string[], at: number, roll: Dice) => void): Way {
  return (text, _, roll) => {
    const pieces = text.split(separator)
    change(pieces, roll(pieces.length), roll)
    return pieces.join(separator)
  }
}

const WAYS: readonly Way[] = [
  (text, _, roll) => replaced(text, roll(text.length + 1), 1, String.fromCharCode(roll(256))),
  (text, _, roll) => replaced(text, roll(text.length + 1), roll(8), ''),
  (text, _, roll) => replaced(text, roll(text.length + 1), roll(3), pick(TROUBLE, roll) ?? ''),
  (text, _, roll) => text.slice(0, roll(text.length + 1)),
  (text, _, roll) => text.slice(roll(text.length + 1)),
  (text, other, roll) => text.slice(0, roll(text.length + 1)) + other.slice(roll(other.length + 1)),
  (text, other, roll) => {
    const from = roll(other.length + 1)
    return replaced(text, roll(text.length + 1), 0, other.slice(from, from + roll(60)))
  },
  among('\n', (lines, at) => lines.splice(at, 1)),
  among('\n', (lines, at) => lines.splice(at, 0, lines[at] ?? '')),
  among('\n', (lines, at, roll) => lines.splice(roll(lines.length), 0, ...lines.splice(at, 1))),
  among('\n', (lines, at, roll) => {
    const words = (lines[at] ?? '').split(' ')
    words.splice(roll(words.length), roll(2), pick(TROUBLE, roll) ?? '')
    lines[at] = words.join(' ')
  }),
  among(' ', (words, at) => words.splice(at, 1)),
  among(' ', (words, at) => words.splice(at, 0, words[at] ?? '')),
  among(' ', (words, at, roll) => words.splice(at, 1, pick(TROUBLE, roll) ?? '')),
  (text, _, roll) => {
    // One of the numbers.
    const numbers = [...text.matchAll(/\d+/g)]
    const number = pick(numbers, roll)
    return number === undefined
      ? text
      : replaced(text, number.index, number[0].length, pick(TROUBLE, roll) ?? '')
  },
  (text, _, roll) => {
    const from = roll(text.length + 1)
    return replaced(text, from, 0, text.slice(from, from + roll(40)).repeat(1 + roll(50)))
  },
]
