import { testLog } from './contract/contract.ts'
import { createSimulatedLog } from './simulated-log.ts'
import { createSimulation } from './simulation.ts'

for (const atomicCommits of [true, false]) {
  testLog(
    `a simulation ${atomicCommits ? 'with' : 'without'} atomic commits`,
    async () => {
      const simulation = createSimulation(1, { lostAnswers: 0 })
      const simulated = createSimulatedLog(simulation, { partitions: 3, atomicCommits, isIrregular: false })
      let handles = 0
      let isClosed = false
      void (async () => {
        while (!isClosed) await simulation.step()
      })()
      const open = async () => simulated.connect(simulation.start(`handle ${handles++}`))
      return {
        log: await open(),
        open,
        async close() {
          isClosed = true
        },
      }
    },
    { atomicCommits, contiguousPositions: true },
  )
}
