/** Whole milliseconds; a dash while nobody knows. */
export function sayMs(value: number | null): string {
  return value === null ? '–' : String(Math.round(value))
}

/** Whole above 15; below, halves, because 12.5 is a rate that cameras have. */
export function sayFps(value: number | null): string {
  if (value === null) return '–'
  return String(value > 15.25 ? Math.round(value) : Math.round(value * 2) / 2)
}
