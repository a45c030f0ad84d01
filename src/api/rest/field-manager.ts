import type { FieldError } from '../../kube/errors.ts';
import { invalidValue, tooLong } from '../../kube/field-errors.ts';

/** Bytes (apimachinery `meta/v1/validation`, FieldManagerMaxLength). */
const MAX_LENGTH = 128;
/** Go's `unicode.IsPrint`. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** What is wrong with the name under which a write is kept account of; a position is one of bytes. */
export function checkFieldManager(name: string): FieldError[] {
  const field = 'fieldManager';
  const errors = Buffer.byteLength(name) > MAX_LENGTH ? [tooLong(field, MAX_LENGTH)] : [];
  let position = 0;
  for (const sign of name) {
    if (!PRINTABLE.test(sign)) {
      const code = sign.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
      errors.push(invalidValue(field, name, `invalid character U+${code} (at position ${position})`));
    }
    position += Buffer.byteLength(sign);
  }
  return errors;
}
