//! Tests of the records of drivers.

use super::{Extent, Run, agree, compare, read, write};
use crate::manifest::Manifest;

const MANIFEST: &str =
    "id = 'x'\nname = 'X base'\nclient = 'c'\nrepository = false\n[verified]\nX = 'emulator'\n";

/// A checkout with one driver, and a folder for notes.
fn checkout() -> (tempfile::TempDir, std::path::PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let notes = root.path().join("notes");
    for folder in [&notes, &root.path().join("drivers/x")] {
        std::fs::create_dir_all(folder).unwrap();
    }
    std::fs::write(root.path().join("drivers/x/driver.toml"), MANIFEST).unwrap();
    (root, notes)
}

fn case(name: &str, outcome: &str, server: &str) -> String {
    format!(
        r#"{{"driver":"x","place":"conformance","mode":"linked","case":"{name}","outcome":"{outcome}","server":{server}}}"#
    )
}

fn story(outcome: &str) -> String {
    format!(
        r#"{{"driver":"x","place":"server","server":"X 1.2","steps":[{{"name":"edit","outcome":"{outcome}"}},{{"name":"page","outcome":"refused"}}]}}"#
    )
}

fn leave(notes: &std::path::Path, texts: &[String]) {
    std::fs::remove_dir_all(notes).unwrap();
    std::fs::create_dir(notes).unwrap();
    for (number, text) in texts.iter().enumerate() {
        std::fs::write(notes.join(format!("{number}.json")), text).unwrap();
    }
}

/// Notes of a run in which everything held.
fn whole() -> Vec<String> {
    vec![
        case("a::one", "held", "null"),
        case("a::two", "held", "\"X 1.2\""),
        case("a::three", "skipped", "\"X 1.2\""),
        story("held"),
    ]
}

#[test]
fn notes_become_a_record_that_reads_as_it_was_written() {
    let (root, notes) = checkout();
    leave(&notes, &whole());
    let changed = compare(root.path(), &notes, Extent::All).unwrap();
    write(root.path(), &changed).unwrap();
    let runs = read(root.path(), "x").unwrap();
    let [run] = &runs[..] else { panic!("{runs:?}") };
    assert_eq!((run.server.as_str(), run.told.as_str()), ("X", "X 1.2"));
    let linked = run.linked.unwrap();
    assert_eq!((linked.held, linked.excepted, linked.skipped), (2, 0, 1));
    assert_eq!(
        (run.loaded, run.steps.len(), run.refused.len()),
        (None, 1, 1)
    );
    let again = compare(root.path(), &notes, Extent::All).unwrap();
    assert_eq!(again, []);
}

#[test]
fn less_than_is_on_record_is_refused_unless_it_did_not_run() {
    let (root, notes) = checkout();
    leave(&notes, &whole());
    let changed = compare(root.path(), &notes, Extent::All).unwrap();
    write(root.path(), &changed).unwrap();
    let refused = |texts: &[String], extent| {
        leave(&notes, texts);
        compare(root.path(), &notes, extent)
            .unwrap_err()
            .to_string()
    };
    let all = whole();
    let text = refused(&all[1..], Extent::Some);
    assert!(text.contains("X, linked: 1 cases hold, 2 did"), "{text}");
    let text = refused(&all[..3], Extent::All);
    assert!(text.contains("`edit` does not hold"), "{text}");
    let text = refused(&all[3..], Extent::All);
    assert!(text.contains("X, linked: 0 cases hold"), "{text}");
    let text = refused(&[], Extent::All);
    assert!(text.contains("nothing ran on X"), "{text}");
    for some in [&all[..3], &all[3..], &[]] {
        leave(&notes, some);
        assert_eq!(compare(root.path(), &notes, Extent::Some).unwrap(), []);
    }
}

#[test]
fn what_failed_or_has_no_name_makes_no_record() {
    let (root, notes) = checkout();
    let refused = |text: String| {
        leave(&notes, &[text]);
        compare(root.path(), &notes, Extent::Some)
            .unwrap_err()
            .to_string()
    };
    assert!(refused(story("failed")).contains("`edit` failed"));
    assert!(refused(case("a::one", "failed", "\"X 1\"")).contains("linked::a::one failed"));
    assert!(refused(case("a::one", "held", "\"Y 1\"")).contains("does not say what `Y 1` is"));
}

#[test]
fn a_claim_without_a_record_and_a_record_without_a_claim_are_refused() {
    let manifest = Manifest::parse(MANIFEST, "x").unwrap();
    let run = |server: &str| Run {
        server: server.to_owned(),
        ..Run::default()
    };
    assert!(agree(&manifest, &[run("X")]).is_ok());
    let claim = agree(&manifest, &[]).unwrap_err().to_string();
    assert!(claim.contains("names `X`"), "{claim}");
    let record = agree(&manifest, &[run("X"), run("Y")]).unwrap_err();
    assert!(record.to_string().contains("what `Y` is"), "{record}");
}
