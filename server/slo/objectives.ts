/** What is counted as good of all, per camera and for all of them; the names of the metrics' `indicator` label. */
export const indicators = [
  'freshness',
  'timeliness',
  'goodput',
  'overload',
  'availability',
] as const
export type Indicator = (typeof indicators)[number]

/** Those with an objective. `overload` has none: it is the goodput of times in which more is asked than there is. */
export const objectiveIndicators = ['freshness', 'timeliness', 'goodput', 'availability'] as const
export type ObjectiveIndicator = (typeof objectiveIndicators)[number]

/** Share that is to be good. The latency that timeliness and goodput ask for is each camera's own budget. */
export const objectives: Readonly<Record<ObjectiveIndicator, number>> = {
  freshness: 0.995,
  timeliness: 0.99,
  goodput: 0.99,
  availability: 0.995,
}

/** Jain's index over what each camera gets of its fair share. */
export const fairnessObjective = 0.98

/** Goodput is promised below this share of the device; above it, demand counts as `overload`. */
export const overloadAbove = 0.9
