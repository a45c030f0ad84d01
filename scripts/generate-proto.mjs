// Writes src/cri/proto/descriptors.json from the .proto files beside it, so that the bundle needs no parser and no file at run time.
// A test (src/cri/descriptors.test.ts) says when it was forgotten.
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../src/cri/proto');
const files = readdirSync(folder).filter((name) => name.endsWith('.proto'));
const root = new protobuf.Root().loadSync(files.map((name) => join(folder, name)));
writeFileSync(join(folder, 'descriptors.json'), `${JSON.stringify(root.toJSON())}\n`);
