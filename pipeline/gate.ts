/** One number held against its bound. */
export interface GateCheck {
  readonly name: string
  readonly bound: string
  readonly measured: string
  readonly verdict: 'passed' | 'failed' | 'left out'
}

export type GateName = 'A' | 'B' | 'C' | 'D' | 'E' | 'F'

export interface GateResult {
  readonly gate: GateName
  readonly title: string
  /** `failed` where one check failed, `left out` where none was made. */
  readonly verdict: 'passed' | 'failed' | 'left out'
  readonly checks: readonly GateCheck[]
}

export const gateTitles: Readonly<Record<GateName, string>> = {
  A: 'raw',
  B: 'matched',
  C: 'dataset',
  D: 'end to end',
  E: 'speed',
  F: 'safety',
}

export function gateResult(gate: GateName, checks: readonly GateCheck[]): GateResult {
  const hasFailed = checks.some(({ verdict }) => verdict === 'failed')
  const wasMade = checks.some(({ verdict }) => verdict !== 'left out')
  const verdict = hasFailed ? 'failed' : wasMade ? 'passed' : 'left out'
  return { gate, title: gateTitles[gate], verdict, checks }
}

/** NaN is above every bound. */
export function atMost(name: string, measured: number, bound: number, unit: string): GateCheck {
  return {
    name,
    bound: `<= ${bound}${unit}`,
    measured: `${shown(measured)}${unit}`,
    verdict: measured <= bound ? 'passed' : 'failed',
  }
}

export function atLeast(name: string, measured: number, bound: number, unit: string): GateCheck {
  return {
    name,
    bound: `>= ${bound}${unit}`,
    measured: `${shown(measured)}${unit}`,
    verdict: measured >= bound ? 'passed' : 'failed',
  }
}

/** Something that is so or is not: `found` is the reason why not, null where it is so. */
export function holds(name: string, found: string | null): GateCheck {
  const verdict = found === null ? 'passed' : 'failed'
  return { name, bound: 'holds', measured: found ?? 'holds', verdict }
}

export function leftOut(name: string, reason: string): GateCheck {
  return { name, bound: '–', measured: reason, verdict: 'left out' }
}

/** One line a gate: bound, measured and verdict of each of its checks. */
export function gateLine({ gate, title, verdict, checks }: GateResult): string {
  const parts = checks.map(({ name, bound, measured, verdict: each }) =>
    each === 'left out'
      ? `${name}: left out, ${measured}`
      : `${name}: ${measured}${bound === 'holds' ? '' : ` (${bound})`}${each === 'failed' ? ' FAILED' : ''}`,
  )
  return `${gate}  ${title.padEnd(10)}  ${verdict.padEnd(8)}  ${parts.join('; ')}`
}

function shown(value: number): string {
  if (value === 0 || Number.isNaN(value)) return String(value)
  return Math.abs(value) < 0.001 ? value.toExponential(1) : String(Number(value.toPrecision(4)))
}
