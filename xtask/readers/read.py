"""Reads golden statements with the parsers of sqlglot and sqlfluff, and prints what they cannot read.

Takes a list of {"file", "sqlglot", "sqlfluff"} as JSON on the standard input, a dialect for each parser, and prints a
list of {"file", "reader", "form", "message"}.
"""

import json
import logging
import re
import sys

import sqlglot
from sqlfluff.core import FluffConfig, Linter
from sqlglot import exp

# A parameter is no matter of grammar: drivers hand them over apart. A literal stands where each does, and a name where
# one takes a value.
PARAMETER = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\[(?:[^\]]|\]\])*\])|\$\d+|\?\d*|@[pP]\d+|:\d+")


def forms(text):
    """Names and statements; a statement without a name is its own."""
    name, lines, found = None, [], []
    for line in text.splitlines() + [""]:
        if line.startswith("-- "):
            name = line[3:] if not lines else name
        elif line:
            lines.append(line)
            if name is None:
                found.append((line, line))
                lines = []
        else:
            if lines:
                found.append((name, "\n".join(lines)))
            name, lines = None, []
    return [(name, without_parameters(sql)) for name, sql in found]


def without_parameters(sql):
    def put(match):
        return match[1] or ("x" if sql[: match.start()].endswith("INTO ") else "1")

    return PARAMETER.sub(put, sql)


def by_sqlglot(dialect):
    """What sqlglot does not understand it keeps as a command, and that is not reading."""

    def fault(sql):
        try:
            trees = sqlglot.parse(sql, read=dialect, error_level=sqlglot.ErrorLevel.RAISE)
        except sqlglot.errors.SqlglotError as error:
            return str(error)
        kept = [tree for tree in trees if tree and tree.find(exp.Command)]
        return f"not understood: {kept[0].sql()[:80]}" if kept else None

    return fault


def by_sqlfluff(dialect):
    linter = Linter(config=FluffConfig(overrides={"dialect": dialect, "templater": "raw", "large_file_skip_byte_limit": 0}))

    def fault(sql):
        parsed = linter.parse_string(sql + "\n")
        return str(parsed.violations[0]) if parsed.violations else None

    return fault


def main():
    logging.disable(logging.CRITICAL)
    faults = []
    for job in json.load(sys.stdin):
        with open(job["file"], encoding="utf-8") as file:
            statements = forms(file.read())
        for reader, make in [("sqlglot", by_sqlglot), ("sqlfluff", by_sqlfluff)]:
            read = make(job[reader])
            for form, sql in statements:
                fault = read(sql)
                if fault:
                    faults.append({"file": job["file"], "reader": reader, "form": form, "message": fault})
    json.dump(faults, sys.stdout)


main()
