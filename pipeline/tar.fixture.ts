/** A ustar archive of these files, by path. */
export function tarOf(
  files: Readonly<Record<string, Uint8Array>>,
  typeFlag: '0' | '5' = '0',
): Buffer {
  const blocks = Object.entries(files).flatMap(([path, content]) => {
    const header = Buffer.alloc(512)
    const cut = path.length > 100 ? path.lastIndexOf('/', 155) : -1
    header.write(path.slice(cut + 1), 0, 100, 'latin1')
    if (cut > 0) header.write(path.slice(0, cut), 345, 155, 'latin1')
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124, 12, 'latin1')
    header.write(typeFlag, 156, 1, 'latin1')
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}
