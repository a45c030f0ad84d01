import { expect, it } from 'vitest';
import { mountsBelow } from './mounts.ts';

const MOUNTINFO = `36 35 98:0 / /var/lib/outfit rw - ext4 /dev/sdb rw
37 35 0:50 / /var/lib/outfit/pods/1/a\\040b rw - tmpfs tmpfs rw
38 35 0:51 / /var/lib/outfit/pods/2 rw - tmpfs tmpfs rw
39 35 0:52 / /var/lib/outfit/podsother rw - tmpfs tmpfs rw
`;

it('mount points below a folder: not the folder itself, nor one whose name begins the same', () => {
  expect(mountsBelow('/var/lib/outfit/pods', MOUNTINFO)).toEqual([
    '/var/lib/outfit/pods/1/a b',
    '/var/lib/outfit/pods/2',
  ]);
  expect(mountsBelow('/var/lib/outfit/pods/2', MOUNTINFO)).toEqual([]);
});
