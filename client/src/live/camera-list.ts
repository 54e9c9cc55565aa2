import { cameraViewSchema, type CameraView } from '#protocol/api.ts'
import { parseValue } from '#protocol/parse.ts'

/** `GET /api/cameras`; null where the server does not answer as it should. */
export async function fetchCameras(
  fetch: (url: string) => Promise<Response>,
): Promise<CameraView[] | null> {
  try {
    const response = await fetch('/api/cameras')
    const body: unknown = await response.json()
    if (!response.ok || !Array.isArray(body)) return null
    return body.flatMap((entry: unknown) => {
      const parsed = parseValue(cameraViewSchema, entry)
      return parsed.ok ? [parsed.value] : []
    })
  } catch {
    return null
  }
}
