import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HtmlRewriter } from './rewrite-html.ts';

const CONTEXT = { prefix: '/p/proxy', podHost: '10.0.0.1:80', clientHost: 'api:1' };

function rewrite(...pieces: string[]): string {
  const page = new HtmlRewriter(CONTEXT);
  return pieces.map((piece) => page.push(piece)).join('') + page.end();
}

test.each([
  ['<a href="/x">', '<a href="/p/proxy/x">'],
  ["<A class='c' HREF='/x' >", "<A class='c' HREF='/p/proxy/x' >"],
  ['<img src=/x.png alt="a > b">', '<img src=/p/proxy/x.png alt="a > b">'],
  ['<form action="/do?a=b">', '<form action="/p/proxy/do?a=b">'],
  [
    '<script src="/s.js">if (a < "<a href=/no>") {}</script><a href="/x">',
    '<script src="/p/proxy/s.js">if (a < "<a href=/no>") {}</script><a href="/p/proxy/x">',
  ],
  [
    '<a href="x"><a href="https://other/x"><a href="#x"><a title="/x">',
    '<a href="x"><a href="https://other/x"><a href="#x"><a title="/x">',
  ],
  ['<a href="http://10.0.0.1:80/x">', '<a href="/p/proxy/x">'],
  ['<!-- <a href="/x"> --><a href="/x">', '<!-- <a href="/x"> --><a href="/p/proxy/x">'],
  ['1 < 2 </a> <> <a href="/never ends', '1 < 2 </a> <> <a href="/never ends'],
  ['<object data="/x"><constructor src="/x">', '<object data="/p/proxy/x"><constructor src="/x">'],
])('%s', (html, expected) => expect(rewrite(html)).toBe(expected));

const PAGE =
  '<html><!-- <a href="/c"> --><a href="/x" title="a>b">1 < 2</a><script>"<a href=/no>"</script ><img src=\'/i\'>';

test('it does not matter where a page is cut', () => {
  const whole = rewrite(PAGE);
  fc.assert(
    fc.property(fc.array(fc.nat(PAGE.length)), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), PAGE.length];
      expect(rewrite(...at.slice(1).map((end, i) => PAGE.slice(at[i], end)))).toBe(whole);
    }),
  );
});

test('a page without links stays byte for byte', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (pieces) => {
      expect(rewrite(...pieces)).toBe(pieces.join(''));
    }),
  );
});

test('a page that is all openings takes no time and no memory', () => {
  for (const bad of ['<a "', '<!--', '<script>', '<a href=', '<']) {
    const page = new HtmlRewriter(CONTEXT);
    let length = 0;
    for (let i = 0; i < 20; i += 1) length += page.push(bad.repeat(16_384)).length;
    expect(length + page.end().length).toBe(20 * 16_384 * bad.length);
  }
});
