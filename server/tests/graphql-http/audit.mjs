// Runs every audit of the GraphQL-over-HTTP specification: node audit.mjs URL [TOKEN]
// Prints one line for each audit that is not passed and a last line with the count; fails unless all are passed.

import { auditServer } from 'graphql-http';

const [url, token] = process.argv.slice(2);
if (!url) {
  console.error('usage: node audit.mjs URL [TOKEN]');
  process.exit(2);
}

// Some audits ask for a part of the schema, which servers may show to signed-in callers only.
function signedIn(input, init = {}) {
  const headers = new Headers(init.headers);
  if (token) headers.set('authorization', `Bearer ${token}`);
  return fetch(input, { ...init, headers });
}

const results = await auditServer({ url, fetchFn: signedIn });
for (const result of results.filter(({ status }) => status !== 'ok')) {
  console.log(`${result.status} ${result.id} ${result.name}: ${result.reason}`);
}
const passed = results.filter(({ status }) => status === 'ok').length;
console.log(`${passed} of ${results.length} audits passed`);
process.exitCode = passed === results.length ? 0 : 1;
