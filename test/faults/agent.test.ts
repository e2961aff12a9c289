import { fullAgentDisk, killedAgent, pausedAgent, restartedAgent } from './agent'
import { testFaults } from './test-fault'

testFaults(killedAgent, restartedAgent, pausedAgent, fullAgentDisk)
