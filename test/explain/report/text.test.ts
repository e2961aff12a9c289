import t from 'tap'
import { STAGES } from '../../../explain/explanation'
import { meaningOf, say, TELLING } from '../../../explain/report/meaning'
import { renderText, wrap } from '../../../explain/report/text'
import { explanationOf, madeReset, refusal } from './made'

const LOOK = { width: 90, colour: false, summaryOnly: false }

const EXAMPLE = `1.2.0.2:2527 -> 1.2.0.3:6649     1 reset
  #2   +0.234 s   RST+ACK from 1.2.0.3:6649 (the side that was called)
     When   Right after the SYN, but the answer does not fit it: a refusal in form only.
     Who    Probably NOT 1.2.0.3. [strong: 2 signs]
            against  the real SYN+ACK of 1.2.0.3 comes 1.03 s later (#3)
            against  TTL 46; its other packets have 49 (#3, #6)
     Means  Something on the path probably tried to end this connection: 1.2.0.3 itself
            went on with it.
     Do     Capture at both ends at the same time. If it arrives here and never left
            there, something between the two made it.

 seconds  1.2.0.2:2527                                               1.2.0.3:6649
   0.000  SYN ------------------------------------------------------------------> #1
   0.234  <======================================== RST+ACK  ttl 46  id 5461 ==== #2  ?
   1.266  <-------------------------------------------- SYN+ACK  ttl 49  id 103 - #3
                                  (5 min 0 s of silence)
 301.266  120 bytes ------------------------------------------------------------> #4
          (2 more packets of this connection not shown)
`

t.test('one reset: when, who with its signs, means, do, and the packets around it', async t => {
  const text = renderText(explanationOf([madeReset()]), LOOK)
  t.equal(text.split('\n').slice(3, 22).join('\n'), EXAMPLE)
  t.match(
    text,
    /\n\nwhen +resets +usually means\nafter the SYN, number wrong +1 +>> forged/,
    'then the summary',
  )
})

t.test('up to three: all of them first, as they came; more: the summary, then one of each kind', async t => {
  const heads = (text: string): string[] => text.match(/^ {2}#\d+/gm) ?? []
  const three = renderText(explanationOf([refusal(5), madeReset({ frame: 11 }), refusal(6)]), LOOK)
  t.same(heads(three), ['  #10', '  #11', '  #12'])
  t.ok(three.indexOf('#10') < three.indexOf('usually means'))

  const many = explanationOf([refusal(5), refusal(6), refusal(7), madeReset({ frame: 99 })])
  const text = renderText(many, LOOK)
  t.same(heads(text), ['  #99', '  #10'], 'the worrying one before the others')
  t.ok(text.indexOf('usually means') < text.indexOf('  #99'))
  t.same(heads(renderText(many, { ...LOOK, limit: 3 })), ['  #99', '  #10', '  #12'])
  t.same(heads(renderText(many, { ...LOOK, summaryOnly: true })), [])
})

t.test('a copy is no reset of its own, and the ladder is drawn once for a connection', async t => {
  const first = madeReset()
  const again = madeReset({ frame: 3, stage: 'repeat', detail: 'answers-another-packet' })
  const copy = madeReset({ frame: 4, stage: 'copy' })
  const text = renderText(explanationOf([first, again, copy]), LOOK)
  t.match(text, '1.2.0.3:6649     2 resets')
  t.equal(text.match(/seconds/g)?.length, 1)
  t.notMatch(text, /^ {2}#4/m)
  t.match(text, /captured twice +1 +not counted/)
})

t.test('no reset at all', async t => {
  const none = explanationOf([])
  t.match(
    renderText({ ...none, summary: { ...none.summary, finding: 'No resets.' } }, LOOK),
    /connections.*\nNo resets\.\n$/,
  )
})

t.test('a SYN that is answered for an older connection is no loss of data', async t => {
  const reset = madeReset({
    stage: 'abrupt',
    detail: 'handshake-seen',
    side: 'client',
    bytesFrom: 0,
    bytesTo: 0,
  })
  t.match(say({ ...reset, sender: { is: 'peer-possible', confidence: 'weak', for: [], against: [] } }), {
    when: /answered the SYN of .*, but not with a SYN\+ACK/,
    means: /challenge ACK/,
  })
  t.match(meaningOf({ ...reset, bytesTo: 1 }).means, /thrown away/)
})

t.test('every stage has words of its own, and is told in the table', async t => {
  t.same([...TELLING].sort(), [...STAGES].sort())
  const seen = new Set<string>()
  for (const stage of STAGES) {
    const { row, mostly } = meaningOf({ stage })
    t.notOk(seen.has(row), stage)
    t.ok(row.length + mostly.length < 75, `${stage} fits a line`)
    seen.add(row)
    const { when, means, todo } = say(
      madeReset({ stage, sender: { is: 'unknown', confidence: 'none', for: [], against: [] } }),
    )
    for (const sentence of [when, means, todo]) t.match(sentence, /^[A-Z0-9].*\.$/, `${stage}: ${sentence}`)
  }
})

t.test('no line is wider than the terminal, down to 60 columns, but for what cannot be broken', async t => {
  const v6 = { address: '2001:db8:1234:5678:9abc:def0:1234:5678', port: 44_444 }
  for (const width of [60, 80, 120]) {
    const text = renderText(explanationOf([madeReset(), madeReset({ frame: 8, connection: 2, to: v6 })]), {
      ...LOOK,
      width,
    })
    const wide = text.split('\n').filter(line => line.length > width && !/tshark|2001:db8/.test(line))
    t.same(wide, [], `${width} columns`)
  }
  t.same(wrap('one two three', 20), ['one two three'])
  t.same(wrap('a word-that-is-longer-than-a-line b', 20), ['a', 'word-that-is-longer-than-a-line', 'b'])
})

t.test('colours say the same as the words, and nothing when there are none', async t => {
  const made = explanationOf([madeReset()])
  const coloured = renderText(made, { ...LOOK, colour: true })
  t.match(coloured, '\x1b[31mProbably NOT 1.2.0.3. [strong: 2 signs]\x1b[0m')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are
  t.equal(coloured.replace(/\x1b\[\d+m/g, ''), renderText(made, LOOK))
})
