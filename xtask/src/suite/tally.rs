//! Counting what passed and what failed.

use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};

/// How many tests passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything is well.
    Passed(Counts),
    /// Something is not; without counts the step itself is what failed.
    Failed(Counts),
    /// Left out on purpose.
    Skipped(String),
    /// Impossible, because an earlier step failed.
    NotRun(String),
}

impl Verdict {
    /// A step without tests that went well.
    pub(crate) const PASSED: Self = Self::Passed(Counts {
        passed: 0,
        failed: 0,
    });

    /// The verdict on a test run.
    pub(crate) fn of(succeeded: bool, counts: Counts) -> Self {
        if succeeded && counts.failed == 0 {
            Self::Passed(counts)
        } else {
            Self::Failed(counts)
        }
    }

    /// The verdict on two test runs together.
    pub(crate) fn and(self, other: &Self) -> Self {
        let succeeded = !self.is_failure() && !other.is_failure();
        let (a, b) = (self.counts(), other.counts());
        let sum = Counts {
            passed: a.passed + b.passed,
            failed: a.failed + b.failed,
        };
        Self::of(succeeded, sum)
    }

    /// Whether the whole command must fail because of this step.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::NotRun(_))
    }

    fn counts(&self) -> Counts {
        match self {
            Self::Passed(counts) | Self::Failed(counts) => *counts,
            Self::Skipped(_) | Self::NotRun(_) => Counts::default(),
        }
    }
}

/// One line of the summary.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) verdict: Verdict,
    took: Duration,
}

impl Report {
    /// A report on a finished step.
    pub(crate) fn new(name: &'static str, verdict: Verdict, took: Duration) -> Self {
        Self {
            name,
            verdict,
            took,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, detail) = match &self.verdict {
            Verdict::Passed(counts) if *counts == Counts::default() => ("ok", String::new()),
            Verdict::Failed(counts) if *counts == Counts::default() => ("FAILED", String::new()),
            Verdict::Passed(counts) => ("ok", counts.to_string()),
            Verdict::Failed(counts) => ("FAILED", counts.to_string()),
            Verdict::Skipped(reason) => ("skipped", reason.clone()),
            Verdict::NotRun(reason) => ("NOT RUN", reason.clone()),
        };
        let line = format!(
            "{:<10} {word:<8}{:>8.1} s  {detail}",
            self.name,
            self.took.as_secs_f64()
        );
        f.write_str(line.trim_end())
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// The sum over all steps. A step without tests counts as one check.
pub(crate) fn total(reports: &[Report]) -> Counts {
    reports.iter().fold(Counts::default(), |sum, report| {
        let mut counts = report.verdict.counts();
        match &report.verdict {
            Verdict::Passed(_) if counts.passed == 0 => counts.passed = 1,
            Verdict::Failed(_) | Verdict::NotRun(_) if counts.failed == 0 => counts.failed = 1,
            _ => {}
        }
        Counts {
            passed: sum.passed + counts.passed,
            failed: sum.failed + counts.failed,
        }
    })
}

/// Reads the counts from the head of a report in the `JUnit` format.
pub(crate) fn junit(text: &str) -> Counts {
    let head = text
        .split("<testsuites")
        .nth(1)
        .and_then(|rest| rest.split('>').next());
    let number = |name: &str| -> u32 {
        let value = head.and_then(|head| head.split(&format!(" {name}=\"")).nth(1));
        value
            .and_then(|rest| rest.split('"').next())
            .and_then(|n| n.parse().ok())
            .unwrap_or(0)
    };
    let failed = number("failures") + number("errors");
    Counts {
        passed: number("tests").saturating_sub(failed),
        failed,
    }
}

/// Runs a command that prints like Rust's own test harness, shows its output and counts.
///
/// # Errors
/// When the command cannot be started.
pub(crate) fn libtest(command: &mut Command) -> Result<Verdict> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
    let mut counts = Counts::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line?;
            println!("{line}");
            counts.passed += before(&line, " passed");
            counts.failed += before(&line, " failed");
        }
    }
    Ok(Verdict::of(child.wait()?.success(), counts))
}

/// The number in front of a word on the harness's result line.
fn before(line: &str, word: &str) -> u32 {
    let Some(rest) = line.trim_start().strip_prefix("test result: ") else {
        return 0;
    };
    let number = rest
        .split(word)
        .next()
        .and_then(|head| head.split([' ', ';']).next_back());
    number.and_then(|n| n.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Counts, Report, Verdict, before, junit, libtest, total};
    use std::process::Command;
    use std::time::Duration;

    #[test]
    fn junit_counts_come_from_the_outer_element() {
        let text = r#"<?xml version="1.0"?>
            <testsuites name="ci" tests="7" failures="2" errors="1" time="1.0">
            <testsuite name="x" tests="5" failures="1"></testsuite></testsuites>"#;
        assert_eq!(
            junit(text),
            Counts {
                passed: 4,
                failed: 3
            }
        );
        assert_eq!(junit("<nothing/>"), Counts::default());
    }

    #[test]
    fn result_lines_are_counted_and_other_lines_are_not() {
        let line = "test result: FAILED. 12 passed; 3 failed; 0 ignored; finished in 0.1s";
        assert_eq!((before(line, " passed"), before(line, " failed")), (12, 3));
        assert_eq!(before("we saw 4 passed;", " passed"), 0);
    }

    #[test]
    fn a_run_that_fails_without_failed_tests_is_a_failure() {
        let script = "echo 'test result: ok. 2 passed; 0 failed; 0 ignored'; exit 1";
        let verdict = libtest(Command::new("sh").args(["-c", script])).unwrap();
        assert_eq!(
            verdict,
            Verdict::Failed(Counts {
                passed: 2,
                failed: 0
            })
        );
    }

    #[test]
    fn the_total_counts_tests_and_plain_checks() {
        let report = |verdict| Report::new("x", verdict, Duration::ZERO);
        let reports = [
            report(Verdict::PASSED),
            report(Verdict::Passed(Counts {
                passed: 5,
                failed: 0,
            })),
            report(Verdict::Failed(Counts {
                passed: 5,
                failed: 2,
            })),
            report(Verdict::Failed(Counts {
                passed: 2,
                failed: 0,
            })),
            report(Verdict::NotRun(String::new())),
            report(Verdict::Skipped(String::new())),
        ];
        assert_eq!(
            total(&reports),
            Counts {
                passed: 13,
                failed: 4
            }
        );
    }
}
