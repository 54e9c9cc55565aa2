/** Normal quantile of a one-sided 95 % bound. */
const z95 = 1.645

/** Upper 95 % bound of the slope of the straight line through points (least squares). */
export function upperSlope(points: readonly (readonly [x: number, y: number])[]): number {
  const n = points.length
  if (n < 3) return Infinity
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n
  let xx = 0
  let xy = 0
  for (const [x, y] of points) {
    xx += (x - meanX) ** 2
    xy += (x - meanX) * (y - meanY)
  }
  const slope = xy / xx
  let rest = 0
  for (const [x, y] of points) rest += (y - meanY - slope * (x - meanX)) ** 2
  return slope + z95 * Math.sqrt(rest / (n - 2) / xx)
}
