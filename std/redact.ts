const userInfo = /([a-z][a-z0-9+.-]*:\/\/)([^\s/?#"'@]*:)?[^\s/?#"']*@/gi
// Some recorders carry it in the path: `/user=admin_password=x_channel=1`. It ends where the next name begins.
const secretParameters =
  /([/_?&;](?:password|passwd|pass|pwd|token|auth|key|secret)=)(?:(?!_[a-z]+=)[^&;\s"'])*/gi
const authorization = /\b(Basic|Bearer|Digest)\s+[^\r\n]+/g

/**
 * Takes passwords out of a text that may hold URLs or authorization headers: `rtsp://user:***@host/path`. A password
 * with an unescaped `@` goes too: everything up to the last `@` before the first slash counts as user information.
 */
export function redactSecrets(text: string): string {
  return text
    .replace(userInfo, (_, scheme: string, user: string | undefined) =>
      user === undefined ? `${scheme}***@` : `${scheme}${user}***@`,
    )
    .replace(secretParameters, '$1***')
    .replace(authorization, '$1 ***')
}
