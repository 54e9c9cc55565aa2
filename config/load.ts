import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { messageOf } from '#std/coded-error.ts'
import { ConfigError } from './config-error.ts'
import { parseConfig } from './parse-config.ts'
import { type Config, type ConfigFile, configFileSchema } from './schema.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The process's configuration: YAML file, then `SIGHTLINE_*` over it; the only reader of `process.env`. Sets
 * ORT_DISABLE_TELEMETRY before any worker exists, since native code sees only the main thread's environment.
 * Throws ConfigError.
 */
export function loadConfig(): Config {
  process.env['ORT_DISABLE_TELEMETRY'] = '1'
  return configFrom(process.env)
}

/** The same from a given environment; relative paths count from the working directory. */
export function configFrom(env: Environment): Config {
  const named = env['SIGHTLINE_CONFIG']
  const path = resolve(named ?? 'config/sightline.yaml')
  const text = readConfigFile(path, { mustExist: named !== undefined })
  const file = text === null ? configFileSchema.parse({}) : parseConfig(text, path)
  const merged = { ...file, ...fromEnvironment(env, file) }
  refuseOpenHost(merged.host, env)
  return {
    ...merged,
    dataDir: resolve(merged.dataDir),
    ffmpegPath: env['SIGHTLINE_FFMPEG'] ?? null,
    searchPath: env['PATH'] ?? '',
    configPath: text === null ? null : path,
  }
}

function readConfigFile(path: string, options: { readonly mustExist: boolean }): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (isAbsent && !options.mustExist) return null
    throw new ConfigError('config_unreadable', `cannot read ${path}: ${messageOf(error)}`)
  }
}

function fromEnvironment(env: Environment, file: ConfigFile): Partial<ConfigFile> {
  const level = env['SIGHTLINE_LOG']
  const raw = {
    host: env['SIGHTLINE_HOST'],
    port: number('SIGHTLINE_PORT', env),
    rtcPort: number('SIGHTLINE_RTC_PORT', env),
    dataDir: env['SIGHTLINE_DATA'],
    demo: onOff('SIGHTLINE_DEMO', env),
    logLevel: level,
  }
  const given = Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined))
  const result = configFileSchema.safeParse({ ...file, ...given })
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const key = String(issue?.path[0] ?? '')
  throw new ConfigError('config_invalid', `${variableOf[key] ?? key}: ${issue?.message ?? ''}`)
}

const variableOf: Readonly<Record<string, string>> = {
  host: 'SIGHTLINE_HOST',
  port: 'SIGHTLINE_PORT',
  rtcPort: 'SIGHTLINE_RTC_PORT',
  dataDir: 'SIGHTLINE_DATA',
  logLevel: 'SIGHTLINE_LOG',
}

function number(name: string, env: Environment): number | undefined {
  const text = env[name]
  if (text === undefined) return undefined
  if (!/^\d+$/.test(text))
    throw new ConfigError('config_invalid', `${name}: “${text}” is not a port number`)
  return Number(text)
}

function onOff(name: string, env: Environment): boolean | undefined {
  const text = env[name]
  if (text === undefined) return undefined
  if (['on', '1', 'true'].includes(text)) return true
  if (['off', '0', 'false'].includes(text)) return false
  throw new ConfigError('config_invalid', `${name}: “${text}” is neither on nor off`)
}

/** 127.0.0.0/8, ::1 and localhost: only people on this machine reach them. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}

function refuseOpenHost(host: string, env: Environment): void {
  if (isLoopback(host) || env['SIGHTLINE_INSECURE'] === '1') return
  throw new ConfigError(
    'access_control_missing',
    `host ${host} would show every camera to the network without a login; ` +
      'bind 127.0.0.1, or set SIGHTLINE_INSECURE=1 if something in front of the server checks who comes',
  )
}
