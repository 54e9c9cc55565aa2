import { z } from 'zod'

// zod compiles schemas with `new Function`, which the page's content security policy forbids and reports. This must be
// imported before any schema is made: 38 us instead of 25 us for a message with 30 boxes.
z.config({ jitless: true })
