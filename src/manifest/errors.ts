import { type FieldPath, formatFieldPath } from './field-path.ts';

/** A place in a text, as editors count: line and column from 1, columns in UTF-16 units. */
export interface Position {
  line: number;
  column: number;
}

/**
 * What is wrong with a manifest's text.
 * `InvalidYaml`, `InvalidJson`: it does not parse. `Tab`: a tab where YAML wants spaces. `DuplicateKey`: one map says a key twice.
 * `NotText`: bytes that are not UTF-8, or control characters. `UnknownAlias`: an alias without its anchor, or inside it.
 * `AliasExplosion`, `TooDeep`, `TooLarge`: a limit of `ReadLimits`. `UnsupportedTag`, `UnsupportedValue`: what JSON has no word for.
 * `NotAnObject`: the document is a scalar or a list.
 */
export type ManifestErrorCode =
  | 'InvalidYaml'
  | 'InvalidJson'
  | 'Tab'
  | 'DuplicateKey'
  | 'NotText'
  | 'UnknownAlias'
  | 'AliasExplosion'
  | 'TooDeep'
  | 'TooLarge'
  | 'UnsupportedTag'
  | 'UnsupportedValue'
  | 'NotAnObject';

/** A fault in a manifest's text; `message` begins with `file:line:column: `. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly code: ManifestErrorCode;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The message without its place. */
  readonly reason: string;

  constructor(code: ManifestErrorCode, place: { file: string } & Position, reason: string) {
    super(`${place.file}:${place.line}:${place.column}: ${reason}`);
    this.code = code;
    this.file = place.file;
    this.line = place.line;
    this.column = place.column;
    this.reason = reason;
  }
}

/** A fault in a text at an offset: what readers throw before lines are counted. Never leaves this folder. */
export class TextFault extends Error {
  override readonly name = 'TextFault';
  readonly code: ManifestErrorCode;
  readonly offset: number;

  constructor(code: ManifestErrorCode, offset: number, reason: string) {
    super(reason);
    this.code = code;
    this.offset = offset;
  }
}

/**
 * Why a text was not edited. `NotProven`: the spliced text does not read as the object that was meant.
 * `NoSuchDocument`: the edit names a document that the file does not have, or names one twice.
 * `NotPlain`: the new object holds what JSON has no word for.
 */
export type EditErrorCode = 'NotProven' | 'NoSuchDocument' | 'NotPlain';

/** A text that could not be edited as was asked; nothing has been changed. */
export class EditError extends Error {
  override readonly name = 'EditError';
  readonly code: EditErrorCode;
  readonly file: string;
  readonly document: number;
  readonly path: FieldPath;
  /** The message without its place. */
  readonly reason: string;

  constructor(code: EditErrorCode, place: { file: string; document: number; path: FieldPath }, reason: string) {
    const field = formatFieldPath(place.path);
    super(`${place.file}: document ${place.document + 1}${field && `, ${field}`}: ${reason}`);
    this.code = code;
    this.file = place.file;
    this.document = place.document;
    this.path = place.path;
    this.reason = reason;
  }
}
