/** Makes a text that shows a fault shorter. */

/** Returns the shortest text found for which `isFaulty` stays true, by removing ever smaller parts. */
export function shrink(text: string, isFaulty: (text: string) => boolean): string {
  let shortest = text
  for (let length = text.length >> 1; length > 0; length = length === 1 ? 0 : length >> 1) {
    for (let at = 0; at < shortest.length; ) {
      const shorter = shortest.slice(0, at) + shortest.slice(at + length)
      if (isFaulty(shorter)) shortest = shorter
      else at += 1
    }
  }
  return shortest
}
