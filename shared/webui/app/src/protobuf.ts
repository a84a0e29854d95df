// Just enough of the wire format of protocol buffers to ask for a pprof, which
// is what SelectMergeProfile answers with if it is asked in binary.

function varint(value: bigint): number[] {
  const out: number[] = [];
  for (; value > 127n; value >>= 7n) out.push(Number(value & 127n) | 128);
  return [...out, Number(value)];
}

function text(field: number, value: string): number[] {
  const body = new TextEncoder().encode(value);
  return [field << 3 | 2, ...varint(BigInt(body.length)), ...body];
}

function int64(field: number, value: number): number[] {
  return [field << 3, ...varint(BigInt(Math.trunc(value)))];
}

/** mergeProfileRequest is a querier.v1.SelectMergeProfileRequest; times in ms. */
export function mergeProfileRequest(type: string, selector: string, start: number, end: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array([...text(1, type), ...text(2, selector), ...int64(3, start), ...int64(4, end)]);
}
