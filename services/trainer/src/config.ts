import { z } from 'zod'

// The trainer's section of the configuration. The defaults are for small data: few sessions that reach the goal.

const count = (description: string) => z.int().min(1).describe(description)
const share = (description: string) => z.number().gt(0).max(1).describe(description)
const partShare = (description: string) => z.number().min(0).max(0.8).describe(description)
const positive = (description: string) => z.number().gt(0).describe(description)
const amount = (description: string) => z.number().min(0).describe(description)

export const MODEL_KINDS = ['trees', 'forest', 'linear', 'markov'] as const

const dataset = z.strictObject({
  features: z
    .string()
    .default('auto')
    .describe('A feature list (YAML or JSON) by its path; `auto` derives one from the events.'),
  featuresMax: count('Features that `auto` proposes at most.').default(60),
  maturityMs: z
    .int()
    .min(0)
    .default(30 * 60_000)
    .describe(
      'Sessions that began less than this before the newest event are left out: whether they reach the goal is not known yet.',
    ),
  includeBots: z.boolean().default(false).describe('Keeps sessions that look automated.'),
  includeSimulated: z.boolean().default(false).describe('Keeps sessions made by `sluicebox simulate`.'),
  heldBytesMax: count(
    'Bytes of rows that wait for the end of their session. Beyond it the build fails and names what to change.',
  ).default(2 ** 30),
})

const trees = z.strictObject({
  treesMax: count('Trees at most.').default(400),
  depthMax: count('Tests on the way from root to leaf at most.').default(4),
  shrinkage: share('What each tree adds is multiplied by this.').default(0.05),
  l2: amount('Pulls the values of leaves towards 0.').default(5),
  leafWeightMin: positive('Least weight (sum of second derivatives) of a leaf.').default(1),
  gainMin: amount('Least improvement that is worth a split.').default(0),
  sessionShare: share('Share of the sessions that each tree sees.').default(0.8),
  featureShare: share('Share of the features that each tree may test.').default(0.8),
  binsMax: z.int().min(2).max(255).default(255).describe('Bins that the values of a feature are put into.'),
  patience: z
    .int()
    .min(0)
    .default(40)
    .describe('Stops after this many trees without improvement on the validation part; 0 grows them all.'),
})

const forest = z.strictObject({
  trees: count('Trees.').default(300),
  depthMax: count('Tests on the way from root to leaf at most.').default(8),
  leafWeightMin: positive('Least weight of the rows in a leaf; a session weighs 1.').default(10),
  featuresPerNode: z
    .int()
    .min(0)
    .default(0)
    .describe('Features tried at each node; 0 takes the square root of their number.'),
  binsMax: z.int().min(2).max(255).default(255).describe('Bins that the values of a feature are put into.'),
})

const linear = z.strictObject({
  l2: amount('Pulls all weights towards 0, as strongly as this many uninformative sessions.').default(200),
  l1: amount('Sets weak weights to exactly 0.').default(0),
  iterationsMax: count('Steps of Newton’s method at most.').default(50),
})

const markov = z.strictObject({
  smoothing: positive('Added to the count of every transition.').default(1),
})

const threshold = z.strictObject({
  by: z
    .enum(['f1', 'precision', 'recall', 'cost'])
    .default('f1')
    .describe(
      'What the threshold is chosen for on the validation part: the highest F1, the most found at a precision, the fewest decisions at a recall, or the least cost.',
    ),
  min: z.number().min(0).max(1).default(0.5).describe('The precision or recall to reach.'),
  needlessCost: amount('Cost of a decision on a session that does not reach the goal.').default(1),
  missedCost: amount('Cost of no decision on a session that does.').default(10),
})

/** The section `trainer` of the configuration. */
export const trainerConfig = z
  .strictObject({
    kind: z
      .enum(MODEL_KINDS)
      .default('trees')
      .describe(
        'What to train: boosted trees, a random forest, logistic regression, or log-odds of transitions.',
      ),
    seed: z
      .int()
      .min(0)
      .max(2_147_483_647)
      .default(1)
      .describe('Decides every random choice of the training.'),
    splitBy: z
      .enum(['time', 'visitor'])
      .default('time')
      .describe(
        'No visitor is ever in two parts. `time`: the test part is also newer than the others, and a visitor with sessions on both sides loses some; `visitor`: the test part is of any time, and no session is lost.',
      ),
    testShare: partShare('Share of the sessions on which the model is only measured.').default(0.25),
    validShare: partShare('Share of the sessions that decides when to stop, and calibrates.').default(0.2),
    rowWeight: z
      .enum(['session', 'row'])
      .default('session')
      .describe('What counts 1: a session, however many rows it has, or each row.'),
    positiveWeight: z
      .union([z.number().gt(0), z.literal('balanced')])
      .default(1)
      .describe(
        'How much more a row counts whose session reached the goal; `balanced` makes both outcomes count the same.',
      ),
    calibration: z
      .enum(['auto', 'platt', 'isotonic', 'none'])
      .default('auto')
      .describe(
        'How scores become probabilities; `auto` takes isotonic regression with 1,000 positive sessions in the validation part, Platt’s method with fewer.',
      ),
    threshold: threshold.prefault({}).describe('Above which probability the model decides for a session.'),
    dataset: dataset.prefault({}).describe('What the training table is made of.'),
    trees: trees.prefault({}).describe('Gradient boosted trees.'),
    forest: forest.prefault({}).describe('Random forests.'),
    linear: linear.prefault({}).describe('Logistic regression.'),
    markov: markov.prefault({}).describe('Log-odds of transitions.'),
  })
  .refine(({ testShare, validShare }) => testShare + validShare <= 0.9, {
    path: ['validShare'],
    message: 'must leave at least a tenth of the sessions to learn from: lower validShare or testShare',
  })
  .prefault({})

export type TrainerConfig = z.output<typeof trainerConfig>
export type ModelKind = TrainerConfig['kind']
