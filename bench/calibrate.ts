/** Measures a fixed amount of work in milliseconds. On a quiet machine the result is constant. */
function work(steps: number): number {
  let state = 1
  for (let step = 0; step < steps; step++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
  return state
}

let check = work(10_000_000) // compiled from here on
const begin = performance.now()
check ^= work(120_000_000)
const ms = performance.now() - begin
process.stdout.write(`result ${JSON.stringify({ ms, check })}\n`)
