/** The stages of a frame, in the order it walks them; the names of the metric's `stage` label. */
export const stages = ['receive', 'decode', 'queue', 'infer', 'post', 'publish'] as const
export type Stage = (typeof stages)[number]

/** Upper edges in seconds; the objectives (.1, .2) and AoI limits (.3) are edges. */
export const latencyEdgesSeconds = [
  0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5, 0.75, 1, 2,
] as const
