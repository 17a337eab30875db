//! The first steps in README.md, run as they stand there.

use std::process::Command;

use crate::support::Program;

const README: &str = include_str!("../../../README.md");
/// What a reader replaces by what the server printed.
const PLACEHOLDER: &str = "paste the printed password here";
const ADDRESS: &str = "http://127.0.0.1:8080";

/// The shell blocks that call the server, in order.
fn blocks() -> Vec<String> {
    let mut blocks = Vec::new();
    let mut current: Option<String> = None;
    for line in README.lines() {
        match &mut current {
            None if line == "```sh" => current = Some(String::new()),
            None => {}
            Some(_) if line == "```" => blocks.extend(current.take()),
            Some(block) => *block += &format!("{line}\n"),
        }
    }
    blocks.retain(|block| {
        ["curl", "quillback '", PLACEHOLDER]
            .iter()
            .any(|part| block.contains(part))
    });
    blocks
}

#[test]
fn the_first_steps_of_the_readme_work_as_they_stand_there() {
    let program = Program::install();
    let served = program.serve(&["--demo"]);
    let blocks = blocks();
    assert!(
        blocks.iter().any(|block| block.contains(PLACEHOLDER)),
        "the password is asked for"
    );
    assert!(blocks.concat().contains(ADDRESS));
    let mut script = "set -eu\n".to_owned();
    for block in &blocks {
        script += block;
        script += "echo; echo @@@@\n";
    }
    let script = script
        .replace(PLACEHOLDER, &served.password())
        .replace(ADDRESS, &format!("http://{}", served.address));
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answers: Vec<&str> = said.split("@@@@\n").collect();
    let answer_to = |part: &str| {
        let at = blocks.iter().position(|block| block.contains(part));
        answers[at.unwrap_or_else(|| panic!("no block with {part}"))]
    };
    assert!(!said.contains("\"errors\""), "{said}");
    for label in [
        "Electricity targets",
        "Weather notes",
        "Weather corrections",
    ] {
        assert!(answer_to("schemas {").contains(label), "{said}");
    }
    assert!(answer_to("rows(").contains("\"totalCount\":"), "{said}");
    assert!(
        answer_to("\"values\": { \"weather\"").contains("\"APPLIED\""),
        "{said}"
    );
    let conflict = answer_to("somebody else");
    assert!(
        conflict.contains("\"CONFLICT\"") && conflict.contains("\"REJECTED\""),
        "{said}"
    );
    let history = answer_to("history(");
    assert!(
        history.contains("\"before\"") && history.contains("\"username\":\"admin\""),
        "{said}"
    );
}
