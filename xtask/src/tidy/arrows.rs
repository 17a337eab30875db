//! Who may depend on whom: the table of the architecture, as data.

use std::path::Path;

use serde_json::Value;

use super::Finding;
use super::lexer::Kind;
use super::source::Source;

/// A list of names.
type Names = &'static [&'static str];

/// What one crate may depend on. `drivers/*` stands for every driver, `drivers/families/*` for what several share; the
/// first row that covers a crate is its own.
struct Row {
    crate_folder: &'static str,
    /// Our crates it may use.
    may_use: Names,
    /// Our crates that only its tests may use.
    tests_may_use: Names,
    /// Crates of others that it must never use.
    never: &'static [Names],
}

const fn row(
    crate_folder: &'static str,
    may_use: Names,
    tests_may_use: Names,
    never: &'static [Names],
) -> Row {
    Row {
        crate_folder,
        may_use,
        tests_may_use,
        never,
    }
}

/// Ways to reach a database other than through a driver.
const CLIENTS: Names = &[
    "rusqlite",
    "libsqlite3-sys",
    "sqlx",
    "sqlx-core",
    "sqlx-mysql",
    "sqlx-postgres",
    "sqlx-sqlite",
    "tokio-postgres",
    "postgres",
    "mysql",
    "mysql_async",
    "tiberius",
    "odbc-api",
    "oracle",
    "oracledb",
    "oracle-rs",
    "diesel",
    "sea-orm",
    "duckdb",
    "adbc_core",
    "adbc_driver_manager",
    "gcp-bigquery-client",
    "snowflake-connector-rs",
];
const WEB: Names = &["axum", "hyper", "tower", "tower-http"];
/// A driver may be a client of a service on the web, and never a server.
const SERVERS: Names = &["axum", "tower", "tower-http"];
const GRAPHQL: Names = &["async-graphql", "async-graphql-axum", "juniper"];
const OUTSIDE: Names = &["reqwest", "ureq", "lettre", "samael", "libloading"];

const EVERYTHING: Names = &[
    "plugin-api",
    "plugin-host",
    "migrations",
    "core",
    "auth",
    "workflows",
    "tableau",
    "graphql",
    "drivers/*",
];
const BENCHED: Names = &[
    "plugin-api",
    "plugin-host",
    "plugin-host/fixture",
    "migrations",
    "core",
    "server",
    "drivers/*",
];
const ANY_DRIVER: Names = &["drivers/*"];

/// The table. A new crate needs a row here; a new arrow needs a decision record as well.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    row("plugin-api", &[], &[], &[WEB, GRAPHQL, CLIENTS, OUTSIDE]),
    row("drivers/families/*", &["plugin-api"], &[], &[SERVERS, GRAPHQL]),
    row("drivers/*", &["plugin-api", "drivers/families/*"], &["conformance"], &[SERVERS, GRAPHQL]),
    row("plugin-host", &["plugin-api"], &["plugin-host/fixture"], &[WEB, GRAPHQL, CLIENTS]),
    row("plugin-host/fixture", &["plugin-api"], &[], &[WEB, GRAPHQL, CLIENTS, OUTSIDE]),
    row("conformance", &["plugin-api", "plugin-host"], &[], &[WEB, GRAPHQL, CLIENTS]),
    row("migrations", &["plugin-api"], ANY_DRIVER, &[WEB, GRAPHQL, CLIENTS, OUTSIDE]),
    row("core", &["plugin-api", "migrations"], ANY_DRIVER, &[WEB, GRAPHQL, CLIENTS, OUTSIDE]),
    row("auth", &["core"], ANY_DRIVER, &[WEB, GRAPHQL, CLIENTS]),
    row("workflows", &["core"], ANY_DRIVER, &[WEB, GRAPHQL, CLIENTS]),
    row("tableau", &["core"], ANY_DRIVER, &[WEB, GRAPHQL, CLIENTS]),
    row("graphql", &["core", "auth"], ANY_DRIVER, &[WEB, CLIENTS, OUTSIDE]),
    row("server", EVERYTHING, &["conformance"], &[CLIENTS]),
    row("bench", BENCHED, &[], &[]),
    row("xtask", &[], &[], &[WEB, GRAPHQL, CLIENTS, OUTSIDE]),
];

/// Checks every manifest of the workspace, as `cargo metadata` prints them, against the table.
pub(crate) fn manifests(metadata: &Value, root: &Path) -> Vec<Finding> {
    let packages = list(metadata, "packages").iter();
    packages
        .flat_map(|package| manifest(package, root))
        .collect()
}

fn manifest(package: &Value, root: &Path) -> Vec<Finding> {
    let path = relative(text(package, "manifest_path").unwrap_or_default(), root);
    let folder = path.trim_end_matches("/Cargo.toml");
    let Some(row) = TABLE.iter().find(|row| covers(row.crate_folder, folder)) else {
        let message = "give this crate a row in the table of xtask/src/tidy/arrows.rs";
        return vec![Finding::new(&path, 1, message)];
    };
    let dependencies = list(package, "dependencies").iter();
    let broken = dependencies.filter_map(|dependency| arrow(row, dependency, root));
    broken
        .map(|message| Finding::new(&path, 1, message))
        .collect()
}

/// What is wrong with one dependency, if anything is.
fn arrow(row: &Row, dependency: &Value, root: &Path) -> Option<String> {
    let name = text(dependency, "name").unwrap_or_default();
    let is_test = text(dependency, "kind") == Some("dev");
    if let Some(path) = text(dependency, "path") {
        let folder = relative(path, root);
        let listed = |list: &[&str]| list.iter().any(|pattern| covers(pattern, &folder));
        let fine = listed(row.may_use) || (is_test && listed(row.tests_may_use));
        return (!fine).then(|| format!("`{}` must not depend on `{folder}`", row.crate_folder));
    }
    let is_banned = !is_test && row.never.iter().any(|list| list.contains(&name));
    is_banned.then(|| format!("`{}` must never see the crate `{name}`", row.crate_folder))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn relative(path: &str, root: &Path) -> String {
    let path = Path::new(path);
    path.strip_prefix(root)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}

fn covers(pattern: &str, folder: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(head) => folder.starts_with(head),
        None => pattern == folder,
    }
}

/// Modules that reach the outside world; core gets what it needs passed in.
const WORLD: &[(&str, &[&str])] = &[
    ("std", &["env", "fs", "net", "process"]),
    ("tokio", &["fs", "net", "process"]),
];

/// Core does no input or output except through driver instances.
pub(crate) fn outside_world(source: &Source) -> Vec<Finding> {
    if !["core/src/", "migrations/src/"]
        .iter()
        .any(|place| source.path.starts_with(place))
    {
        return Vec::new();
    }
    let mut tokens = source.shipped();
    tokens.retain(|token| matches!(token.kind, Kind::Word | Kind::Mark));
    let mut findings = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Some((_, modules)) = WORLD.iter().find(|(name, _)| *name == token.text) else {
            continue;
        };
        let mut after = tokens.iter().skip(at + 1);
        if !(after.next().is_some_and(|t| t.text == ":")
            && after.next().is_some_and(|t| t.text == ":"))
        {
            continue;
        }
        let named = imported(after.map(|token| token.text));
        for module in named.into_iter().filter(|name| modules.contains(name)) {
            let message = format!(
                "`{}::{module}`: core reaches the outside world through drivers only",
                token.text
            );
            findings.push(Finding::new(&source.path, token.line, message));
        }
    }
    findings
}

/// The first names after `std::`, one or a group in braces.
fn imported<'a>(mut tokens: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let Some(first) = tokens.next() else {
        return Vec::new();
    };
    if first != "{" {
        return vec![first];
    }
    let (mut depth, mut is_first, mut names) = (1_u32, true, Vec::new());
    for token in tokens {
        match token {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 1 => is_first = true,
            name if depth == 1 && is_first => {
                names.push(name);
                is_first = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::{manifests, outside_world};
    use crate::tidy::source::Source;
    use serde_json::json;
    use std::path::Path;

    fn check(folder: &str, dependencies: &serde_json::Value) -> Vec<String> {
        let metadata = json!({ "packages": [{
            "manifest_path": format!("/r/{folder}/Cargo.toml"),
            "dependencies": dependencies,
        }]});
        manifests(&metadata, Path::new("/r"))
            .into_iter()
            .map(|f| f.message)
            .collect()
    }

    #[test]
    fn a_driver_may_use_the_contract_and_test_with_the_suite() {
        let fine = json!([
            { "name": "quillback-plugin-api", "kind": null, "path": "/r/plugin-api" },
            { "name": "quillback-conformance", "kind": "dev", "path": "/r/conformance" },
            { "name": "rusqlite", "kind": null },
        ]);
        assert_eq!(check("drivers/x", &fine), Vec::<String>::new());
        let family = json!([{ "name": "f", "kind": null, "path": "/r/drivers/families/f" }]);
        assert_eq!(check("drivers/x", &family), Vec::<String>::new());
    }

    #[test]
    fn arrows_that_point_up_are_found() {
        let up = json!([{ "name": "c", "kind": null, "path": "/r/conformance" }]);
        assert_eq!(
            check("drivers/x", &up),
            ["`drivers/*` must not depend on `conformance`"]
        );
        let driver = json!([{ "name": "d", "kind": null, "path": "/r/drivers/sqlite" }]);
        for below in ["drivers/x", "drivers/families/f"] {
            assert_eq!(check(below, &driver).len(), 1, "{below}");
        }
        assert_eq!(check("core", &driver).len(), 1);
        let tests = json!([{ "name": "d", "kind": "dev", "path": "/r/drivers/sqlite" }]);
        assert!(check("core", &tests).is_empty());
    }

    #[test]
    fn crates_that_must_not_be_seen_are_found() {
        let web = json!([{ "name": "axum", "kind": null }]);
        for folder in ["core", "graphql", "plugin-api", "auth"] {
            assert_eq!(check(folder, &web).len(), 1, "{folder}");
        }
        assert!(check("server", &web).is_empty());
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        assert_eq!(check("surprise", &json!([])).len(), 1);
    }

    #[test]
    fn core_that_reaches_outside_is_found_however_it_imports() {
        let hits = [
            "use std::fs::File;",
            "let x = std::env::var_os(\"A\");",
            "use std::{collections::{BTreeMap, btree_map}, env};",
            "use tokio::net::TcpStream;",
        ];
        for text in hits {
            assert_eq!(
                outside_world(&Source::of("core/src/a.rs", text)).len(),
                1,
                "{text}"
            );
        }
        let misses = [
            "use std::fmt;",
            "// std::fs",
            "use std::{fmt::{self, env}, io};",
            "my::fs::x()",
        ];
        for text in misses {
            assert!(
                outside_world(&Source::of("core/src/a.rs", text)).is_empty(),
                "{text}"
            );
        }
        assert!(outside_world(&Source::of("server/src/a.rs", "use std::fs;")).is_empty());
    }
}
