// docs/dap.md is true: its rows are those of the schema, the tests that it names exist, and what it says works is
// what the adapter advertises.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ours } from './support.mjs';
import { where } from './schema.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const TABLE = readFileSync(path.join(HERE, '..', '..', '..', 'docs', 'dap.md'), 'utf8');

/** The rows below a heading: name, whether it works, and the rest. */
function rows(heading) {
  const section = TABLE.split(/^## /m).find((text) => text.startsWith(heading));
  return [...section.matchAll(/^\| `(\w+)` \| (yes|no) \| (.+) \|$/gm)].map(([, name, works, text]) => ({ name, works: works === 'yes', text }));
}

/** Titles of all tests, with those of what they are in. */
function titles() {
  const found = new Set();
  for (const file of readdirSync(HERE).filter((name) => name.endsWith('.test.mjs'))) {
    let suite = '';
    for (const line of readFileSync(path.join(HERE, file), 'utf8').split('\n')) {
      const match = /^\s*(describe|it|scenario|ours)\((['`])(.*?)\2,/.exec(line);
      if (match?.[1] === 'describe') suite = match[3];
      // `${what}` stands for one of several words.
      else if (match) found.add(`${suite} ${match[3].replace('${what}', 'loop')}`);
    }
  }
  return found;
}

function schema() {
  const { definitions } = JSON.parse(readFileSync(where, 'utf8'));
  const named = (suffix, key) =>
    Object.entries(definitions)
      .filter(([name]) => name.endsWith(suffix) && name !== suffix)
      .map(([, definition]) => definition.allOf[1].properties[key].enum[0]);
  return { Requests: named('Request', 'command'), Events: named('Event', 'event'), Capabilities: Object.keys(definitions.Capabilities.properties) };
}

describe('the table', () => {
  for (const heading of ['Requests', 'Events', 'Capabilities']) {
    it(`of ${heading.toLowerCase()} has a row for each of the schema`, function () {
      if (where === undefined) this.skip();
      assert.deepEqual(rows(heading).map(({ name }) => name).sort(), schema()[heading].sort());
    });
  }

  it('names tests that exist', () => {
    const known = titles();
    const missing = ['Requests', 'Events', 'Capabilities'].flatMap(rows)
      .filter(({ works, text }) => works && !known.has(text)).map(({ name, text }) => `${name}: ${text}`);
    assert.deepEqual(missing, []);
  });

  it('counts its rows', () => {
    for (const heading of ['Requests', 'Events', 'Capabilities']) {
      const all = rows(heading);
      assert.ok(TABLE.includes(`## ${heading}: ${all.filter(({ works }) => works).length} of ${all.length}\n`), heading);
    }
    assert.ok(rows('Requests').filter(({ works }) => works).length >= 42);
  });

  ours('names what is advertised', async (session) => {
    const { body } = await session.introduce();
    const advertised = Object.entries(body).filter(([, value]) => value !== false).map(([name]) => name);
    const promised = rows('Capabilities').filter(({ works }) => works).map(({ name }) => name);
    assert.deepEqual(advertised.sort(), promised.sort());
  });

  ours('names requests that are known, and no others', async (session) => {
    await session.introduce();
    for (const { name, works } of rows('Requests')) {
      if (['initialize', 'runInTerminal', 'disconnect', 'startDebugging'].includes(name)) continue;
      // Without arguments most are refused, but not as unknown ones.
      const answer = await session.customRequest(name).then(() => '', (error) => error.message);
      assert.equal(/is not supported/.test(answer), !works, `${name}: ${answer}`);
    }
  });
});
