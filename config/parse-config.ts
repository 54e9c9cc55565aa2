import { ConfigError } from './config-error.ts'
import { parseYaml } from './parse-yaml.ts'
import { configFileSchema, type ConfigFile } from './schema.ts'

/** YAML text -> checked values with defaults. Throws ConfigError `config_invalid` with file, line and key. */
export function parseConfig(text: string, fileName: string): ConfigFile {
  const { value, lineOf } = parseYaml(text, {
    fileName,
    schema: configFileSchema,
    unknownKeyHint: 'see config/sightline.example.yaml',
  })
  const seen = new Set<string>()
  for (const [index, camera] of value.cameras.entries()) {
    if (seen.has(camera.id)) {
      const line = lineOf(['cameras', index, 'id'])
      throw new ConfigError(
        'config_invalid',
        `${fileName}:${line}: cameras.${index}.id: “${camera.id}” is there twice`,
      )
    }
    seen.add(camera.id)
  }
  return value
}
