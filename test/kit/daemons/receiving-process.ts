/** A process whose data plane serves on what it is handed over. */
import type { Socket } from 'node:net'
import type { HandedOver } from '../../../src/proxy/exchange/handed-over.ts'
import { reverseTo, startEdge } from './data-plane.ts'

const edge = await startEdge(reverseTo(process.argv[2] ?? ''))

process.on('message', (given: Omit<HandedOver, 'socket'>, socket?: Socket) => {
  if (socket !== undefined) edge.edge.receive({ ...given, socket })
  process.send?.(edge.edge.open)
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
