/**
 * Device pixels along one side of a canvas that is `cssPixels` long. `reported` is the browser's own count
 * (`devicePixelContentBoxSize`), which knows to which side a half pixel went; it is taken where it is within two pixels
 * of what the ratio says, because under an emulated ratio Chromium reports the unscaled side.
 */
export function devicePixels(
  cssPixels: number,
  ratio: number,
  reported: number | undefined,
): number {
  const expected = Math.round(cssPixels * ratio)
  return reported !== undefined && Math.abs(reported - expected) <= 2 ? reported : expected
}
