/** Types of the daemon's answers under the page's own names. Nothing validates answers here. */
import type { z } from 'zod'
import type {
  actor,
  actorDetail,
  history,
  move,
  overview,
  streamEvents,
  worker,
} from '../../api/schema/schema.ts'

export type Actor = z.infer<typeof actor>
export type ActorDetail = z.infer<typeof actorDetail>
export type ActorHistory = z.infer<typeof history>
export type Move = z.infer<typeof move>
export type Overview = z.infer<typeof overview>
export type Presence = z.infer<typeof streamEvents.actor>
export type Reset = z.infer<typeof streamEvents.reset>
export type Sample = z.infer<typeof streamEvents.sample>
export type Worker = z.infer<typeof worker>
