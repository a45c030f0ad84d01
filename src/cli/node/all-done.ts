/** As Promise.all, but it waits for all before it rejects with the first failure: nothing goes on behind the back of whoever cleans up then. */
export async function allDone<T extends readonly unknown[]>(
  promises: readonly [...T],
): Promise<{ -readonly [I in keyof T]: Awaited<T[I]> }> {
  await Promise.allSettled(promises);
  return (await Promise.all(promises)) as never;
}
