//! A session of the test's own beside the driver, on a thread of its own: it holds locks and makes what the contract
//! cannot make.

use anyhow::{Context, Result, anyhow};
use tokio::sync::{mpsc, oneshot};

use crate::Session;
use crate::lab::Lab;
use crate::verify::skip;

type Reply = oneshot::Sender<Result<(), String>>;

/// An open session. Dropping it rolls back what is open, some time later; [`Outside::end`] waits for that.
pub(crate) struct Outside {
    statements: mpsc::UnboundedSender<(String, Reply)>,
    ended: oneshot::Receiver<()>,
}

impl Lab {
    /// Opens a session; skips the case when the target has none.
    pub(crate) async fn session(&self) -> Result<Outside> {
        let Some(open) = self.target.session else {
            return skip("the target declares no session of its own");
        };
        let options = self.options.clone();
        let (statements, inbox) = mpsc::unbounded_channel();
        let (opened, is_open) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        std::thread::spawn(move || {
            match open(&options) {
                Ok(session) => {
                    let _ = opened.send(Ok(()));
                    serve(session, inbox);
                }
                Err(message) => drop(opened.send(Err(message))),
            }
            drop(end);
        });
        is_open
            .await
            .context("the session's thread ended")?
            .map_err(|message| anyhow!("opening a session: {message}"))?;
        Ok(Outside { statements, ended })
    }

    /// Opens a session and runs `sql` in a transaction that stays open.
    pub(crate) async fn hold(&self, sql: &str) -> Result<Outside> {
        let session = self.session().await?;
        session.run(self.target.statements.begin).await?;
        session.run(sql).await?;
        Ok(session)
    }
}

fn serve(mut session: Box<dyn Session>, mut inbox: mpsc::UnboundedReceiver<(String, Reply)>) {
    while let Some((sql, reply)) = inbox.blocking_recv() {
        let _ = reply.send(session.run(&sql));
    }
}

impl Outside {
    /// Runs one statement.
    pub(crate) async fn run(&self, sql: &str) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.statements
            .send((sql.to_owned(), reply))
            .context("the session ended")?;
        let result = answer.await.context("the session ended")?;
        result.map_err(|message| anyhow!("{sql}: {message}"))
    }

    /// Ends the session, rolling back what is open.
    pub(crate) async fn end(self) {
        drop(self.statements);
        // The sender is dropped unsent when the session is gone.
        let _ = self.ended.await;
    }
}
