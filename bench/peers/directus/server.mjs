// Directus on the measured table: a user whose policy shows and takes rows of one region only.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";

const [url, schema, region, connections] = process.argv.slice(2);
const place = new URL(url);
const [adminToken, userToken] = [randomBytes(16).toString("hex"), randomBytes(16).toString("hex")];

Object.assign(process.env, {
  NODE_ENV: "production",
  DB_CLIENT: "pg",
  DB_HOST: place.hostname,
  DB_PORT: place.port,
  DB_DATABASE: place.pathname.slice(1),
  DB_USER: decodeURIComponent(place.username),
  DB_PASSWORD: decodeURIComponent(place.password),
  DB_SEARCH_PATH: `array:${schema}`,
  DB_POOL__MIN: "0",
  DB_POOL__MAX: connections,
  SECRET: randomBytes(16).toString("hex"),
  ADMIN_EMAIL: "admin@example.com",
  ADMIN_PASSWORD: randomBytes(16).toString("hex"),
  ADMIN_TOKEN: adminToken,
  TELEMETRY: "false",
  LOG_LEVEL: "error",
  RATE_LIMITER_ENABLED: "false",
  MAX_PAYLOAD_SIZE: "32mb",
});

const program = fileURLToPath(new URL("node_modules/directus/cli.js", import.meta.url));
const made = spawnSync(process.execPath, [program, "bootstrap"], { stdio: ["ignore", "ignore", "inherit"] });
if (made.status !== 0) throw new Error(`directus bootstrap ended with ${made.status}`);

const { createServer } = await import("@directus/api/server");
const server = await createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const address = `127.0.0.1:${server.address().port}`;

async function make(kind, content) {
  const answer = await fetch(`http://${address}/${kind}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${adminToken}` },
    body: JSON.stringify(content),
  });
  if (!answer.ok) throw new Error(`${kind}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).data;
}

const own = { region: { _eq: region } };
const policy = await make("policies", { name: "own region" });
const role = await make("roles", { name: "planners" });
await make("access", { role: role.id, policy: policy.id });
await make("permissions", [
  { policy: policy.id, collection: "forecast", action: "read", permissions: own, fields: ["*"] },
  { policy: policy.id, collection: "forecast", action: "update", permissions: own, fields: ["*"] },
  { policy: policy.id, collection: "forecast", action: "create", validation: own, fields: ["*"] },
]);
await make("users", { email: "planner@example.com", role: role.id, token: userToken });

console.log(`token ${userToken}`);
console.log(`address ${address}`);
