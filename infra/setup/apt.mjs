import { existsSync } from 'node:fs'
import { findProgram } from './program.mjs'
import { SetUpError } from './set-up-error.mjs'

/** A mirror may be slow, and another apt may hold the lock for minutes. */
const installLimitMs = 15 * 60_000

/** Debian's and Ubuntu's packages: what is missing is installed as root, and named to anyone else. */
export class Apt {
  #children
  #env
  #note
  /** One at a time: apt has one lock. */
  #queue = Promise.resolve()
  #isUpdated = false

  /**
   * @param {{ children: import('./children.mjs').Children, env: NodeJS.ProcessEnv, note: (line: string) => void }} options
   */
  constructor({ children, env, note }) {
    this.#children = children
    this.#env = { ...env, DEBIAN_FRONTEND: 'noninteractive' }
    this.#note = note
  }

  get isHere() {
    return findProgram('apt-get', this.#env) !== null && existsSync('/etc/debian_version')
  }

  get isAllowed() {
    return this.isHere && process.getuid?.() === 0
  }

  /**
   * Those of the packages that are not installed.
   * @param {readonly string[]} packages
   * @returns {Promise<readonly string[]>}
   */
  async missingOf(packages) {
    const format = '${Package} ${db:Status-Status}\n'
    const { stdout } = await this.#run('dpkg-query', ['-W', '-f', format, ...packages])
    const installed = new Set(stdout.split('\n'))
    return packages.filter((each) => !installed.has(`${each} installed`))
  }

  /**
   * Versions of installed packages, one a line.
   * @param {readonly string[]} packages
   * @returns {Promise<string>}
   */
  async versionsOf(packages) {
    return (await this.#run('dpkg-query', ['-W', '-f', '${Package} ${Version}\n', ...packages]))
      .stdout
  }

  /**
   * Installs what is missing of the packages; throws SetUpError where that may not be done or fails.
   * @param {readonly string[]} packages
   * @param {string} purpose Why, as it ends the sentence "... is needed for".
   * @returns {Promise<void>}
   */
  async install(packages, purpose) {
    const missing = await this.missingOf(packages)
    if (missing.length === 0) return
    if (!this.isAllowed)
      throw new SetUpError(`${missing.join(' ')} must be installed for ${purpose}`, {
        debianPackages: missing,
      })
    const turn = this.#queue.then(() => this.#installNow(missing))
    this.#queue = turn.catch(() => {})
    await turn
  }

  /** @param {readonly string[]} packages */
  async #installNow(packages) {
    this.#note(`installing Debian packages: ${packages.join(' ')}`)
    // An earlier run may have been ended half-way; apt-get refuses to work until this is done.
    await this.#run('dpkg', ['--configure', '-a'])
    if (!this.#isUpdated) await this.#run('apt-get', ['update', '-qq'])
    this.#isUpdated = true
    const flags = ['-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300']
    const { code, stderr } = await this.#run('apt-get', ['install', ...flags, ...packages])
    if (code === 0) return
    const reason = stderr.split('\n').find((line) => line.startsWith('E: ')) ?? `exit code ${code}`
    throw new SetUpError(`apt-get install ${packages.join(' ')} failed: ${reason}`)
  }

  /**
   * @param {string} program
   * @param {readonly string[]} args
   */
  #run(program, args) {
    return this.#children.run(program, args, {
      env: this.#env,
      timeoutMs: installLimitMs,
      endsByItself: true,
    })
  }
}
