//! The test of a connection: who answers, how fast, and what its account may do; whatever it makes it removes again.

use std::time::Instant;

use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::driver::ServerInfo;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{
    Assignment, ColumnDef, CreateTable, Ddl, Delete, Expr, Insert, Select, Statement, Update,
};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Category, DriverError, Ident, RowBuffer, TableRef, Value};

use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::permit::{ManageConnections, Permit};
use crate::plan::{MARKER, marker_table};
use crate::targets::Opened;

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What: `connect`, `create_table`, `insert`, `select`, `update`, `delete`, `drop_table`, `marker`.
    pub name: &'static str,
    /// What the database said against it, if anything.
    pub problem: Option<String>,
}

/// What the test of a connection found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestReport {
    /// Who answered; missing when nobody did.
    pub server: Option<ServerInfo>,
    /// Milliseconds until the server answered.
    pub milliseconds: u64,
    /// Code of what went wrong, as in errors; missing when all is well.
    pub code: Option<&'static str>,
    /// What was tried, in order; it stops at what the rest depends on.
    pub checks: Vec<Check>,
}

impl TestReport {
    /// Whether everything went well.
    pub fn is_ok(&self) -> bool {
        self.checks.iter().all(|check| check.problem.is_none())
    }
}

/// Reports on a connection that was just opened, or could not be.
pub(super) async fn report(
    cx: &Cx,
    permit: &Permit<ManageConnections>,
    opened: Result<Opened>,
) -> Result<TestReport> {
    let opened = match opened {
        Ok(opened) => opened,
        Err(Error::Target(error)) => {
            let problem = Error::Target(error);
            let check = Check {
                name: "connect",
                problem: Some(problem.public_message()),
            };
            return Ok(TestReport {
                server: None,
                milliseconds: 0,
                code: Some(problem.code()),
                checks: vec![check],
            });
        }
        Err(other) => return Err(other),
    };
    let instance = opened.raw(permit);
    let started = Instant::now();
    let server = instance.ping().await.map_err(Error::Target)?;
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut probe = Probe {
        instance,
        checks: vec![Check {
            name: "connect",
            problem: None,
        }],
        code: None,
    };
    probe.rights(&scratch_table(cx)).await;
    probe.marker().await;
    let Probe { checks, code, .. } = probe;
    opened.raw(permit).close().await;
    Ok(TestReport {
        server: Some(server),
        milliseconds,
        code,
        checks,
    })
}

/// Makes the marker table where there is none.
///
/// # Errors
/// What the database says against it.
pub(crate) async fn ensure_marker(
    instance: &RemoteInstance,
) -> std::result::Result<(), DriverError> {
    let table = TableRef::new(Ident::literal(MARKER));
    if let Catalog::Table(Some(_)) = instance.introspect(&Introspect::Table(table)).await? {
        return Ok(());
    }
    match instance.define(&[marker_table()]).await {
        // Someone else made it at the same time.
        Err(error) if error.category == Category::AlreadyExists => Ok(()),
        other => other,
    }
}

fn scratch_table(cx: &Cx) -> TableRef {
    let name = format!("_quillback_test_{}", cx.new_id().simple());
    TableRef::new(Ident::new(name).unwrap_or_else(|_| Ident::literal("_quillback_test")))
}

struct Probe<'a> {
    instance: &'a RemoteInstance,
    checks: Vec<Check>,
    code: Option<&'static str>,
}

impl Probe<'_> {
    fn note(&mut self, name: &'static str, outcome: std::result::Result<(), DriverError>) -> bool {
        let error = outcome.err().map(Error::Target);
        self.code = self.code.or(error.as_ref().map(Error::code));
        let problem = error.as_ref().map(Error::public_message);
        let is_fine = problem.is_none();
        self.checks.push(Check { name, problem });
        is_fine
    }

    async fn rights(&mut self, table: &TableRef) {
        let column = Ident::literal("id");
        let create = Ddl::CreateTable(CreateTable {
            table: table.clone(),
            columns: vec![ColumnDef::required(column.clone(), LogicalType::INT64)],
            primary_key: vec![column.clone()],
            if_not_exists: false,
        });
        let created = self.instance.define(&[create]).await;
        if !self.note("create_table", created) {
            return;
        }
        let row = Expr::eq(&column, 1);
        let rows = RowBuffer::from_rows(1, &[vec![Value::I64(1)]]).unwrap_or_default();
        let insert = Insert {
            table: table.clone(),
            columns: vec![column.clone()],
            rows,
            returning: Vec::new(),
        };
        let set = vec![Assignment::set(&column, 2)];
        let update = Update {
            table: table.clone(),
            set,
            filter: row,
        };
        let delete = Delete {
            table: table.clone(),
            filter: Expr::eq(&column, 2),
        };
        for (name, statement) in [
            ("insert", Statement::Insert(insert)),
            ("update", Statement::Update(update)),
            ("delete", Statement::Delete(delete)),
        ] {
            let mut batch = Batch::default();
            batch
                .read(Select::count(table.clone(), Expr::True))
                .write(statement, Expect::Rows(1));
            let outcome = self
                .instance
                .apply(&batch)
                .await
                .and_then(|outcome| done(&outcome));
            self.note(name, outcome);
        }
        let dropped = self.instance.define(&[Ddl::DropTable(table.clone())]).await;
        self.note("drop_table", dropped);
    }

    async fn marker(&mut self) {
        let outcome = ensure_marker(self.instance).await;
        self.note("marker", outcome);
    }
}

fn done(outcome: &BatchOutcome) -> std::result::Result<(), DriverError> {
    match outcome {
        BatchOutcome::Committed(_) => Ok(()),
        BatchOutcome::Refused { .. } => Err(DriverError::new(
            Category::Other,
            "the database reported another number of rows than were written",
        )),
    }
}
