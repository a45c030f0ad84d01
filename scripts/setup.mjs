// Makes this machine ready for `npm run demo` and `npm test`: installs what is missing, builds, and says each step.
// Plain Node, because it runs before anything is installed. Quick when there is nothing to do.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const isRoot = process.getuid?.() === 0;

/** What has to be on the machine, and the Debian package that brings it. Any place in `paths` will do. */
const PROGRAMS = [
  { name: 'containerd', package: 'containerd', paths: inPath('containerd') },
  { name: 'runc', package: 'runc', paths: inPath('runc') },
  { name: 'iptables', package: 'iptables', paths: inPath('iptables') },
  { name: 'ip', package: 'iproute2', paths: inPath('ip') },
  { name: 'CNI plugin bridge', package: 'containernetworking-plugins', paths: plugin('bridge') },
  { name: 'CNI plugin portmap', package: 'containernetworking-plugins', paths: plugin('portmap') },
  { name: 'CNI plugin host-local', package: 'containernetworking-plugins', paths: plugin('host-local') },
  { name: 'CA certificates', package: 'ca-certificates', paths: ['/etc/ssl/certs/ca-certificates.crt'] },
];

checkMachine();
installPrograms();
if (process.env.npm_lifecycle_event === 'test') installPythonClient();
installModules();
run('build', process.execPath, [join(root, 'scripts/build.mjs')]);

function checkMachine() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Node ${process.versions.node} is too old: Outfit needs Node 20.19 or later.`);
  if (process.platform !== 'linux')
    fail(`Outfit runs containers of Linux, and this is ${process.platform}. Use a Linux machine or a virtual one.`);
  if (!isRoot && !onPath('sudo')) fail('Outfit needs root to run containers. Become root, or install sudo.');
}

function installPrograms() {
  const missing = PROGRAMS.filter((p) => !p.paths.some(existsSync));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((p) => p.package))];
  if (!onPath('apt-get'))
    fail(
      `Missing: ${missing.map((p) => p.name).join(', ')}. This machine has no apt-get: install them with its own package manager (Debian calls the packages ${packages.join(', ')}).`,
    );
  step(`installing ${packages.join(' ')} (apt-get; missing: ${missing.map((p) => p.name).join(', ')})`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  if (asRoot('apt-get', install, env).status === 0) return;
  step('the package list may be old: apt-get update, then once more');
  asRoot('apt-get', ['update', '-q'], env);
  const again = asRoot('apt-get', install, env);
  if (again.status !== 0) fail(`apt-get could not install ${packages.join(' ')}:\n${again.stdout}${again.stderr}`);
}

/** Kubernetes' client for Python, which one test drives the node with. Where it cannot be had that test is skipped. */
function installPythonClient() {
  if (existsSync('/usr/lib/python3/dist-packages/kubernetes') || !onPath('apt-get')) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status } = asRoot('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'python3-kubernetes'], env);
  step(
    status === 0
      ? 'installed python3-kubernetes (apt-get)'
      : 'python3-kubernetes cannot be installed; its test is skipped',
  );
}

function installModules() {
  const installed = join(root, 'node_modules/.package-lock.json');
  const wanted = join(root, 'package-lock.json');
  if (existsSync(installed) && sameModules(installed, wanted)) return;
  step('npm ci: fetching the modules of package-lock.json');
  run('npm ci', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Versions decide: a checkout makes the lock file newer without changing it. */
function sameModules(installed, wanted) {
  const versions = (file) =>
    Object.fromEntries(
      Object.entries(JSON.parse(readFileSync(file, 'utf8')).packages).map(([path, p]) => [path, p.version]),
    );
  const have = versions(installed);
  const want = JSON.parse(readFileSync(wanted, 'utf8')).packages;
  return Object.entries(want).every(([path, p]) => path === '' || p.optional || have[path] === p.version);
}

function run(what, command, args) {
  const started = Date.now();
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (result.error) fail(`${what}: ${result.error.message}`);
  if (result.status !== 0) fail(`${what} failed:\n${result.stdout}${result.stderr}`);
  if (Date.now() - started > 1500) step(`${what} (${((Date.now() - started) / 1000).toFixed(0)} s)`);
}

function asRoot(command, args, env) {
  const [program, ...rest] = isRoot ? [command, ...args] : ['sudo', '-E', command, ...args];
  return spawnSync(program, rest, { encoding: 'utf8', env });
}

function inPath(name) {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'].map((dir) =>
    join(dir, name),
  );
}

function plugin(name) {
  return ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'].map((dir) => join(dir, name));
}

function onPath(name) {
  return inPath(name).some((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function step(text) {
  console.log(`setup: ${text}`);
}

function fail(text) {
  console.error(`setup: ${text}`);
  process.exit(1);
}
