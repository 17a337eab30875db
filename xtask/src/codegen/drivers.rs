//! The table of drivers in `drivers/README.md`, made from each driver's `driver.toml`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::workspace;

const START: &str = "<!-- table of drivers: written by `cargo xtask codegen` -->";
const END: &str = "<!-- end of the table -->";

/// What a driver says about itself in `driver.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    id: String,
    name: String,
    client: String,
    is_repository: bool,
    verified: String,
}

/// Reads the manifests of all drivers, in the order of their ids.
///
/// # Errors
/// When one is missing or wrong.
pub(crate) fn read(root: &Path) -> Result<Vec<Manifest>> {
    let ids = workspace::drivers(root)?;
    let read_one = |id: &String| {
        let path = format!("drivers/{id}/driver.toml");
        let text = std::fs::read_to_string(root.join(&path))
            .with_context(|| format!("cannot read {path}"))?;
        parse(&text, id).with_context(|| format!("{path} is wrong"))
    };
    ids.iter().map(read_one).collect()
}

fn parse(text: &str, folder: &str) -> Result<Manifest> {
    let table: toml::Table = text.parse()?;
    let known = ["id", "name", "client", "repository", "verified"];
    if let Some(stranger) = table.keys().find(|key| !known.contains(&key.as_str())) {
        bail!("unknown key `{stranger}`; known are: {}", known.join(", "));
    }
    let text_of = |key: &str| {
        let value = table.get(key).and_then(toml::Value::as_str);
        value
            .map(str::to_owned)
            .with_context(|| format!("`{key}` must be a text"))
    };
    let id = text_of("id")?;
    if id != folder {
        bail!("`id` is `{id}` but the folder is `{folder}`");
    }
    let is_repository = table.get("repository").and_then(toml::Value::as_bool);
    Ok(Manifest {
        id,
        name: text_of("name")?,
        client: text_of("client")?,
        is_repository: is_repository.context("`repository` must be true or false")?,
        verified: text_of("verified")?,
    })
}

/// Replaces the table between the two marks.
///
/// # Errors
/// When the marks are missing.
pub(crate) fn with_table(document: &str, drivers: &[Manifest]) -> Result<String> {
    let found = document.split_once(START).and_then(|(head, rest)| {
        let (_, tail) = rest.split_once(END)?;
        Some((head, tail))
    });
    let Some((head, tail)) = found else {
        bail!("the marks `{START}` and `{END}` are missing")
    };
    Ok(format!("{head}{START}\n\n{}\n{END}{tail}", table(drivers)))
}

fn table(drivers: &[Manifest]) -> String {
    let mut text = String::from(
        "| database | driver | client | can hold the repository | verified against |\n\
         |---|---|---|---|---|\n",
    );
    for driver in drivers {
        let Manifest {
            id,
            name,
            client,
            is_repository,
            verified,
        } = driver;
        let repository = if *is_repository { "yes" } else { "no" };
        let _ = writeln!(
            text,
            "| {name} | [{id}]({id}/README.md) | {client} | {repository} | {verified} |"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{END, START, parse, with_table};

    const FINE: &str =
        "id = 'x'\nname = 'X base'\nclient = 'x-client'\nrepository = true\nverified = 'X 1'";

    #[test]
    fn the_table_stands_between_the_marks_and_stays_when_made_again() {
        let document = format!("# Drivers\n{START}\nstale\n{END}\nend\n");
        let drivers = [parse(FINE, "x").unwrap()];
        let text = with_table(&document, &drivers).unwrap();
        assert!(
            text.contains("| X base | [x](x/README.md) | x-client | yes | X 1 |\n"),
            "{text}"
        );
        assert!(
            text.starts_with("# Drivers\n") && text.ends_with("\nend\n") && !text.contains("stale")
        );
        assert_eq!(with_table(&text, &drivers).unwrap(), text);
        assert!(with_table("no marks", &drivers).is_err());
    }

    #[test]
    fn a_wrong_manifest_is_refused_with_its_reason() {
        let message = |text: &str| format!("{:#}", parse(text, "x").unwrap_err());
        assert!(message(&FINE.replace("'x'", "'y'")).contains("folder"));
        assert!(message(&FINE.replace("client", "clinet")).contains("clinet"));
        assert!(message(&FINE.replace("true", "'yes'")).contains("repository"));
        assert!(message(&FINE.replace("verified = 'X 1'", "")).contains("verified"));
    }
}
