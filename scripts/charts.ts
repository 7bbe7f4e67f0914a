/** Writes the chart files: `npm run charts`. A test fails when they are out of date. */
import { globSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chartFiles, chartFolder } from './chart-files.ts'

const files = await chartFiles()
for (const name of globSync('*.json', { cwd: chartFolder })) {
  if (!files.has(name)) rmSync(join(chartFolder, name))
}
for (const [name, text] of files) writeFileSync(join(chartFolder, name), text)
