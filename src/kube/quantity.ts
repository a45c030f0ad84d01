/** How a quantity was written, and is written again: `128Mi`, `128M`, `128e6`. */
type QuantityFormat = 'BinarySI' | 'DecimalSI' | 'DecimalExponent';

/** An amount of cpu, memory and the like (apimachinery `pkg/api/resource`): exact to one billionth, never a float. */
export interface Quantity {
  nanos: bigint;
  format: QuantityFormat;
  /** The text itself where Kubernetes would write it back unchanged. */
  text?: string;
}

/** Text that is no quantity. `message` is apimachinery's. */
export class InvalidQuantity extends Error {
  override readonly name = 'InvalidQuantity';
}

const FORMAT_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIX_WRONG = "unable to parse quantity's suffix";

const GRAMMAR = /^([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;
const DECIMAL: readonly string[] = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY: readonly string[] = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const NANO = 1_000_000_000n;
const MAX_BINARY = (2n ** 63n - 1n) * NANO;
/** Larger exponents mean nothing for a machine and would take the memory of their digits. */
const MAX_EXPONENT = 100;

/**
 * Reads a quantity: `500m`, `0.5`, `1Gi`, `1e3`. More digits than a billionth are rounded away from zero.
 * @throws InvalidQuantity
 */
export function parseQuantity(text: string): Quantity {
  const match = GRAMMAR.exec(text);
  if (match === null || text === '') throw new InvalidQuantity(FORMAT_WRONG);
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match;
  const scale = readSuffix(suffix);
  if (scale === undefined) throw new InvalidQuantity(SUFFIX_WRONG);
  const digits = `${whole || '0'}${fraction}`;
  const number = BigInt(digits);
  const amount = toNanos(number, scale, fraction.length);
  const capped = scale.format === 'BinarySI' && amount > MAX_BINARY ? MAX_BINARY : amount;
  const format = scale.format === 'BinarySI' && capped > 0n && capped < NANO ? 'DecimalSI' : scale.format;
  return {
    nanos: sign === '-' ? -capped : capped,
    format,
    ...(isWrittenBack(digits, number, scale, fraction.length) && { text }),
  };
}

/** The canonical text: the largest suffix that needs no fraction. `0.5` → `500m`, `1024Mi` → `1Gi`. */
export function formatQuantity({ nanos, format, text }: Quantity): string {
  if (text !== undefined) return text;
  if (nanos === 0n) return '0';
  const small = nanos > -1024n * NANO && nanos < 1024n * NANO;
  if (format === 'BinarySI' && !small && nanos % NANO === 0n) return binaryText(nanos / NANO);
  return decimalText(nanos, format === 'DecimalExponent');
}

/** @throws InvalidQuantity */
export function canonicalQuantity(text: string): string {
  return formatQuantity(parseQuantity(text));
}

/** Rounded up (away from zero) to thousandths, as Kubernetes stores every resource amount (SetDefaults_ResourceList). */
export function roundUpToMilli(quantity: Quantity): Quantity {
  const milli = NANO / 1000n;
  if (quantity.nanos % milli === 0n) return quantity;
  return { nanos: divideUp(quantity.nanos, milli) * milli, format: quantity.format };
}

/** Negative, zero or positive as `a` is less than, equal to or greater than `b`. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
}

/** In whole units (bytes of memory), rounded up. @throws InvalidQuantity */
export function quantityValue(text: string): number {
  return Number(divideUp(parseQuantity(text).nanos, NANO));
}

/** In thousandths (milli-cpu), rounded up. @throws InvalidQuantity */
export function quantityMilliValue(text: string): number {
  return Number(divideUp(parseQuantity(text).nanos, NANO / 1000n));
}

interface Scale {
  format: QuantityFormat;
  base: 2 | 10;
  exponent: number;
}

function readSuffix(suffix: string): Scale | undefined {
  const decimal = DECIMAL.indexOf(suffix);
  if (decimal >= 0) return { format: 'DecimalSI', base: 10, exponent: (decimal - 3) * 3 };
  const binary = BINARY.indexOf(suffix);
  if (binary >= 0) return { format: 'BinarySI', base: 2, exponent: (binary + 1) * 10 };
  const power = /^[eE]([+-]?[0-9]+)$/.exec(suffix)?.[1];
  if (power === undefined || Math.abs(Number(power)) > MAX_EXPONENT) return undefined;
  return { format: 'DecimalExponent', base: 10, exponent: Number(power) };
}

function toNanos(digits: bigint, { base, exponent }: Scale, fractionDigits: number): bigint {
  const power = 9 - fractionDigits + (base === 10 ? exponent : 0);
  const scaled = base === 2 ? digits << BigInt(exponent) : digits;
  return power >= 0 ? scaled * powerOfTen(power) : divideUp(scaled, powerOfTen(-power));
}

/** Up to a billion as a constant: most amounts need no more, and powers are slow. */
const POWERS_OF_TEN = Array.from({ length: 10 }, (_, power) => 10n ** BigInt(power));

function powerOfTen(power: number): bigint {
  return POWERS_OF_TEN[power] ?? 10n ** BigInt(power);
}

/** Kubernetes keeps the text where a quick look finds it canonical; the look lets `1.500` and `+5` pass. */
function isWrittenBack(digits: string, number: bigint, { format, exponent }: Scale, fractionDigits: number): boolean {
  if (format === 'BinarySI')
    return fractionDigits === 0 && digits.length + Math.floor(exponent * 0.3) <= 14 && number % 8n !== 0n;
  const scale = exponent - fractionDigits;
  return digits.length <= 18 && scale >= -9 && scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
}

function binaryText(units: bigint): string {
  let rest = units;
  let step = -1;
  while (rest % 1024n === 0n && step < BINARY.length - 1) {
    rest /= 1024n;
    step++;
  }
  return `${rest}${BINARY[step] ?? ''}`;
}

function decimalText(nanos: bigint, asExponent: boolean): string {
  let rest = nanos;
  let exponent = -9;
  while (rest % 1000n === 0n && (asExponent || exponent < 18)) {
    rest /= 1000n;
    exponent += 3;
  }
  if (!asExponent) return `${rest}${DECIMAL[exponent / 3 + 3]}`;
  return exponent === 0 ? `${rest}` : `${rest}e${exponent}`;
}

/** Away from zero. */
function divideUp(amount: bigint, unit: bigint): bigint {
  const quotient = amount / unit;
  if (amount % unit === 0n) return quotient;
  return amount < 0n ? quotient - 1n : quotient + 1n;
}
