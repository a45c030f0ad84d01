/**
 * What is wrong with a regular expression, or undefined. CEL's are RE2's, whose time is linear; JavaScript's are not, so what could take
 * long is refused: a repeated group that itself repeats or chooses, more than three open repetitions, and what RE2 does not know.
 */
export function patternFault(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'u');
  } catch {
    return 'is no regular expression';
  }
  if (/\(\?(?!:)/.test(pattern)) return 'groups with "(?" other than "(?:" are not supported';
  if (/\\[1-9k]/.test(pattern)) return 'references to groups are not supported';
  return repetitionFault(pattern);
}

const MAX_OPEN_REPETITIONS = 3;

function repetitionFault(pattern: string): string | undefined {
  const branching: boolean[] = [false];
  let closed = false;
  let open = 0;
  for (let at = 0; at < pattern.length; at++) {
    const c = pattern[at] ?? '';
    const wasClosed = closed;
    closed = false;
    if (c === '\\') at++;
    else if (c === '[') at = endOfClass(pattern, at);
    else if (c === '(') branching.push(false);
    else if (c === ')') {
      closed = branching.pop() ?? false;
      if (closed) branching[branching.length - 1] = true;
    } else if (c === '|') branching[branching.length - 1] = true;
    else if (c === '*' || c === '+' || c === '{') {
      if (wasClosed) return 'a repeated group may neither repeat nor choose inside: it could take for ever';
      branching[branching.length - 1] = true;
      if (c !== '{' || /^\{\d+,\}/.test(pattern.slice(at))) open++;
    }
  }
  return open > MAX_OPEN_REPETITIONS
    ? `more than ${MAX_OPEN_REPETITIONS} open repetitions could take for ever`
    : undefined;
}

function endOfClass(pattern: string, from: number): number {
  let at = from + 1;
  while (at < pattern.length && pattern[at] !== ']') at += pattern[at] === '\\' ? 2 : 1;
  return at;
}
