/** WebSocket frames of one fixed size (RFC 6455 section 5.2), for payloads of 126 to 65,535 bytes. */
const lengthBytes = 4
const maskBytes = 4

export const clientFrameBytes = (payload: number) => lengthBytes + maskBytes + payload
export const serverFrameBytes = (payload: number) => lengthBytes + payload

/** A masked binary message; the mask is zero, so that the payload is readable. */
export function clientFrame(payload: number): Buffer {
  const frame = Buffer.alloc(clientFrameBytes(payload), 'm')
  writeHead(frame, payload, 0x80)
  frame.fill(0, lengthBytes, lengthBytes + maskBytes)
  return frame
}

export function serverFrame(payload: number): Buffer {
  const frame = Buffer.alloc(serverFrameBytes(payload), 'm')
  writeHead(frame, payload, 0)
  return frame
}

function writeHead(frame: Buffer, payload: number, maskBit: number): void {
  frame[0] = 0x82
  frame[1] = maskBit | 126
  frame.writeUInt16BE(payload, 2)
}
