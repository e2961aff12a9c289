import { steppedClock, suspended } from './clock'
import { littleMemory, paused, starved } from './process'
import { testFaults } from './test-fault'

testFaults(paused, starved, littleMemory, steppedClock, suspended)
