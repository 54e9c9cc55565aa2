/** Of `count` values from `from` on, the index of the largest; the first of equals. */
export function bestClass(data: Float32Array, from: number, count: number): number {
  let best = 0
  for (let i = 1; i < count; i++) if ((data[from + i] ?? 0) > (data[from + best] ?? 0)) best = i
  return best
}
