/**
 * What bodies in YAML need of the library, loaded only when one comes. It is imported by way of this module because the bundle gives a dynamic
 * import of a CommonJS package no named exports.
 */
export { parseDocument, stringify } from 'yaml';
