import { parseArgs } from 'node:util'
import { type ContenderName, contenders } from './simulation/contenders.ts'
import { printGroups, printRow, printTitle } from './simulation/print-metrics.ts'
import { measure } from './simulation/run-metrics.ts'
import { scenarios } from './simulation/scenarios.ts'
import { simulate } from './simulation/simulate.ts'

/**
 * The scheduler and what it is measured against, in simulated scenarios:
 * `node gpu/scheduler.sim.ts [--scenario NAME]... [--policy NAME]... [--seed N] [--list]`
 */
const { values } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true },
    policy: { type: 'string', multiple: true },
    seed: { type: 'string', default: '1' },
    list: { type: 'boolean', default: false },
  },
})

if (values.list) {
  process.stdout.write(`${Object.keys(scenarios).join('\n')}\n`)
  process.exit()
}

for (const [name, scenario] of Object.entries(scenarios)) {
  if (values.scenario !== undefined && !values.scenario.includes(name)) continue
  printTitle(name, scenario)
  for (const [policy, policyOf] of Object.entries(contenders)) {
    if (values.policy !== undefined && !values.policy.includes(policy)) continue
    const run = simulate(scenario, policyOf, Number(values.seed))
    const metrics = measure(run)
    printRow(policy, metrics)
    if (policy === ('ours' satisfies ContenderName)) printGroups(run, metrics)
  }
}
