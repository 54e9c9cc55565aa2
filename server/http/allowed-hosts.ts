/** Under which names this server answers, so that a page of another site cannot reach it through DNS (rebinding). */
export class AllowedHosts {
  readonly #names: ReadonlySet<string>

  /** Names besides the loopback ones, without ports. */
  constructor(names: readonly string[]) {
    this.#names = new Set([
      '127.0.0.1',
      'localhost',
      '[::1]',
      ...names.map((name) => bracketed(name.toLowerCase())),
    ])
  }

  /** A `Host` header: a name or an address, with or without a port. */
  allowsHost(header: string | undefined): boolean {
    return header !== undefined && this.#allowsAuthority(header)
  }

  /**
   * An `Origin` header. A program that is no browser sends none; a page may be served from another port of an allowed
   * name, by a development server, say.
   */
  allowsOrigin(header: string | undefined): boolean {
    if (header === undefined) return true
    const authority = /^https?:\/\/([^/?#@]+)$/i.exec(header)?.[1]
    return authority !== undefined && this.#allowsAuthority(authority)
  }

  #allowsAuthority(authority: string): boolean {
    const name = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i.exec(authority)?.[1]
    return name !== undefined && this.#names.has(name.toLowerCase())
  }
}

function bracketed(name: string): string {
  return name.includes(':') && !name.startsWith('[') ? `[${name}]` : name
}
