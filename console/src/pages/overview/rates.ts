/** How quickly each object's remaining records shrink, from what was seen of them over the last minutes. */
export class Rates {
  readonly #window: number
  readonly #seen = new Map<string, { at: number; remaining: number }[]>()

  constructor(windowMs = 180_000) {
    this.#window = windowMs
  }

  /** Records per second; undefined until two looks differ. */
  note(object: string, remaining: number, now: number): number | undefined {
    const known = this.#seen.get(object) ?? []
    // A count that grows was a guess before; what was seen until then says nothing.
    const kept = known.filter(({ at, remaining: then }) => now - at <= this.#window && then >= remaining)
    const first = kept[0]
    this.#seen.set(object, [...kept, { at: now, remaining }])
    if (first === undefined || now <= first.at || first.remaining === remaining) return undefined
    return ((first.remaining - remaining) * 1000) / (now - first.at)
  }
}
