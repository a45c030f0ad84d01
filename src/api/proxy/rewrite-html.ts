import type { IncomingHttpHeaders } from 'node:http';
import { Transform } from 'node:stream';
import { createDeflate, createGunzip, createGzip, createInflate } from 'node:zlib';
import { type RewriteContext, rewriteUrl } from './rewrite-url.ts';

/** Attributes that hold a URL, by tag (kubernetes `util/proxy/transport.go`, atomsToAttrs). */
const URL_ATTRIBUTES: Readonly<Record<string, readonly string[] | undefined>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  track: ['src'],
  video: ['poster', 'src'],
};

/** Elements whose content is no HTML. */
const RAW = ['script', 'style', 'textarea', 'title'];
const START_TAG = /<([A-Za-z][^\s/>]*)((?:[^<>"']|"[^"]*"|'[^']*')*)>/y;
/** A tag whose end may be yet to come. */
const BEGUN = /<(?:!-?|[A-Za-z](?:[^<>"']|"[^"]*"|'[^']*')*(?:"[^"]*|'[^']*)?)?$/y;
const ATTRIBUTE = /(\s)([^\s"'<>/=]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/g;
/** How long a tag may be, characters; a longer one passes as it is. */
const MOST_WAITING = 64 * 1024;

/** The steps that make a page's links ones that the client can follow; none for what is no HTML, or is packed in a way that is not known. */
export function htmlRewriters(headers: IncomingHttpHeaders, context: RewriteContext): Transform[] {
  const type = (headers['content-type'] ?? '').split(';')[0]!.trim();
  if (type !== 'text/html') return [];
  const packed = headers['content-encoding'] ?? '';
  if (packed === '' || packed === 'identity') return [rewriter(context)];
  if (packed === 'gzip') return [createGunzip(), rewriter(context), createGzip()];
  if (packed === 'deflate') return [createInflate(), rewriter(context), createDeflate()];
  return [];
}

/** A page that comes in pieces. What is no link stays as it is, byte for byte. */
export class HtmlRewriter {
  readonly #context: RewriteContext;
  #waiting = '';
  /** What must come before there are tags again: the end of a comment, or of a script. */
  #until = '';

  constructor(context: RewriteContext) {
    this.#context = context;
  }

  /** As much as can be told by now. */
  push(piece: string): string {
    const text = this.#waiting + piece;
    const lower = text.toLowerCase();
    const out: string[] = [];
    let at = 0;
    const take = (end: number, as = text.slice(at, end)) => {
      out.push(as);
      at = end;
    };
    for (;;) {
      if (this.#until !== '') {
        const end = lower.indexOf(this.#until, at);
        if (end < 0) {
          take(Math.max(at, text.length - this.#until.length + 1));
          break;
        }
        take(end + this.#until.length);
        this.#until = '';
      }
      const open = text.indexOf('<', at);
      take(open < 0 ? text.length : open);
      if (open < 0 || this.#isBegun(text, open)) break;
      if (text.startsWith('<!--', open)) {
        this.#until = '-->';
        take(open + 4);
        continue;
      }
      START_TAG.lastIndex = open;
      const [tag, name = ''] = START_TAG.exec(text) ?? ['<'];
      if (RAW.includes(name.toLowerCase())) this.#until = `</${name.toLowerCase()}`;
      take(open + tag.length, rewriteTag(tag, name, this.#context));
    }
    this.#waiting = text.slice(at);
    return out.join('');
  }

  /** The rest. */
  end(): string {
    return this.#waiting;
  }

  #isBegun(text: string, open: number): boolean {
    BEGUN.lastIndex = open;
    return text.length - open < MOST_WAITING && BEGUN.test(text);
  }
}

function rewriteTag(tag: string, name: string, context: RewriteContext): string {
  const lower = name.toLowerCase();
  const attributes = Object.hasOwn(URL_ATTRIBUTES, lower) ? URL_ATTRIBUTES[lower] : undefined;
  if (!attributes) return tag;
  return tag.replace(ATTRIBUTE, (whole, space: string, attribute: string, equals: string, value: string) => {
    if (!attributes.includes(attribute.toLowerCase())) return whole;
    const quote = /^["']/.exec(value)?.[0] ?? '';
    const url = quote === '' ? value : value.slice(1, -1);
    return `${space}${attribute}${equals}${quote}${rewriteUrl(url, context)}${quote}`;
  });
}

/** Latin-1 keeps every byte, and tags and URLs are ASCII in every encoding that pages use but UTF-16. */
function rewriter(context: RewriteContext): Transform {
  const page = new HtmlRewriter(context);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, Buffer.from(page.push(chunk.toString('latin1')), 'latin1'));
    },
    flush(done) {
      done(null, Buffer.from(page.end(), 'latin1'));
    },
  });
}
