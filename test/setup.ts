import fc from 'fast-check'

// Property tests draw the same cases each time, so that a change can only fail for what it did. To look further:
// FAST_CHECK_SEED=random npm test (or a number, to see a failure again).
const seed = process.env['FAST_CHECK_SEED']
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed ?? 20_261_120) })
