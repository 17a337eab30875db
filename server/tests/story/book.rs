//! What became of each step, in the log and in the folder that `QUILLBACK_RECORD` names.

use std::pin::Pin;

use anyhow::{Result, bail};
use libtest_mimic::Failed;
use serde_json::json;

use crate::{
    place::{self, Place},
    world::{Refused, World},
};

/// A step under way.
type Running<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// A step of the story.
pub struct Step {
    name: &'static str,
    run: fn(&World) -> Running<'_>,
}

impl Step {
    /// A step of this name.
    pub const fn new(name: &'static str, run: fn(&World) -> Running<'_>) -> Self {
        Self { name, run }
    }
}

/// The steps so far.
pub struct Book<'a> {
    /// The server, as it says itself.
    pub server: Option<String>,
    place: &'a Place,
    steps: Vec<(&'static str, &'static str)>,
    faults: Vec<String>,
}

impl<'a> Book<'a> {
    /// An empty book.
    pub fn new(place: &'a Place) -> Self {
        Self {
            server: None,
            place,
            steps: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Takes a step that all later ones need; none when it failed.
    pub async fn groundwork<T>(
        &mut self,
        name: &'static str,
        step: impl Future<Output = Result<T>>,
    ) -> Option<T> {
        let (made, result) = match step.await {
            Ok(made) => (Some(made), Ok(())),
            Err(error) => (None, Err(error)),
        };
        self.note(name, result);
        made
    }

    /// Takes a step.
    pub async fn step(&mut self, step: &Step, world: &World) {
        let result = (step.run)(world).await;
        self.note(step.name, result);
    }

    fn note(&mut self, name: &'static str, result: Result<()>) {
        let outcome = match self.judge(name, result) {
            Ok(outcome) => outcome,
            Err(error) => {
                self.faults.push(format!("{name}: {error:#}"));
                "failed"
            }
        };
        eprintln!(
            "{}::{}: {name}: {outcome}",
            self.place.driver, self.place.name
        );
        self.steps.push((name, outcome));
    }

    /// A step must go well, or be refused in the way that the driver tells.
    fn judge(&self, name: &str, result: Result<()>) -> Result<&'static str> {
        match (self.place.refused.get(name), result) {
            (None, Ok(())) => Ok("held"),
            (None, Err(error)) => Err(error),
            (Some(code), Ok(())) => {
                bail!("it works now: take it off the steps that are refused with {code}")
            }
            (Some(code), Err(error)) => match error.downcast_ref::<Refused>() {
                Some(refused) if refused.code == *code => Ok("refused"),
                _ => Err(error.context(format!("to be refused with {code}"))),
            },
        }
    }

    /// Writes the notes.
    ///
    /// # Errors
    /// All steps that failed.
    pub fn close(self) -> Result<(), Failed> {
        if let Some(folder) = place::text_of("QUILLBACK_RECORD") {
            let (driver, place) = (&self.place.driver, &self.place.name);
            let steps: Vec<_> = self
                .steps
                .iter()
                .map(|(name, outcome)| json!({ "name": name, "outcome": outcome }))
                .collect();
            let note =
                json!({ "driver": driver, "place": place, "server": self.server, "steps": steps });
            let file = format!("{folder}/{driver}.story.{place}.json");
            std::fs::write(file, note.to_string())?;
        }
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(self.faults.join("\n").into())
    }
}
