import { checkParameters } from '../parameters/check-parameters.ts'
import { createLinear } from './linear.ts'
import { createMarkov } from './markov.ts'
import type { Model } from './model.ts'
import type { Parameters } from '../parameters/parameters.ts'
import { createTrees } from './trees.ts'

/** A model that scores rows of `featureCount` features; throws if the parameters do not fit. */
export function createModel(parameters: Parameters, featureCount: number): Model {
  checkParameters(parameters, featureCount)
  switch (parameters.kind) {
    case 'trees':
      return createTrees(parameters, featureCount)
    case 'linear':
      return createLinear(parameters)
    case 'markov':
      return createMarkov(parameters)
  }
}
