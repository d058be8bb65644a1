// The protocol's own schema, as strict as it can be made: objects may have no properties but the
// ones that it names. TAILSCOPE_DAP_SCHEMA says where it is, else schema.sh may have fetched it;
// where neither has, messages are not checked, and the run says so.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const Ajv = createRequire(import.meta.url)('ajv-draft-04').default;
const FETCHED = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '.schema', 'dap-1.71.json');

/** Where the schema is, if anywhere. */
export const where = process.env.TAILSCOPE_DAP_SCHEMA ?? (existsSync(FETCHED) ? FETCHED : undefined);

/** Forbids unknown properties in plain types, and in the bodies of messages. */
function close(definition) {
  const message = definition.properties?.seq !== undefined;
  if (definition.properties && !definition.allOf && !message) definition.additionalProperties = false;
  for (const { properties } of definition.allOf ?? []) {
    if (properties?.body?.properties) properties.body.additionalProperties = false;
  }
}

function load() {
  const { definitions } = JSON.parse(readFileSync(where, 'utf8'));
  Object.values(definitions).forEach(close);
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  return ajv.addSchema({ id: 'protocol', definitions });
}

const schema = where === undefined ? undefined : load();

const capitalized = (word) => word.charAt(0).toUpperCase() + word.slice(1);

/** The name of the type that a message must have. */
function typeOf(message) {
  if (message.type === 'event') return `${capitalized(message.event)}Event`;
  if (message.type === 'request') return `${capitalized(message.command)}Request`;
  return message.success ? `${capitalized(message.command)}Response` : 'ErrorResponse';
}

/** What is wrong with a message that an adapter sent; `undefined` when nothing is. */
export function mistakes(message) {
  if (schema === undefined) return undefined;
  const type = typeOf(message);
  // Requests of our own, which the protocol leaves to us: their answers have the form of any.
  if (message.type === 'response' && message.command.startsWith('tailscope/')) return checked(message, 'Response');
  return checked(message, type);
}

function checked(message, type) {
  const validate = schema.getSchema(`protocol#/definitions/${type}`);
  if (validate === undefined) return `the protocol has no ${type}`;
  return validate(message) ? undefined : `no ${type}: ${schema.errorsText(validate.errors)}: ${JSON.stringify(message)}`;
}
