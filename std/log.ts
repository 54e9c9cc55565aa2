import type { Clock } from './clock.ts'
import { redactSecrets } from './redact.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

/** One line an event: wall time, level, area, sentence, then `key=value` fields. Secrets in URLs are removed. */
export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** The same log under an area's name (`camera`, `relay`), with fields that every line of it carries. */
  area(name: string, fields?: LogFields): Log
}

const ranks: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 }

export function createLog(options: {
  readonly clock: Clock
  readonly level: LogLevel
  readonly write: (line: string) => void
}): Log {
  return areaLog('server', {})

  function areaLog(area: string, common: LogFields): Log {
    const at =
      (level: LogLevel) =>
      (message: string, fields: LogFields = {}): void => {
        if (ranks[level] < ranks[options.level]) return
        const time = new Date(options.clock.wallTimeMs()).toISOString()
        const tail = formatFields({ ...common, ...fields })
        const line = `${time} ${level.padEnd(5)} ${area}: ${message}${tail}`
        options.write(redactSecrets(line.replaceAll(/[\r\n]+/g, ' ')))
      }
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      area: (name, fields = {}) => areaLog(name, { ...common, ...fields }),
    }
  }
}

/** For tests and tools that want none. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  area: () => silentLog,
}

function formatFields(fields: LogFields): string {
  let text = ''
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue
    const plain =
      typeof value === 'number' ? String(Math.round(value * 1000) / 1000) : String(value)
    text += ` ${key}=${/^[^\s"=]+$/.test(plain) ? plain : JSON.stringify(plain)}`
  }
  return text
}
