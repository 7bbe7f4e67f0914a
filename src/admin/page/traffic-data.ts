/** What the daemon says of traffic. Types only. */
import type { z } from 'zod'
import type {
  connections,
  explanation,
  explanations,
  place,
  reasons,
  trafficPage,
  trafficRecord,
} from '../api/schema-traffic.ts'

export type Connections = z.infer<typeof connections>
export type Connection = Connections['connections'][number]
export type Explanation = z.infer<typeof explanation>
export type Explanations = z.infer<typeof explanations>
export type Place = z.infer<typeof place>
export type Reasons = z.infer<typeof reasons>
export type TrafficPage = z.infer<typeof trafficPage>
export type TrafficRecord = z.infer<typeof trafficRecord>
