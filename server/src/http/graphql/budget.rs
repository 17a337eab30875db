//! How much each caller may ask for in a minute, over all connections together.
//!
//! The limits of one document do not keep a caller from sending many of them. A budget is a bucket of cost that fills
//! again evenly (<https://en.wikipedia.org/wiki/Token_bucket>).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use hyper::{
    StatusCode,
    header::{self, HeaderValue},
};

use crate::http::PublicError;

const MINUTE: Duration = Duration::from_mins(1);
/// From so many callers on, those whose buckets are full again are forgotten, at most once in this time: looking through
/// all of them is not for every request.
const TIDIED_FROM: usize = 10_000;
const TIDIED_EVERY: Duration = Duration::from_secs(1);

/// The budgets of all callers.
#[derive(Debug)]
pub(super) struct Budgets {
    per_minute: u64,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    spent: HashMap<String, Spent>,
    tidied: Option<Instant>,
}

/// What a caller has spent and not got back at a moment.
#[derive(Debug, Clone, Copy)]
struct Spent {
    cost: f64,
    at: Instant,
}

impl Budgets {
    /// Budgets of this cost a minute; 0 is no limit.
    pub(super) fn new(per_minute: u64) -> Self {
        Self {
            per_minute,
            books: Mutex::default(),
        }
    }

    /// Takes the cost of a document out of the caller's budget.
    ///
    /// # Errors
    /// `BUDGET_EXCEEDED` with the seconds until there is enough again.
    pub(super) fn spend(&self, caller: &str, cost: u64, now: Instant) -> Result<(), PublicError> {
        if self.per_minute == 0 {
            return Ok(());
        }
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        self.tidy(&mut books, now);
        let known = books.spent.get(caller);
        let owed = known.map_or(0.0, |spent| self.owed(*spent, now));
        let budget = self.budget();
        let cost = as_float(cost);
        // Who has spent nothing may ask for anything that the limits of a document let through.
        if owed > 0.0 && owed + cost > budget {
            let missing = owed - (budget - cost).max(0.0);
            return Err(self.refusal(MINUTE.mul_f64(missing / budget)));
        }
        let spent = Spent {
            cost: owed + cost,
            at: now,
        };
        books.spent.insert(caller.to_owned(), spent);
        Ok(())
    }

    fn tidy(&self, books: &mut Books, now: Instant) {
        let is_due = |last: Instant| now.saturating_duration_since(last) >= TIDIED_EVERY;
        if books.spent.len() >= TIDIED_FROM && books.tidied.is_none_or(is_due) {
            books.spent.retain(|_, spent| self.owed(*spent, now) > 0.0);
            books.tidied = Some(now);
        }
    }

    fn budget(&self) -> f64 {
        as_float(self.per_minute)
    }

    fn owed(&self, spent: Spent, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(spent.at).as_secs_f64();
        let returned = self.budget() * passed / MINUTE.as_secs_f64();
        (spent.cost - returned).max(0.0)
    }

    fn refusal(&self, wait: Duration) -> PublicError {
        let seconds = wait.as_secs().saturating_add(1);
        let message = format!(
            "this caller has asked for all of limits.cost_per_minute, which is {}; try again in {seconds} s",
            self.per_minute
        );
        PublicError::http(StatusCode::TOO_MANY_REQUESTS, "BUDGET_EXCEEDED", message)
            .header(header::RETRY_AFTER, HeaderValue::from(seconds))
            .detail("limit", "cost_per_minute")
            .detail("maximum", self.per_minute)
            .detail("retryAfterSeconds", seconds)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a budget need not be exact to the last of 2^53 units"
)]
fn as_float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_shared_by_all_requests_of_a_caller_and_fills_again() {
        let budgets = Budgets::new(600);
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        for _ in 0..6 {
            budgets.spend("ann", 100, start).unwrap();
        }
        let error = budgets.spend("ann", 100, start).unwrap_err();
        assert_eq!(error.code, "BUDGET_EXCEEDED");
        let told = error.to_json();
        let told = &told["errors"][0]["extensions"]["retryAfterSeconds"];
        assert_eq!(*told, 11);
        budgets.spend("bob", 100, start).unwrap();
        budgets.spend("ann", 100, after(9)).unwrap_err();
        budgets.spend("ann", 100, after(11)).unwrap();
        budgets.spend("ann", 100, after(12)).unwrap_err();
        budgets.spend("ann", 600, after(80)).unwrap();
    }

    #[test]
    fn one_document_larger_than_the_budget_passes_when_nothing_is_owed() {
        let budgets = Budgets::new(10);
        let start = Instant::now();
        budgets.spend("ann", 25, start).unwrap();
        budgets.spend("ann", 1, start).unwrap_err();
        let later = start + Duration::from_secs(151);
        budgets.spend("ann", 25, later).unwrap();
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let budgets = Budgets::new(0);
        budgets.spend("ann", u64::MAX, Instant::now()).unwrap();
        assert!(budgets.books.lock().unwrap().spent.is_empty());
    }

    #[test]
    fn callers_who_owe_nothing_are_forgotten() {
        let budgets = Budgets::new(600);
        let start = Instant::now();
        for caller in 0..TIDIED_FROM {
            budgets.spend(&caller.to_string(), 1, start).unwrap();
        }
        budgets.spend("ann", 1, start + MINUTE).unwrap();
        assert_eq!(budgets.books.lock().unwrap().spent.len(), 1);
    }
}
