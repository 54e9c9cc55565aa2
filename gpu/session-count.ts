/** What a session of the model may count on: cores that are there, and those that decoding takes. */
export interface CoreBudget {
  /** A quota can make it a broken number. */
  readonly cores: number
  /** Of all cameras together, at full rate. */
  readonly decodeCores: number
}

/** Inferences a second of CPU time, of so many sessions that run at once. */
export interface Throughput {
  readonly sessions: number
  readonly perCpuSecond: number
}

/** How many sessions serve, and one sentence for people that says why. */
export interface SessionCount {
  readonly sessions: number
  readonly reason: string
}

/** A session more must bring this part of what one alone does, else it only holds memory. */
const gainMin = 0.15
/** More do not fit the log, nor most machines' memory (some 50 MB each). */
const sessionsMax = 32

/**
 * Single-threaded sessions on a CPU that are worth trying: one for each core left by decoding, a part of a core
 * counting as one, since sessions give way (nice) to what decodes. Measured on two cores with 16 cameras: two are
 * best, one leaves 0.35 core idle, three bring nothing.
 */
export function sessionsToTry({ cores, decodeCores }: CoreBudget): number {
  return Math.min(sessionsMax, Math.max(1, Math.ceil(cores - decodeCores)))
}

/** In which steps their throughput is measured: 1, 2, 4 .. and all of them. */
export function sessionSteps(sessions: number): readonly number[] {
  const steps: number[] = []
  for (let step = 1; step < sessions; step *= 2) steps.push(step)
  return [...steps, sessions]
}

/**
 * The most sessions whose last ones still brought something each. `measured`: by ascending number, the first of one
 * session; empty when it could not be measured, and then all that were tried stay.
 */
export function decideSessionCount(
  budget: CoreBudget,
  measured: readonly Throughput[],
): SessionCount {
  const tried = sessionsToTry(budget)
  const room = `${figure(budget.cores)} cores, of which decoding takes ${figure(budget.decodeCores)}`
  const [alone, ...more] = measured
  if (tried === 1) return { sessions: 1, reason: room }
  if (alone === undefined) return { sessions: tried, reason: `${room}; gain not measured` }
  let best = alone
  let lastGain = 0
  for (const step of more) {
    const perSession =
      (step.perCpuSecond - best.perCpuSecond) / (step.sessions - best.sessions) / alone.perCpuSecond
    if (perSession < gainMin) {
      const stop = `more than ${best.sessions} would bring ${percent(perSession)} of a session each`
      return { sessions: best.sessions, reason: `${room}; ${stop}` }
    }
    best = step
    lastGain = perSession
  }
  const gain = `the last one brings ${percent(lastGain)} of what one alone does`
  return { sessions: best.sessions, reason: `${room}; ${gain}` }
}

function figure(value: number): string {
  return String(Math.round(value * 100) / 100)
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
