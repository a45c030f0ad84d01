import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { expect, it } from 'vitest';
import descriptors from './proto/descriptors.json' with { type: 'json' };

const FOLDER = join(import.meta.dirname, 'proto');

it('descriptors.json says what the .proto files say (else: node scripts/generate-proto.mjs)', () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.proto'));
  expect(new protobuf.Root().loadSync(files.map((name) => join(FOLDER, name))).toJSON()).toEqual(descriptors);
});
