//! What the service answers when nothing is wrong, and its driver connected to that.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "all of it belongs to tests"
)]

use std::ops::Deref;

use quillback_driver_snowflake::{Snowflake, SnowflakeInstance};
use quillback_family_http::test_server::TestServer;
pub(crate) use quillback_family_http::test_server::{Asked, Reply};
use quillback_plugin_api::DriverError;
use quillback_plugin_api::driver::{Context, Driver as _};
use serde_json::{Value, json};

/// A running server.
pub(crate) struct Server(TestServer);

impl Deref for Server {
    type Target = TestServer;

    fn deref(&self) -> &TestServer {
        &self.0
    }
}

impl Server {
    /// As [`TestServer::start`]. Where `rule` says nothing, everything works.
    pub(crate) async fn start(
        rule: impl Fn(&Asked, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let whole =
            move |asked: &Asked, before| rule(asked, before).unwrap_or_else(|| usual(asked));
        Self(TestServer::start(whole).await)
    }

    /// Statements that were asked for so far, without those that look tables up.
    pub(crate) fn statements(&self) -> Vec<String> {
        let asked = self.asked().into_iter();
        let asked = asked.filter(|asked| asked.is("POST", "/query-request"));
        asked
            .map(|asked| sql(&asked))
            .filter(|sql| !sql.starts_with("DESCRIBE") && !sql.starts_with("SHOW"))
            .collect()
    }

    /// Opens a connection to it, with these options beside those that reach it.
    pub(crate) async fn open(&self, more: Value) -> Result<SnowflakeInstance, DriverError> {
        let mut options = json!({
            "endpoint": self.url, "account": "org-acc", "user": "me", "password": "hush", "database": "D",
        });
        for (name, value) in more.as_object().unwrap() {
            options[name] = value.clone();
        }
        Snowflake::new(Context::default())
            .unwrap()
            .open(options)
            .await
    }
}

/// The statement that is asked for.
pub(crate) fn sql(asked: &Asked) -> String {
    let text = &asked.json()["sqlText"];
    text.as_str().unwrap_or_default().to_owned()
}

/// An error as the service writes it.
pub(crate) fn error(code: &str, sqlstate: &str, message: &str) -> Reply {
    let data = json!({ "errorCode": code, "sqlState": sqlstate });
    Reply::Json(
        200,
        json!({ "data": data, "code": code, "message": message, "success": false }),
    )
}

/// A result whose columns are texts.
pub(crate) fn result(names: &[&str], rows: &[&[&str]]) -> Value {
    let headings: Vec<_> = names
        .iter()
        .map(|name| json!({ "name": name, "type": "text", "length": 10, "nullable": true }))
        .collect();
    let data = json!({ "rowtype": headings, "rowset": rows, "queryResultFormat": "json" });
    json!({ "data": data, "code": null, "message": null, "success": true })
}

/// What a server says that has one table of two columns, the first of which is its key.
fn usual(asked: &Asked) -> Reply {
    let number = |n: &str| result(&["number of rows"], &[&[n]]);
    let answer = if asked.is("POST", "/login-request") {
        let info = json!({ "databaseName": "D", "schemaName": "PUBLIC" });
        let data = json!({ "token": "first", "masterToken": "master", "sessionInfo": info });
        json!({ "data": data, "success": true })
    } else if asked.is("POST", "/token-request") {
        let data = json!({ "sessionToken": "second", "masterToken": "master2" });
        json!({ "data": data, "success": true })
    } else if asked.is("POST", "/query-request") {
        match sql(asked).split(' ').next().unwrap() {
            "DESCRIBE" => result(
                &["name", "type", "null?"],
                &[&["id", "NUMBER(19,0)", "N"], &["t", "VARCHAR(20)", "Y"]],
            ),
            "SHOW" if sql(asked).contains("PRIMARY") => result(
                &["column_name", "key_sequence", "constraint_name"],
                &[&["id", "1", "k"]],
            ),
            "SHOW" => result(&["column_name"], &[]),
            "BEGIN" | "COMMIT" | "ROLLBACK" => result(&["status"], &[&["ok"]]),
            _ => number("1"),
        }
    } else {
        json!({ "data": null, "success": true })
    };
    Reply::Json(200, answer)
}
