import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fromJSON, loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { expect, it } from 'vitest';
import descriptors from './proto/descriptors.json' with { type: 'json' };

const FOLDER = join(import.meta.dirname, 'proto');

it('descriptors.json says what the .proto files say (else: node scripts/generate-proto.mjs)', () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.proto'));
  const fromFiles = loadSync(files.map((name) => join(FOLDER, name)));
  expect(shape(fromJSON(descriptors as Parameters<typeof fromJSON>[0]))).toEqual(shape(fromFiles));
});

/** Names, numbers and types of all messages and methods. */
function shape(definitions: PackageDefinition): object {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => [
      name,
      'type' in definition ? definition.type : methods(definition),
    ]),
  );
}

function methods(service: object): object {
  return Object.entries(service).map(([name, method]) => [
    name,
    method.path,
    method.requestStream,
    method.responseStream,
  ]);
}
