//! One session: a token, and one statement at a time.

use std::sync::Arc;

use quillback_plugin_api::{Category, DriverError};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::connect::login::{self, Tokens};
use crate::connect::{Call, Failure, Service, fresh_id};
use crate::errors;
use crate::result::{Answered, Data};

/// A statement and its values as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prepared {
    pub(crate) sql: String,
    pub(crate) values: Vec<String>,
}

/// A session.
pub(crate) struct Session {
    pub(crate) service: Arc<Service>,
    tokens: Tokens,
    sequence: u64,
    /// The request that is under way, and its statement.
    running: Option<(String, String)>,
    /// Whether a transaction was begun and has not ended.
    pub(crate) in_transaction: bool,
    /// Whether it cannot be used again.
    pub(crate) is_broken: bool,
}

#[derive(Default, Deserialize)]
struct Nothing {}

impl Session {
    /// Signs in.
    ///
    /// # Errors
    /// What the service says.
    pub(crate) async fn open(service: Arc<Service>) -> Result<Self, DriverError> {
        let tokens = login::sign_in(&service).await?;
        Ok(Self {
            service,
            tokens,
            sequence: 0,
            running: None,
            in_transaction: false,
            is_broken: false,
        })
    }

    /// Whether nothing is under way, so that somebody else can have it.
    pub(crate) fn is_clean(&self) -> bool {
        self.running.is_none() && !self.in_transaction && !self.is_broken
    }

    /// Runs a statement without values.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(crate) async fn command(&mut self, sql: &str) -> Result<Answered, DriverError> {
        let prepared = Prepared {
            sql: sql.to_owned(),
            values: Vec::new(),
        };
        self.run(&prepared, false).await
    }

    /// Runs a statement. `repeatable` says that it does no harm when it arrives twice.
    ///
    /// # Errors
    /// What the service says; `connection_lost` when it may have arrived and nobody knows what became of it.
    pub(crate) async fn run(
        &mut self,
        statement: &Prepared,
        repeatable: bool,
    ) -> Result<Answered, DriverError> {
        let mut has_renewed = false;
        loop {
            let refusal = match self.attempt(statement, repeatable).await {
                Ok(answered) => return Ok(answered),
                Err(Failure::Lost(error)) => {
                    self.is_broken |= error.connection_lost;
                    return Err(error);
                }
                Err(Failure::Refused(refusal)) => refusal,
            };
            // What is refused for its token was not run.
            let is_over = errors::is_over(&refusal.code);
            if has_renewed || !(is_over || errors::is_used_up(&refusal.code)) {
                let is_open = refusal.status >= 500;
                self.is_broken |= is_over || is_open;
                return Err(DriverError {
                    connection_lost: is_open,
                    ..errors::from_service(&refusal)
                });
            }
            has_renewed = true;
            self.renew(is_over).await?;
        }
    }

    /// Gets a new token, or a new session where the old one is over and held no transaction.
    async fn renew(&mut self, is_over: bool) -> Result<(), DriverError> {
        let service = Arc::clone(&self.service);
        if !is_over {
            match login::renew(&service, &mut self.tokens).await {
                Ok(()) => return Ok(()),
                Err(Failure::Lost(error)) => {
                    self.is_broken = true;
                    return Err(DriverError {
                        connection_lost: false,
                        ..error
                    });
                }
                Err(Failure::Refused(_)) => {}
            }
        }
        if self.in_transaction {
            self.is_broken = true;
            let message = "the session ended before its transaction did; nothing of it took effect";
            return Err(DriverError::new(Category::Unavailable, message));
        }
        self.tokens = login::sign_in(&service).await?;
        self.sequence = 0;
        Ok(())
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// What the service says.
    pub(crate) async fn begin(&mut self) -> Result<(), DriverError> {
        self.command("BEGIN").await?;
        self.in_transaction = true;
        Ok(())
    }

    /// Commits.
    ///
    /// # Errors
    /// What the service says; `connection_lost` where the commit may have taken effect.
    pub(crate) async fn commit(&mut self) -> Result<(), DriverError> {
        self.command("COMMIT").await?;
        self.in_transaction = false;
        Ok(())
    }

    /// Rolls back. Where that fails the session is not clean and will be ended, which rolls back too.
    pub(crate) async fn roll_back(&mut self) {
        if !self.is_broken && self.command("ROLLBACK").await.is_ok() {
            self.in_transaction = false;
        }
    }

    async fn attempt(
        &mut self,
        statement: &Prepared,
        repeatable: bool,
    ) -> Result<Answered, Failure> {
        self.sequence += 1;
        let id = fresh_id();
        let mut body = Map::new();
        body.insert("sqlText".into(), json!(statement.sql));
        body.insert("asyncExec".into(), json!(false));
        body.insert("sequenceId".into(), json!(self.sequence));
        if !statement.values.is_empty() {
            let bound = statement.values.iter().enumerate().map(|(at, value)| {
                // All values travel as text and the statement says what they are.
                (
                    (at + 1).to_string(),
                    json!({ "type": "TEXT", "value": value }),
                )
            });
            body.insert("bindings".into(), Json::Object(bound.collect()));
        }
        let body = Json::Object(body);
        self.running = Some((id.clone(), statement.sql.clone()));
        let call = Call {
            path: format!("/queries/v1/query-request?requestId={id}"),
            token: Some(&self.tokens.token),
            body: Some(&body),
            repeatable,
        };
        let mut answer = self.service.call::<Data>(&call).await;
        // A statement that takes long is looked at again and again; each look may take long as well.
        while let Ok((data, code)) = &answer
            && matches!(code.as_str(), "333333" | "333334")
        {
            let path = data.get_result_url.clone().unwrap_or_default();
            answer = self.look(path).await;
        }
        if !matches!(&answer, Err(Failure::Lost(error)) if error.connection_lost) {
            self.running = None;
        }
        let (data, _) = answer?;
        Answered::new(Arc::clone(&self.service), data).map_err(Failure::Lost)
    }

    /// Asks what has become of a statement that was taken. Without an answer nobody knows.
    async fn look(&mut self, path: String) -> Result<(Data, String), Failure> {
        let lost = |failure: Failure| {
            Failure::Lost(DriverError {
                connection_lost: true,
                ..DriverError::from(failure)
            })
        };
        let mut has_renewed = false;
        loop {
            let call = Call {
                path: path.clone(),
                token: Some(&self.tokens.token),
                body: None,
                repeatable: true,
            };
            match self.service.call::<Data>(&call).await {
                Err(Failure::Refused(refusal))
                    if !has_renewed && errors::is_used_up(&refusal.code) =>
                {
                    has_renewed = true;
                    login::renew(&self.service, &mut self.tokens)
                        .await
                        .map_err(lost)?;
                }
                Err(Failure::Refused(refusal))
                    if errors::is_used_up(&refusal.code) || errors::is_over(&refusal.code) =>
                {
                    return Err(lost(Failure::Refused(refusal)));
                }
                Err(failure @ Failure::Lost(_)) => return Err(lost(failure)),
                answer => return answer,
            }
        }
    }

    /// Stops what is under way and ends the session, which rolls an open transaction back.
    pub(crate) async fn end(mut self) {
        if let Some((id, sql)) = self.running.take() {
            let body = json!({ "sqlText": sql, "requestId": id });
            let call = Call {
                path: format!("/queries/v1/abort-request?requestId={}", fresh_id()),
                token: Some(&self.tokens.token),
                body: Some(&body),
                repeatable: true,
            };
            // Whether it could be stopped makes no difference to what comes next.
            let _ = self.service.call::<Nothing>(&call).await;
        }
        let nothing = json!({});
        let call = Call {
            path: format!("/session?delete=true&requestId={}", fresh_id()),
            token: Some(&self.tokens.token),
            body: Some(&nothing),
            repeatable: true,
        };
        let _ = self.service.call::<Nothing>(&call).await;
    }
}
