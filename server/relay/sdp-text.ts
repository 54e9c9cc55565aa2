/**
 * A field of a parsed SDP as text. sdp-transform makes a number of whatever looks like one (`a=mid:0`,
 * `profile-level-id=640032`) and leaves out what did not match, although its types say `string`.
 */
export function sdpText(field: string | number | undefined): string {
  return field === undefined ? '' : String(field)
}
