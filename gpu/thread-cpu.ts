/** CPU time of the calling thread: unmoved by what else the machine does. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
