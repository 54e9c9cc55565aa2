/**
 * What `load` makes of each item, in their order, while it works on up to `depth` items ahead: decoding a picture in a
 * child beside the model that looks at the one before. A failure comes when its turn comes.
 */
export async function* prefetch<Item, Loaded>(
  items: readonly Item[],
  depth: number,
  load: (item: Item) => Promise<Loaded>,
): AsyncGenerator<{ readonly item: Item; readonly loaded: Loaded }> {
  const ahead: { readonly item: Item; readonly loading: Promise<Loaded> }[] = []
  let next = 0
  for (;;) {
    while (ahead.length < depth && next < items.length) {
      const item = items[next++]
      if (item === undefined) break
      const loading = load(item)
      // Told when its turn comes; one that is never reached is no unhandled rejection.
      loading.catch(() => {})
      ahead.push({ item, loading })
    }
    const first = ahead.shift()
    if (first === undefined) return
    yield { item: first.item, loaded: await first.loading }
  }
}
