/** Red, green, blue; 0..255. */
export type Colour = readonly [red: number, green: number, blue: number]

/** The golden angle: neighbours in the list of classes are far apart on the colour wheel. */
const hueStepDegrees = 137.508

/** Bright and saturated, as little of a street is. */
export function classColour(classIndex: number): Colour {
  const hue = (classIndex * hueStepDegrees) % 360
  const channel = (offset: number): number => {
    // https://www.w3.org/TR/css-color-4/#hsl-to-rgb, saturation 1, lightness 0.55.
    const k = (offset + hue / 30) % 12
    return Math.round(255 * (0.55 - 0.45 * Math.max(-1, Math.min(k - 3, 9 - k, 1))))
  }
  return [channel(0), channel(8), channel(4)]
}

/** As CSS writes it. */
export function cssColour(colour: Colour): string {
  return `#${colour.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}
