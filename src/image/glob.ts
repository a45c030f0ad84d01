/** Whether one of the globs matches the whole text. `*` stands for anything but a slash, `**` for anything. */
export function matchesAny(globs: string[], text: string): boolean {
  return globs.some((glob) => regExp(glob).test(text));
}

function regExp(glob: string): RegExp {
  const source = glob.replace(/\*\*|\*|[.+?^${}()|[\]\\]/g, (token) => {
    if (token === '**') return '.*';
    return token === '*' ? '[^/]*' : `\\${token}`;
  });
  return new RegExp(`^${source}$`);
}
