import t from 'tap'
import { garbageOnStdin, replacedConfig } from './input'
import { fullLogDisk, fullPipe, stageWithReader } from './output'
import { testFaults } from './test-fault'

testFaults(fullPipe, fullLogDisk, garbageOnStdin, replacedConfig)

t.test('ends at once while its reader has stopped', async t => {
  const { stop, running } = await stageWithReader({ teardown: fn => t.teardown(fn), long: false })
  await stop()
  running.child.kill('SIGTERM')
  t.equal(await running.ended, 0)
})
