import { z } from 'zod'

export const cameraIdPattern = /^[a-z0-9][a-z0-9_-]{0,62}$/

/** Which addresses a camera may have. Files and HTTP sources come with their own adapter. */
const allowedSchemes = ['rtsp:'] as const

const url = z
  .string()
  .max(2048)
  .superRefine((text, context) => {
    const parsed = /[\s\p{Cc}]/u.test(text) ? null : URL.parse(text)
    // Not repeated: what cannot be taken apart cannot be freed of its password either.
    if (parsed === null || parsed.hostname === '')
      context.addIssue({
        code: 'custom',
        message:
          'not an address like rtsp://user:password@host/path; ' +
          'in a password write space / ? # @ : and % as %20 %2F %3F %23 %40 %3A %25',
      })
    else if (!allowedSchemes.some((scheme) => scheme === parsed.protocol))
      context.addIssue({
        code: 'custom',
        message: `scheme ${parsed.protocol}// is not allowed, use ${allowedSchemes.join('//, ')}//`,
      })
  })

/** One camera, in the YAML's `cameras:` list and in the body of `POST /api/cameras`: the same object. */
export const cameraConfigSchema = z.strictObject({
  id: z
    .string()
    .regex(
      cameraIdPattern,
      'an id is 1 to 63 of a-z, 0-9, _ and -, and starts with a letter or digit',
    ),
  url,
  /** Shown to people; the id where absent. */
  name: z.string().min(1).max(100).optional(),
  /** Frames a second to detect on; 0 = every frame. */
  detectFps: z.number().min(0).max(120).default(10),
  /** Capture to the subscriber's socket. */
  latencyBudgetMs: z.number().min(20).max(10_000).default(200),
  /** Share of the device under overload, against the other cameras' weights. */
  weight: z.number().min(0.1).max(100).default(1),
})
export type CameraConfig = z.infer<typeof cameraConfigSchema>
