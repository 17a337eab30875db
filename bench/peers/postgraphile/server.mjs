// PostGraphile on the measured table, bound by PostgreSQL's row security like the bare server beside it.
import { createServer } from "node:http";
import { grafserv } from "postgraphile/grafserv/node";
import { makePgService } from "postgraphile/adaptors/pg";
import { postgraphile } from "postgraphile";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const [url, schema, role, region, connections] = process.argv.slice(2);

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [
    makePgService({ connectionString: url, schemas: [schema], poolConfig: { max: Number(connections) } }),
  ],
  grafast: { context: () => ({ pgSettings: { role, "bench.region": region } }) },
  grafserv: { graphiql: false, watch: false, graphqlPath: "/graphql" },
});

const server = createServer();
await instance.createServ(grafserv).addTo(server);
// The first request would build the schema otherwise.
await instance.getSchema();
server.listen(0, "127.0.0.1", () => console.log(`address 127.0.0.1:${server.address().port}`));
