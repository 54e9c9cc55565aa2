/**
 * Why npm failed, in one sentence, from its exit code and what it printed.
 * @param {number} code
 * @param {string} output
 */
export function reasonOf(code, output) {
  if (code === 127) return 'npm is not on PATH; it comes with Node'
  const network =
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|E?TIMEDOUT|ERR_SOCKET_TIMEOUT)\b/
  const cause = network.exec(output)?.[0]
  if (cause !== undefined)
    return `npm cannot reach its registry (${cause}); check the network or npm’s proxy setting`
  const lines = output
    .split('\n')
    .flatMap((line) => /^npm (?:error|ERR!) (.+)/.exec(line)?.[1] ?? [])
  const words = lines.find((line) => !/^(code|errno|syscall|path|A complete log)/.test(line))
  return `npm failed: ${words ?? lines[0] ?? `exit code ${code}`}`
}
