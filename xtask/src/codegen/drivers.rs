//! The table of drivers in `drivers/README.md`, made from each driver's `driver.toml`.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use crate::manifest::Manifest;

const START: &str = "<!-- table of drivers: written by `cargo xtask codegen` -->";
const END: &str = "<!-- end of the table -->";

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
            ..
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
    use super::{END, START, with_table};
    use crate::manifest::Manifest;

    const FINE: &str =
        "id = 'x'\nname = 'X base'\nclient = 'x-client'\nrepository = true\nverified = 'X 1'";

    #[test]
    fn the_table_stands_between_the_marks_and_stays_when_made_again() {
        let document = format!("# Drivers\n{START}\nstale\n{END}\nend\n");
        let drivers = [Manifest::parse(FINE, "x").unwrap()];
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
}
