import { join } from 'node:path'

/** Where set-up puts the media worker. */
export const workerBin = join(import.meta.dirname, '../../../data/bin/mediasoup-worker')
