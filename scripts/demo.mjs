// The first story, on this machine, with real containers: a web server, then the same web server with a sidecar.
//   npm run demo             stays up and forwarded until Ctrl-C
//   npm run demo -- --once   ends by itself after the page has changed once (so does a run without a terminal)
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { get } from 'node:http';
import { request } from 'node:https';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { becomeRoot } from './as-root.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const once = process.argv.includes('--once') || !process.stdout.isTTY;
const LOCAL_PORT = Number(process.env.OUTFIT_DEMO_PORT ?? 3999);
/** The demo has a node of its own: one that you run already is not touched. */
const NODE = {
  home: process.env.OUTFIT_DEMO_HOME ?? '/var/lib/outfit-demo',
  flags: ['--port', '0', '--bridge', 'outfit-demo', '--pod-cidr', '10.205.199.0/24', '--node-name', 'demo'],
};
/** Debian packages are kept for the next time; only the node itself is thrown away. */
const env = { OUTFIT_CACHE: '/var/cache/outfit', ...process.env, OUTFIT_HOME: NODE.home };
const bold = (text) => (process.stdout.isTTY && !process.env.NO_COLOR ? `\u001b[1m${text}\u001b[0m` : text);

becomeRoot();
const interrupted = new AbortController();
let forward;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interrupted.abort());

let exitCode = 0;
try {
  await story();
} catch (error) {
  if (!interrupted.signal.aborted) {
    exitCode = 1;
    console.error(`\ndemo: ${error.message}`);
  }
} finally {
  await stopForward();
  say('Cleaning up: the demo leaves nothing behind');
  // The sidecar's shell does not listen to SIGTERM: without --now it would be given its 30 seconds.
  if (env.KUBECONFIG) show('outfit', ['delete', 'po', '--all', '--now'], { quiet: true });
  exitCode ||= show('outfit', ['node', 'reset', '--yes'], { quiet: true }).status === 0 ? 0 : 1;
}
process.exit(interrupted.signal.aborted && exitCode === 0 && once ? 130 : exitCode);

async function story() {
  say('A node: API server and Pod loop in one process, with a private containerd');
  must('outfit', ['node', 'start', ...NODE.flags]);
  env.KUBECONFIG = capture('outfit', ['kubeconfig', '--path']);
  await images();

  const kubectl = onPath('kubectl') ? 'kubectl' : 'outfit';
  if (kubectl === 'outfit') console.log("(no kubectl on this machine: Outfit's own verbs play the story)");
  say('Act one: a Pod with one container, nginx');
  await act(kubectl, 'examples/web-app/pod.yaml');
  await stopForward();
  must(kubectl, ['delete', 'po', 'web-app']);

  say('Act two: the same Pod with a sidecar that writes the page. The nginx image is not touched');
  const first = await act(kubectl, 'examples/web-app/pod-with-sidecar.yaml', (page) =>
    page.includes('Hi I am from Sidecar container'),
  );
  console.log('… five seconds later …');
  const second = await page((text) => text.includes('Hi I am from Sidecar container') && text !== first);
  console.log(indent(second));
  if (once) return;
  say(`It stays up: open http://127.0.0.1:${LOCAL_PORT}, or in another terminal`);
  console.log(
    `  export KUBECONFIG=${env.KUBECONFIG}\n  kubectl get po\n\nCtrl-C ends it and takes everything away again.`,
  );
  await new Promise((resolve) => interrupted.signal.addEventListener('abort', resolve, { once: true }));
}

/** Create, look, forward, read the page. Resolves to the page. */
async function act(kubectl, manifest, expected = () => true) {
  must(kubectl, ['create', '-f', manifest]);
  must(kubectl, ['wait', '--for=condition=Ready', 'pod/web-app', '--timeout=180s'], { quiet: true });
  must(kubectl, ['get', 'po']);
  await startForward(kubectl);
  const text = await page(expected);
  console.log(`$ curl -s http://127.0.0.1:${LOCAL_PORT}`);
  console.log(indent(summary(text)));
  return text;
}

async function images() {
  if (await dockerHubAnswers())
    return console.log('Docker Hub answers: the images nginx and busybox are pulled from there.');
  console.log('Docker Hub cannot be reached from here: the images are built from images/ instead.');
  must('outfit', ['image', 'build', 'nginx']);
  must('outfit', ['image', 'build', 'busybox']);
}

function dockerHubAnswers() {
  return new Promise((resolve) => {
    const asked = request('https://registry-1.docker.io/v2/', { method: 'HEAD', timeout: 3000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 401 || answer.statusCode === 200);
    });
    asked.on('timeout', () => asked.destroy(new Error('timeout')));
    asked.on('error', () => resolve(false));
    asked.end();
  });
}

async function startForward(kubectl) {
  const args = ['port-forward', 'web-app', `${LOCAL_PORT}:80`];
  console.log(bold(`$ ${kubectl} ${args.join(' ')}`));
  forward = spawn(...command(kubectl, args), { env, cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  forward.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const child = forward;
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      const lines = String(chunk).match(/^Forwarding from .*$/gm) ?? [];
      for (const line of lines) console.log(line);
      // The line of [::1] follows that of 127.0.0.1 where the machine has IPv6.
      if (lines.length > 0) setTimeout(resolve, 100);
    });
    child.once('exit', () =>
      reject(
        new Error(
          `port-forward ended: ${output.trim()}\nIf port ${LOCAL_PORT} is taken, choose another: OUTFIT_DEMO_PORT=4999 npm run demo`,
        ),
      ),
    );
  });
}

async function stopForward() {
  const child = forward;
  forward = undefined;
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** The page, as soon as it is as expected; asked ten times a second for half a minute. */
async function page(expected) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    interrupted.signal.throwIfAborted();
    const text = await fetchPage().catch((error) => `(${error.message})`);
    if (!text.startsWith('(') && expected(text)) return text;
    if (Date.now() > deadline) throw new Error(`the page did not come: ${text.slice(0, 200)}`);
    await sleep(100);
  }
}

function fetchPage() {
  return new Promise((resolve, reject) => {
    const asked = get({ host: '127.0.0.1', port: LOCAL_PORT, path: '/', timeout: 3000, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve(text) : reject(new Error(`HTTP ${answer.statusCode}`)),
      );
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in 3 s')));
    asked.on('error', reject);
  });
}

function summary(html) {
  const title = html.match(/<title>(.*?)<\/title>/s)?.[1];
  return title ? `${title}\n(a page of ${html.length} bytes)` : html.trim();
}

function must(name, args, options) {
  const result = show(name, args, options);
  interrupted.signal.throwIfAborted();
  if (result.status !== 0)
    throw new Error(`${name} ${args.join(' ')} failed${result.stderr ? `:\n${result.stderr}` : ''}`);
}

function show(name, args, { quiet = false } = {}) {
  if (!quiet) console.log(bold(`$ ${name} ${args.join(' ')}`));
  return spawnSync(...command(name, args), {
    env,
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
  });
}

function capture(name, args) {
  const result = spawnSync(...command(name, args), { env, cwd: root, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${name} ${args.join(' ')} failed:\n${result.stderr}`);
  return result.stdout.trim();
}

function command(name, args) {
  return name === 'outfit' ? [process.execPath, [join(root, 'bin/outfit'), ...args]] : [name, args];
}

function onPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function say(text) {
  console.log(`\n${bold(`== ${text}`)}`);
}

function indent(text) {
  return text.replace(/^/gm, '  ').trimEnd();
}
