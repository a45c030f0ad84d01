import { StatusError } from '../../kube/errors.ts';

/** How the client wants an object: the bytes' format, and whether whole, as a table or as metadata only. */
export interface Form {
  encoding: 'json' | 'yaml';
  transform?: Transform;
}

export interface Transform {
  kind: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  version: 'v1' | 'v1beta1';
}

export interface MediaRange {
  type: string;
  params: Readonly<Record<string, string>>;
}

const MEDIA: Record<string, Form['encoding']> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'application/yaml': 'yaml',
};

/**
 * The first form of an Accept header that this server can give; `transforms` are those that the request's verb knows.
 * Parts that ask for protobuf are passed over: every Kubernetes client offers JSON beside it.
 * @throws StatusError NotAcceptable
 */
export function negotiate(accept: string | undefined, transforms: readonly Transform['kind'][]): Form {
  for (const { type, params } of parseAccept(accept)) {
    const encoding = MEDIA[type];
    if (!encoding) continue;
    const { as, g, v } = params;
    if (as === undefined) return { encoding };
    const kind = transforms.find((t) => t === as);
    if (kind && g === 'meta.k8s.io' && (v === 'v1' || v === 'v1beta1'))
      return { encoding, transform: { kind, version: v } };
  }
  throw new StatusError(
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml',
  );
}

/** The media ranges of an Accept header, most wanted first; an absent or empty header accepts everything. */
export function parseAccept(accept: string | undefined): MediaRange[] {
  const ranges = (accept ?? '')
    .split(',')
    .map(parseRange)
    .filter((range) => range.type !== '');
  if (ranges.length === 0) return [{ type: '*/*', params: {} }];
  return ranges.filter((range) => quality(range) > 0).sort((a, b) => quality(b) - quality(a));
}

function parseRange(text: string): MediaRange {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const params = Object.fromEntries(rest.map((part) => [part.split('=')[0]!.toLowerCase(), part.split('=')[1] ?? '']));
  return { type: type.toLowerCase(), params };
}

function quality({ params }: MediaRange): number {
  const q = params.q === undefined ? 1 : Number(params.q);
  return Number.isNaN(q) ? 1 : q;
}
