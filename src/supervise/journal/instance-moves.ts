/** Records moves of charts in instances in main's journal. */

import { innerChartId } from '../../../actors/ids.ts'
import type { ChartMove } from '../channel/channel.ts'
import type { Journal } from './journal.ts'

/** Charts of an instance are recorded like those of main, with the instance in front of their names. */
export function recordMoves(journal: Journal, instance: string, moves: readonly ChartMove[]): void {
  for (const { step, at, skipped } of moves) {
    const actor = innerChartId(instance, step.actor)
    const sender = step.sender === null ? null : innerChartId(instance, step.sender)
    journal.record({ ...step, actor, parent: instance, sender }, at, skipped)
  }
}
