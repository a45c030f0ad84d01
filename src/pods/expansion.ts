const REFERENCE = /\$(?:\$|\(([^)]*)\)|)/g;

/**
 * Replaces `$(NAME)` by what `lookup` gives; what it does not know stays as it was written. `$$` gives `$`, so `$$(NAME)` gives `$(NAME)`
 * (k/k `third_party/forked/golang/expansion`). The inserted text is not looked at again.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(REFERENCE, (written, name: string | undefined) => {
    if (written === '$$') return '$';
    return name === undefined ? written : (lookup(name) ?? written);
  });
}
