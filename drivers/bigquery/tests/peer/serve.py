"""Runs bqemulator, and adds what it lacks of BigQuery for the tests of this driver.

Added here, each because the documentation of the service promises it and the emulator has it not:

* parameters inside scripts, `@@row_count`, and RETURN;
* the line of a script at which it failed, in messages, and the service's words in place of DuckDB's;
* `PRIMARY KEY (..) NOT ENFORCED` in CREATE TABLE, and in the answer of tables.get;
* lengths, precisions, defaults and the type JSON in the answer of tables.get, and changes of columns in it;
* one script at a time: the emulator's transactions see half of each other's work;
* views of a region in INFORMATION_SCHEMA;
* the data set that the tests work in.

What it does not add: conflicts between transactions, quotas, cancellation, access rights, locations.
"""

import asyncio
import json
import re
import sys

import sqlglot
import uvicorn
from sqlglot import exp

import bqemulator.api.routes.jobs as routes
import bqemulator.jobs.executor as executor
import bqemulator.scripting.interpreter as scripting
from bqemulator.cli import main
from bqemulator.domain.errors import DomainError
from bqemulator.sql.parameters import _bq_to_duckdb_type, _extract_value

PROJECT = "quillback"
LOCK = asyncio.Lock()
# What the running script was given, and how many rows its last statement touched.
RUNNING = {"parameters": {}, "row_count": 0, "source": ""}
# Columns and keys of the tables that statements made: {(dataset, table): {"columns": {name: type}, "key": [name]}}
MADE = {}


# ---------------------------------------------------------------- scripts


def rewrite(bq_sql, frames):
    """In place of the emulator's own: variables, and parameters and the row count beside them."""
    visible = frames.all_visible()
    bq_sql = bq_sql.replace("@@row_count", str(RUNNING["row_count"]))
    tree = sqlglot.parse_one(bq_sql, read="bigquery")
    values = []
    changed = False
    for column in list(tree.find_all(exp.Column)):
        changed |= scripting._rewrite_one_column(column, visible, values)
    for node in list(tree.find_all(exp.Parameter)):
        given = RUNNING["parameters"].get(node.name)
        if given is None:
            continue
        values.append(_extract_value(given))
        placeholder = exp.Placeholder(this=str(len(values)))
        kind = given["parameterType"]["type"]
        if kind not in ("NUMERIC", "BIGNUMERIC") or values[-1] is None:
            placeholder = exp.Cast(this=placeholder, to=exp.DataType.build(kind, dialect="bigquery"))
        node.replace(placeholder)
        changed = True
    return (tree.sql(dialect="bigquery"), values) if changed else (bq_sql, [])


scripting._rewrite_vars_to_params = rewrite

run_query = scripting.ScriptInterpreter._run_query


async def counting(self, bq_sql):
    table = await run_query(self, bq_sql)
    if re.match(r"\s*(INSERT|UPDATE|DELETE|MERGE)\b", bq_sql):
        RUNNING["row_count"] = table.column(0)[0].as_py() if table.num_rows else 0
    return table


scripting.ScriptInterpreter._run_query = counting

# The words of the service, in place of those of the emulator's engine.
WORDS = [
    (r".*NOT NULL constraint failed: [^.]*\.(\w+)", r"Required field \1 cannot be null"),
    (r".*Column with name (\w+) already exists!", r"Column already exists: \1"),
    (r'.*Table "[^"]*" does not have a column with name "(\w+)"', r"Column not found: \1"),
    (r'.*Referenced (?:update )?column "?(\w+)"? not found.*', r"Unrecognized name: \1"),
]


def in_words(error):
    for ours, theirs in WORDS:
        if found := re.match(ours, error.message, re.S):
            error.message = found.expand(theirs)
            return


run_script = scripting.ScriptInterpreter.run


async def until_return(self, source):
    try:
        return await run_script(self, source)
    except scripting.ReturnSignal:
        return scripting.ScriptResult(self._final_table, self._statements_executed)


scripting.ScriptInterpreter.run = until_return

run_statement = scripting.ScriptInterpreter._exec_statement


async def located(self, statement):
    try:
        return await run_statement(self, statement)
    except DomainError as error:
        in_words(error)
        text = getattr(statement, "sql", None) or getattr(statement, "source_expr", None)
        at = RUNNING["source"].find(text) if text else -1
        if at >= 0 and not getattr(error, "located", False):
            error.located = True
            line = RUNNING["source"].count("\n", 0, at) + 1
            error.message = f"{error.message} at [{line}:1]"
        raise


scripting.ScriptInterpreter._exec_statement = located

# ---------------------------------------------------------------- tables


def parts(name):
    return tuple(part.strip("`") for part in name.split("."))[-2:]


def of_create(sql):
    """What a CREATE TABLE says of columns and key, and the statement as the emulator takes it."""
    found = re.match(r"CREATE TABLE (?:IF NOT EXISTS )?(`[^`]+`\.`[^`]+`) \(", sql)
    if not found:
        return sql, None
    key = re.search(r", PRIMARY KEY \(([^)]*)\) NOT ENFORCED", sql)
    names = re.findall(r"`([^`]+)`", key.group(1)) if key else []
    plain = sql.replace(key.group(0), "") if key else sql
    tree = sqlglot.parse_one(plain, read="bigquery")
    columns = {c.name: c.args["kind"].sql("bigquery") for c in tree.find_all(exp.ColumnDef)}
    defaults = {
        c.name: default.this.sql("bigquery")
        for c in tree.find_all(exp.ColumnDef)
        if (default := c.find(exp.DefaultColumnConstraint))
    }
    # Its engine has no bytes of a length.
    plain = re.sub(r"\bBYTES\(\d+\)", "BYTES", plain)
    return plain, (parts(found.group(1)), {"columns": columns, "key": names, "defaults": defaults, "optional": set()})


def of_alter(sql):
    """Notes what a change of a column comes to."""
    found = re.match(r"ALTER TABLE (`[^`]+`\.`[^`]+`) (.*)$", sql, re.S)
    made = MADE.get(parts(found.group(1))) if found else None
    if made is None:
        return
    columns, change = made["columns"], found.group(2)
    if m := re.match(r"ADD COLUMN `([^`]+)` (.+)$", change):
        columns[m[1]] = m[2]
    elif m := re.match(r"DROP COLUMN `([^`]+)`", change):
        columns.pop(m[1], None)
    elif m := re.match(r"RENAME COLUMN `([^`]+)` TO `([^`]+)`", change):
        made["columns"] = {m[2] if name == m[1] else name: ty for name, ty in columns.items()}
    elif m := re.match(r"ALTER COLUMN `([^`]+)` SET DATA TYPE (.+)$", change):
        columns[m[1]] = m[2]
    elif m := re.match(r"ALTER COLUMN `([^`]+)` DROP NOT NULL", change):
        made["optional"].add(m[1])


def field(name, ty, old):
    """A column as tables.get describes it."""
    kind, _, rest = ty.partition("(")
    described = {**old, "name": name, "type": {"INT64": "INTEGER", "BOOL": "BOOLEAN", "FLOAT64": "FLOAT"}.get(kind, kind)}
    numbers = [number.strip() for number in rest.rstrip(")").split(",") if number.strip()]
    if kind in ("STRING", "BYTES") and numbers:
        described["maxLength"] = numbers[0]
    elif numbers:
        described["precision"] = numbers[0]
        if len(numbers) > 1:
            described["scale"] = numbers[1]
    return described


def describe(table, body):
    made = MADE.get(table)
    if made is None or "schema" not in body:
        return body
    old = {f["name"]: f for f in body["schema"].get("fields", [])}
    fields = [field(name, ty, old.get(name, {"mode": "NULLABLE"})) for name, ty in made["columns"].items()]
    for column in fields:
        if column["name"] in made["defaults"]:
            column["defaultValueExpression"] = made["defaults"][column["name"]]
        if column["name"] in made["optional"]:
            column["mode"] = "NULLABLE"
    body["schema"]["fields"] = fields
    if made["key"]:
        body["tableConstraints"] = {"primaryKey": {"columns": made["key"]}}
    return body


# ---------------------------------------------------------------- jobs

execute = executor.execute_query_job


async def execute_query_job(project_id, job_id, bq_sql, query_params, ctx, **more):
    async with LOCK:
        RUNNING["parameters"] = {p["name"]: p for p in query_params or []}
        RUNNING["row_count"] = 0
        bq_sql, made = of_create(bq_sql)
        if "`region-us`.INFORMATION_SCHEMA.TABLES" in bq_sql:
            sets = [d.dataset_id for d in ctx.catalog.list_datasets(project_id)]
            every = " UNION ALL ".join(f"SELECT table_schema, table_name, table_type FROM `{d}`.INFORMATION_SCHEMA.TABLES" for d in sets)
            bq_sql = bq_sql.replace("`region-us`.INFORMATION_SCHEMA.TABLES", f"({every})")
        bq_sql = re.sub(r"\bSET DATA TYPE BYTES\(\d+\)", "SET DATA TYPE BYTES", bq_sql)
        RUNNING["source"] = bq_sql
        try:
            job = await execute(project_id, job_id, bq_sql, query_params, ctx, **more)
        except DomainError as error:
            in_words(error)
            raise
        if made:
            MADE[made[0]] = made[1]
        of_alter(bq_sql)
        if found := re.match(r"DROP TABLE (`[^`]+`\.`[^`]+`)", bq_sql):
            MADE.pop(parts(found.group(1)), None)
        return job


executor.execute_query_job = execute_query_job
routes.execute_query_job = execute_query_job

# ---------------------------------------------------------------- HTTP


class Added:
    """Makes the data set before the first request, and completes descriptions of tables."""

    def __init__(self, app):
        self.app = app
        self.has_dataset = False
        self.making = asyncio.Lock()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        async with self.making:
            if not self.has_dataset:
                await self.make_dataset(scope)
                self.has_dataset = True
        table = re.search(r"/datasets/([^/]+)/tables/([^/]+)$", scope["path"])
        if scope["method"] != "GET" or not table:
            return await self.app(scope, receive, send)
        start, body = {}, b""

        async def collect(message):
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            else:
                body += message.get("body", b"")

        await self.app(scope, receive, collect)
        if start["status"] == 200:
            body = json.dumps(describe(table.groups(), json.loads(body))).encode()
        start["headers"] = [h for h in start["headers"] if h[0].lower() != b"content-length"]
        start["headers"].append((b"content-length", str(len(body)).encode()))
        await send(start)
        await send({"type": "http.response.body", "body": body})

    async def make_dataset(self, scope):
        path = f"/bigquery/v2/projects/{PROJECT}/datasets"
        reference = {"projectId": PROJECT, "datasetId": PROJECT}
        body = json.dumps({"datasetReference": reference, "location": "US"}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        made = {**scope, "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(_message):
            pass

        await self.app(made, receive, send)


config = uvicorn.Config.__init__


def with_added(self, app, *args, **kwargs):
    config(self, Added(app), *args, **kwargs)


uvicorn.Config.__init__ = with_added

if __name__ == "__main__":
    sys.argv = ["bqemulator", "start", "--rest-port", sys.argv[1], "--grpc-port", "0", "--project", PROJECT]
    main()
