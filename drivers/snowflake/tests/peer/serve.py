"""Runs fakesnow, and adds what it lacks of Snowflake for the tests of this driver.

Added here, each because the service or its documentation shows it and fakesnow has it not:

* results in JSON, in the service's own spelling of each type (fakesnow answers reads in Arrow);
* declared types, keys and lengths in DESCRIBE TABLE, SHOW PRIMARY KEYS and the headings of results; keys are not enforced;
* NUMBER(38, 0) with all its digits;
* the service's numbers in place of HTTP 500 for what the engine refuses;
* abort-request, token-request, and a roll-back when a session ends;
* one transaction at a time, in place of locks: the engine refuses whoever comes second.

What it does not add: warehouses, roles, rights, large results in parts, offsets in TIMESTAMP_TZ.
"""

import asyncio
import collections
import json
import re
import string
import sys

import duckdb
import fakesnow.server as fakesnow
import pyarrow as pa
import snowflake.connector.errors as errors
import uvicorn
from fakesnow import cursor, transforms
from fakesnow.converter import from_binding
from fakesnow.dialect import parse_one
from fakesnow.rowtype import describe_as_rowtype
from sqlglot import exp
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import Route

# {(schema, table): {"columns": {name: [type, may be NULL, default]}, "key": [name]}}
MADE = {}
# Requests under way: {id: (task, connection, whether it waits for its turn)}
RUNNING = {}
TURN = asyncio.Lock()
HOLDER = {"token": None}
# One for each session: the engine must not close a connection on which a statement runs.
BUSY = collections.defaultdict(asyncio.Lock)
ROW = r"\((?:\?|NULL)(?:, (?:\?|NULL))*\)"
ROWS = re.compile(rf"(?<=FROM VALUES ){ROW}(?:, {ROW})+")
SPELLED = {
    "DECIMAL": "NUMBER", "DOUBLE": "FLOAT", "TEXT": "VARCHAR", "VARBINARY": "BINARY",
    "TIMESTAMPNTZ": "TIMESTAMP_NTZ", "TIMESTAMPLTZ": "TIMESTAMP_LTZ", "TIMESTAMPTZ": "TIMESTAMP_TZ",
}
WHOLE = {"VARCHAR": "(16777216)", "BINARY": "(8388608)", "NUMBER": "(38,0)", "TIME": "(9)"}
REFUSED = [
    (duckdb.InterruptException, "000604", "57014"),
    (duckdb.ConstraintException, "100072", "22000"),
    (duckdb.TransactionException, "000625", "57014"),
    (duckdb.OutOfRangeException, "100039", "22003"),
    (duckdb.NotImplementedException, "000002", "0A000"),
    (duckdb.DataError, "100039", "22003"),
]


class Said(string.Template):
    """What fakesnow says about a name, which may hold a quote."""

    def substitute(self, **names):
        return super().substitute(**{key: str(name).replace("'", "''") for key, name in names.items()})


for name, said in list(vars(cursor).items()):
    if name.startswith("SQL_") and isinstance(said, string.Template):
        setattr(cursor, name, Said(said.template))


def types(node):
    """In place of fakesnow's own, which makes whole numbers 64 bits wide and leaves lengths that the engine lacks."""
    if isinstance(node, exp.DataType) and node.this in (exp.DataType.Type.BINARY, exp.DataType.Type.VARBINARY):
        return exp.DataType.build("VARBINARY")
    if isinstance(node, exp.DataType) and (
        node.this in (exp.DataType.Type.INT, exp.DataType.Type.BIGINT, exp.DataType.Type.SMALLINT)
        or node.this == exp.DataType.Type.DECIMAL and not node.expressions
    ):
        return exp.DataType.build("DECIMAL(38, 0)")
    return node


transforms.integer_precision = types


def spelled(kind):
    name, _, rest = kind.sql(dialect="snowflake").replace(" ", "").partition("(")
    name = SPELLED.get(name, name)
    return name + ("(" + rest if rest else WHOLE.get(name, ""))


def place(conn, table):
    return (table.db or conn.schema, table.name)


def column(definition):
    """Type, whether it may be NULL, and default."""
    kinds = [constraint.kind for constraint in definition.constraints]
    required = any(isinstance(k, exp.NotNullColumnConstraint) and not k.args.get("allow_null") for k in kinds)
    default = next((k.this.sql(dialect="snowflake") for k in kinds if isinstance(k, exp.DefaultColumnConstraint)), None)
    return [spelled(definition.kind), "N" if required else "Y", default]


def learn(conn, sql, tree):
    """The table that a statement changes, and what it is then; keys are taken out of the statement."""
    if isinstance(tree, exp.Create) and isinstance(tree.this, exp.Schema):
        columns = {c.name: column(c) for c in tree.this.find_all(exp.ColumnDef)}
        key = []
        for found in list(tree.this.find_all(exp.PrimaryKey)):
            key = [part.name for part in found.expressions]
            found.pop()
        where = place(conn, tree.find(exp.Table))
        return where, MADE.get(where, {"columns": columns, "key": key})
    if isinstance(tree, exp.Drop):
        return place(conn, tree.find(exp.Table)), None
    changed = re.match(r'ALTER TABLE (?:"((?:[^"]|"")*)"\.)?"((?:[^"]|"")*)" (ADD|DROP|RENAME|ALTER) COLUMN "((?:[^"]|"")*)" ?(.*)', sql, re.S)
    if not changed:
        return None, None
    schema, table, what, name = ((part or "").replace('""', '"') for part in changed.groups()[:4])
    rest = changed[5]
    where = (schema or conn.schema, table)
    made = MADE.get(where, {"columns": {}, "key": []})
    columns = {key: list(value) for key, value in made["columns"].items()}
    if what == "ADD":
        columns[name] = column(tree.find(exp.ColumnDef))
    elif what == "DROP":
        columns.pop(name, None)
    elif what == "RENAME":
        new = rest[4:-1].replace('""', '"')
        columns = {new if key == name else key: value for key, value in columns.items()}
    elif rest.startswith("SET DATA TYPE "):
        columns[name][0] = spelled(exp.DataType.build(rest[14:], dialect="snowflake"))
    elif rest.endswith("NOT NULL"):
        columns[name][1] = "N" if rest.startswith("SET") else "Y"
    else:
        columns[name][2] = None
    return where, {**made, "columns": columns}


def shown(conn, sql):
    """What DESCRIBE and SHOW answer about a table, or nothing for any other statement."""
    asked = re.match(r'(DESCRIBE TABLE|SHOW PRIMARY KEYS IN TABLE|SHOW UNIQUE KEYS IN TABLE) (?:"((?:[^"]|"")*)"\.)?"((?:[^"]|"")*)"$', sql)
    if not asked:
        return None
    schema, table = ((part or "").replace('""', '"') for part in asked.groups()[1:])
    made = MADE.get((schema or conn.schema, table))
    if made is None:
        raise errors.ProgrammingError(msg=f"Table '{table}' does not exist or not authorized.", errno=2003, sqlstate="42S02")
    if asked[1] == "DESCRIBE TABLE":
        names = ["name", "type", "null?", "default", "kind"]
        rows = [[name, *parts, "COLUMN"] for name, parts in made["columns"].items()]
    else:
        names = ["column_name", "key_sequence", "constraint_name"]
        key = made["key"] if "PRIMARY" in asked[1] else []
        rows = [[name, str(at + 1), "key"] for at, name in enumerate(key)]
    return [{"name": name, "type": "text"} for name in names], rows


def declared(conn, tree, rowtype):
    """Headings of a read of one table get the types that were declared."""
    table = tree.find(exp.Table) if isinstance(tree, exp.Select) else None
    columns = MADE.get(place(conn, table), {}).get("columns", {}) if table else {}
    for heading, item in zip(rowtype, tree.expressions if columns else []):
        if isinstance(item, exp.Count):
            heading.update(type="fixed", precision=18, scale=0)
        column = item.this if isinstance(item, (exp.Min, exp.Max)) else item
        if not isinstance(column, exp.Column) or column.name not in columns:
            continue
        name, _, rest = columns[column.name][0].partition("(")
        numbers = [int(n) for n in re.findall(r"\d+", rest)]
        if name == "NUMBER":
            heading.update(type="fixed", precision=numbers[0], scale=(numbers + [0])[1])
        elif name.startswith("TIME"):
            heading.update(type=name.lower(), scale=(numbers + [9])[0])
        elif name in ("VARCHAR", "BINARY"):
            heading.update(length=numbers[0])


def cells(column, heading):
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        digits = {"s": 0, "ms": 3, "us": 6, "ns": 9}[kind.unit]
        suffix = " 1440" if heading["type"] == "timestamp_tz" else ""
        for number in column.cast(pa.int64()).to_pylist():
            if number is None:
                yield None
                continue
            sign, number = ("-", -number) if number < 0 else ("", number)
            seconds, rest = divmod(number * 10 ** (9 - digits), 10**9)
            yield f"{sign}{seconds}.{rest:09}{suffix}"
        return
    if pa.types.is_date(kind):
        column = column.cast(pa.int32())
    for value in column.to_pylist():
        if value is None or isinstance(value, str):
            yield value
        elif isinstance(value, bool):
            yield "1" if value else "0"
        elif isinstance(value, bytes):
            yield value.hex().upper()
        elif isinstance(value, float):
            yield {"nan": "NaN"}.get(str(value), repr(value))
        else:
            yield format(value, "f") if hasattr(value, "as_tuple") else str(value)


def many(conn, sql, params):
    """Statements over many rows: fakesnow, which takes seconds for a thousand, is shown one, and the engine all."""
    rows = ROWS.search(sql) if len(params) > 50 else None
    if not rows:
        return None
    one = "(" + ", ".join("?" * (rows[0].partition(")")[0].count(",") + 1)) + ")"
    tree = conn.cursor()._transform(parse_one(sql[: rows.start()] + one + sql[rows.end() :]), None)
    whole = tree.sql(dialect="duckdb").replace(one, rows[0])
    ((number,),) = conn._duck_conn.execute(whole, list(params)).fetchall()
    return [{"name": "number of rows", "type": "fixed", "precision": 38, "scale": 0}], [[str(number)]]


def run(conn, sql, params):
    answer = shown(conn, sql) or many(conn, sql, params)
    if answer:
        return answer
    tree = parse_one(sql)
    where, made = learn(conn, sql, tree)
    if where and isinstance(tree, exp.Create):
        sql = tree.sql(dialect="snowflake")
    cur = conn.cursor()
    cur.execute(sql, binding_params=params, server=True)
    table = cur._arrow_table
    if where and made:
        MADE[where] = made
    elif where:
        MADE.pop(where, None)
    rowtype = describe_as_rowtype(cur._describe_last_sql())
    declared(conn, tree, rowtype)
    columns = [list(cells(values, heading)) for values, heading in zip(table.columns, rowtype)]
    return rowtype, [list(row) for row in zip(*columns)]


def refusal(error):
    if isinstance(error, errors.ProgrammingError):
        code, state = f"{error.errno:06}", error.sqlstate
        if "already exists" in str(error):
            code, state = "002002", "42710"
        return code, state, error.msg
    for kind, code, state in REFUSED:
        if isinstance(error, kind):
            return code, state, "refused by the engine"
    return "000603", "XX000", f"{type(error).__name__}: {error}"


async def query(request):
    token = fakesnow.to_token(request)
    conn = fakesnow.sessions.get(token)
    if not conn:
        return JSONResponse({"data": None, "code": "390104", "message": "sign in again", "success": False})
    body = json.loads(await request.body())
    sql, bound = body["sqlText"], body.get("bindings") or {}
    params = tuple(from_binding(bound[str(at + 1)]) for at in range(len(bound)))
    key = request.query_params["requestId"]
    try:
        RUNNING[key] = (asyncio.current_task(), conn, True)
        if sql == "BEGIN" and HOLDER["token"] != token:
            await TURN.acquire()
            HOLDER["token"] = token
        RUNNING[key] = (asyncio.current_task(), conn, False)
        async with BUSY[token]:
            rowtype, rows = await run_in_threadpool(run, conn, sql, params)
    except asyncio.CancelledError:
        return JSONResponse({"data": {"sqlState": "57014"}, "code": "000604", "message": "canceled", "success": False})
    except Exception as error:
        code, state, message = refusal(error)
        data = {"errorCode": code, "sqlState": state}
        return JSONResponse({"data": data, "code": code, "message": message, "success": False})
    finally:
        RUNNING.pop(key, None)
        if sql in ("COMMIT", "ROLLBACK"):
            let_go(token)
    data = {"rowtype": rowtype, "rowset": rows, "total": len(rows), "queryResultFormat": "json"}
    return JSONResponse({"data": data, "code": None, "message": None, "success": True})


def let_go(token):
    if HOLDER["token"] == token:
        HOLDER["token"] = None
        TURN.release()


async def abort(request):
    task, conn, waits = RUNNING.get(json.loads(await request.body())["requestId"], (None, None, None))
    if waits:
        task.cancel()
    elif conn:
        conn._duck_conn.interrupt()
    return JSONResponse({"data": None, "code": None, "message": None, "success": True})


async def session(request):
    token = fakesnow.to_token(request)
    conn = fakesnow.sessions.pop(token, None)
    if conn:
        async with BUSY.pop(token, asyncio.Lock()):
            await run_in_threadpool(conn.close)
        let_go(token)
    return JSONResponse({"data": None, "code": None, "message": None, "success": True})


app = Starlette(
    routes=[
        Route("/session/v1/login-request", fakesnow.login_request, methods=["POST"]),
        Route("/session", session, methods=["POST"]),
        Route("/queries/v1/query-request", query, methods=["POST"]),
        Route("/queries/v1/abort-request", abort, methods=["POST"]),
    ]
)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False, timeout_keep_alive=75)
