// `node:assert/strict` that counts what holds, so that a suite can tell how much it has looked at.
'use strict';

const { appendFileSync } = require('node:fs');
const plain = require('node:assert/strict');

let held = 0;
const counted = (check) => (...values) => {
  check(...values);
  held += 1;
};

const assert = Object.fromEntries(
  ['deepEqual', 'equal', 'match', 'notEqual', 'ok'].map((name) => [name, counted(plain[name])]),
);

process.on('exit', () => {
  if (process.env.ASSERTIONS_HELD) appendFileSync(process.env.ASSERTIONS_HELD, `${held}\n`);
});

module.exports = assert;
