/** The servers that all cases share: origins and Collector. */
import { mkdirSync } from 'node:fs'
import { writeCertificate } from './certificate.ts'
import type { Grounds } from './contenders.ts'
import { pinSelf } from './machine.ts'
import { Echo, startOrigin } from './origin.ts'
import { cores } from './processes.ts'
import { startSink } from './sink.ts'

/** Calls `work` between their start and their end; `runDir` is made if it does not exist. */
export async function onGrounds<Value>(
  runDir: string,
  say: (text: string) => void,
  onLaunch: Grounds['onLaunch'],
  work: (grounds: Grounds) => Promise<Value>,
): Promise<Value> {
  pinSelf(cores.rest)
  mkdirSync(runDir, { recursive: true })
  const origin = await startOrigin(runDir)
  const echo = new Echo(runDir)
  const sink = await startSink()
  const certificate = writeCertificate(runDir)
  try {
    return await work({ runDir, origin, echo, certificate, sinkPort: sink.port, say, onLaunch })
  } finally {
    sink.close()
    await echo.stop()
    await origin.process.stop()
  }
}
