import { brokenProc } from './proc'
import { slowProc } from './slow'
import { testFaults } from './test-fault'

testFaults(brokenProc, slowProc)
