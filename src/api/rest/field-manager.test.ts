import { afterAll, beforeAll, expect, test } from 'vitest';
import { configMap, type Fixture, MAPS, startApi } from './fixture.ts';

let f: Fixture;
beforeAll(async () => {
  f = await startApi();
  await f.post(MAPS, configMap('m'));
});
afterAll(() => f.api.stop());

const LONG = 'é'.repeat(65);
test.each<[string, string, string]>([
  ['a name of 130 bytes', LONG, 'fieldManager: Too long: may not be more than 128 bytes'],
  [
    'a name that cannot be printed',
    'é\u0007\n',
    '[fieldManager: Invalid value: "é\\a\\n": invalid character U+0007 (at position 2), fieldManager: Invalid value: "é\\a\\n": invalid character U+000A (at position 3)]',
  ],
])('%s is refused of every write but a deletion', async (_, name, why) => {
  const query = `fieldManager=${encodeURIComponent(name)}`;
  const headers = { 'Content-Type': 'application/merge-patch+json' };
  const answers = {
    Create: await f.post(`${MAPS}?${query}`, configMap('other')),
    Update: await f.ask('PUT', `${MAPS}/m?${query}`, { body: configMap('m') }),
    Patch: await f.ask('PATCH', `${MAPS}/m?${query}`, { body: {}, headers }),
  };
  for (const [verb, { json }] of Object.entries(answers))
    expect(json).toMatchObject({ code: 422, message: `${verb}Options.meta.k8s.io "" is invalid: ${why}` });
  expect((await f.ask('DELETE', `${MAPS}/m?dryRun=All&${query}`)).status).toBe(200);
});

test('128 bytes, spaces and signs of any language are a name', async () => {
  const name = `Größe 1/₂ ${'x'.repeat(128 - 14)}`;
  expect(Buffer.byteLength(name)).toBe(128);
  expect((await f.post(`${MAPS}?dryRun=All&fieldManager=${encodeURIComponent(name)}`, configMap('n'))).status).toBe(
    201,
  );
});
