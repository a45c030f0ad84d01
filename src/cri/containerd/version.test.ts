import { describe, expect, it } from 'vitest';
import { parseContainerdVersion } from './version.ts';

describe('the output of containerd --version', () => {
  it.each([
    [
      'containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3\n',
      { major: 1, minor: 6, text: '1.6.20~ds1' },
    ],
    [
      'containerd containerd.io 1.7.27 05044ec0a9a75232cad458027ca83437aae3f4da',
      { major: 1, minor: 7, text: '1.7.27' },
    ],
    [
      'containerd github.com/containerd/containerd/v2 v2.0.2 c507a0257ea6462fbd6f5ba4f5c74facb04021f4',
      { major: 2, minor: 0, text: '2.0.2' },
    ],
  ])('%s', (output, version) => {
    expect(parseContainerdVersion(output)).toEqual(version);
  });

  it('of a version before 1.6 is refused', () => {
    const parse = () => parseContainerdVersion('containerd github.com/containerd/containerd 1.4.13~ds1 1.4.13~ds1-1');
    expect(parse).toThrow(
      expect.objectContaining({
        code: 'TooOld',
        message: expect.stringMatching(
          /^containerd 1\.4\.13~ds1 is too old: Outfit needs 1\.6 or newer.* Install a newer one/,
        ),
      }),
    );
  });

  it.each(['', 'podman version 4.3.1', 'containerd github.com/containerd/containerd 1'])(
    'that is none (%j) is refused',
    (output) => {
      expect(() => parseContainerdVersion(output)).toThrow(expect.objectContaining({ code: 'Failed' }));
    },
  );
});
