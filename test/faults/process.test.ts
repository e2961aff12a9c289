import { steppedClock, suspended } from './clock'
import { littleMemory, paused, signalled, starved } from './process'
import { testFaults } from './test-fault'

testFaults(paused, signalled, starved, littleMemory, steppedClock, suspended)
