//! The tables of drivers in `drivers/README.md`, made from what each driver's `driver.toml` says and what ran.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use crate::manifest::{Kind, Manifest};
use crate::records::{Run, Tally};

/// A driver and the runs that are on record.
pub(crate) type Driver = (Manifest, Vec<Run>);

const START: &str = "<!-- table of drivers: written by `cargo xtask codegen` -->";
const END: &str = "<!-- end of the table -->";

/// Replaces the tables between the two marks.
///
/// # Errors
/// When the marks are missing.
pub(crate) fn with_tables(document: &str, drivers: &[Driver]) -> Result<String> {
    let found = document.split_once(START).and_then(|(head, rest)| {
        let (_, tail) = rest.split_once(END)?;
        Some((head, tail))
    });
    let Some((head, tail)) = found else {
        bail!("the marks `{START}` and `{END}` are missing")
    };
    let (table, ran) = (table(drivers), ran(drivers));
    Ok(format!("{head}{START}\n\n{table}\n{ran}\n{END}{tail}"))
}

fn table(drivers: &[Driver]) -> String {
    let mut text = String::from(
        "| database | driver | client | can hold the repository | ran on |\n\
         |---|---|---|---|---|\n",
    );
    for (driver, runs) in drivers {
        let Manifest {
            id,
            name,
            client,
            is_repository,
            ..
        } = driver;
        let repository = if *is_repository { "yes" } else { "no" };
        let ran = summary(driver, runs);
        let _ = writeln!(
            text,
            "| {name} | [{id}]({id}/README.md) | {client} | {repository} | {ran} |"
        );
    }
    text
}

fn summary(driver: &Manifest, runs: &[Run]) -> String {
    if runs.is_empty() {
        return "nothing: its SQL is compared as text".to_owned();
    }
    let kinds = runs.iter().map(|run| driver.verified.get(&run.server));
    let is_real = kinds.flatten().any(|kind| *kind == Kind::Vendor);
    let servers: Vec<&str> = runs.iter().map(|run| run.server.as_str()).collect();
    let never = if is_real {
        ""
    } else {
        "; never the database itself"
    };
    format!("{}{never}", servers.join(", "))
}

fn ran(drivers: &[Driver]) -> String {
    let mut text = String::from(
        "| driver | server, as it says itself | which is | suite, linked | suite, loaded | story |\n\
         |---|---|---|---|---|---|\n",
    );
    for (driver, runs) in drivers {
        for run in runs {
            let kind = driver.verified.get(&run.server);
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} |",
                driver.id,
                run.told,
                kind.map_or("", |kind| kind.words()),
                cases(run.linked),
                cases(run.loaded),
                steps(run)
            );
        }
    }
    text
}

fn cases(tally: Option<Tally>) -> String {
    tally.map_or_else(
        || "not run".to_owned(),
        |Tally {
             held,
             excepted,
             skipped,
         }| { format!("{held} held, {excepted} excepted, {skipped} skipped") },
    )
}

fn steps(run: &Run) -> String {
    let held = run.steps.len();
    match run.refused.as_slice() {
        [] if held == 0 => "not run".to_owned(),
        [] => format!("{held} steps held"),
        refused => format!("{held} steps held; refused: {}", refused.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{END, START, with_tables};
    use crate::manifest::Manifest;
    use crate::records::{Run, Tally};

    const FINE: &str = "id = 'x'\nname = 'X base'\nclient = 'x-client'\nrepository = true\nverified = { X = 'vendor' }";

    #[test]
    fn the_tables_stand_between_the_marks_and_stay_when_made_again() {
        let document = format!("# Drivers\n{START}\nstale\n{END}\nend\n");
        let run = Run {
            server: "X".into(),
            told: "X 1.2".into(),
            linked: Some(Tally {
                held: 3,
                excepted: 2,
                skipped: 1,
            }),
            steps: vec!["edit".into()],
            refused: vec!["page".into()],
            ..Run::default()
        };
        let manifest = Manifest::parse(FINE, "x").unwrap();
        let imitated = Manifest::parse(&FINE.replace("vendor", "emulator"), "x").unwrap();
        let drivers = [
            (manifest.clone(), vec![run.clone()]),
            (manifest, Vec::new()),
            (imitated, vec![run]),
        ];
        let text = with_tables(&document, &drivers).unwrap();
        for line in [
            "| X base | [x](x/README.md) | x-client | yes | X |\n",
            "| X base | [x](x/README.md) | x-client | yes | nothing: its SQL is compared as text |\n",
            "| X base | [x](x/README.md) | x-client | yes | X; never the database itself |\n",
            "| x | X 1.2 | the database itself | 3 held, 2 excepted, 1 skipped | not run | 1 steps held; refused: page |\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert!(
            text.starts_with("# Drivers\n") && text.ends_with("\nend\n") && !text.contains("stale")
        );
        assert_eq!(with_tables(&text, &drivers).unwrap(), text);
        assert!(with_tables("no marks", &drivers).is_err());
    }
}
