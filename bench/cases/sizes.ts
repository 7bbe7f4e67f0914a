/** Sizes of the loads: connections, files, rates. */

/** Concurrent connections of the drivers. */
export const connections = {
  wrk: 64,
  /** For bodies of megabytes. */
  large: 8,
  connect: 32,
  messages: 64,
  open: 128,
  idle: 4_000,
} as const

/** Bytes through the tunnel in one measurement: one file, requested repeatedly. */
export const bulk = { path: '/bulk.bin', fileMiB: 64, totalMiB: 1024, warmUpMiB: 128 } as const

/** Files of the origin and of the static cases, by path. */
export const fileBytes = { '/1k.txt': 1024, '/100k.bin': 100 * 1024, '/10m.bin': 10 * 2 ** 20 } as const
export type FilePath = keyof typeof fileBytes

export const uploadBytes = 2 ** 20

/** Bytes of the payload of a WebSocket message. */
export const messageBytes = 128

/** New connections beside busy ones. */
export const beside = { kept: 200, opened: 20 } as const

/**
 * As many accepted clients as connections are allowed, each at a steady pace, and as many rejected ones, which
 * connect again after a pause.
 */
export const crowd = { accepted: 100, perSecond: 2_000, rejected: 100, pauseMs: 100 } as const

/** Requests per second that the open-loop driver can send from half a core. */
export const mostArrivals = 30_000

/** Load of the steps of a ramp, as a share of what the slowest target can serve. */
export const rampShares = [0.1, 0.25, 0.4, 0.55, 0.7, 0.8, 0.9, 1, 1.1, 1.25] as const
