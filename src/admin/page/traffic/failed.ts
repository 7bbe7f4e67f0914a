/** Which requests the page shows as failed. */
import type { TrafficRecord } from '../../api/schema/traffic.ts'

/** As an instance decides which records it keeps: a tunnel cut off by a limit (LT) has neither an error status nor a code. */
export const isFailed = ({
  status,
  code,
  termination,
}: Pick<TrafficRecord, 'status' | 'code' | 'termination'>): boolean =>
  status >= 400 || code !== null || termination === 'LT'
