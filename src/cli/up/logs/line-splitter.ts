const LINE_END = 0x0a;
/** Bytes of one line that are held; a longer line is given out in parts. */
const LONGEST = 64 * 1024;

/** Cuts bytes into lines, however they come. A line of more than 64 KiB comes in parts, so that memory stays bounded. */
export class LineSplitter {
  private rest: Buffer = Buffer.alloc(0);

  /** The lines that are whole now, without their ends. */
  push(chunk: Buffer): Buffer[] {
    const bytes = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    const lines: Buffer[] = [];
    let begin = 0;
    for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, begin)) {
      lines.push(...inParts(bytes.subarray(begin, end)));
      begin = end + 1;
    }
    const parts = inParts(bytes.subarray(begin));
    this.rest = parts.pop() ?? Buffer.alloc(0);
    return [...lines, ...parts];
  }

  /** What has no line end and will get none. */
  flush(): Buffer[] {
    const last = this.rest;
    this.rest = Buffer.alloc(0);
    return last.length > 0 ? [last] : [];
  }
}

function inParts(line: Buffer): Buffer[] {
  if (line.length <= LONGEST) return [line];
  return Array.from({ length: Math.ceil(line.length / LONGEST) }, (_, i) =>
    line.subarray(i * LONGEST, (i + 1) * LONGEST),
  );
}
