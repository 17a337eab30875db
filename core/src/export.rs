//! Taking rows out as a CSV file: the rows and fields that a page would show, read page by page so that a table of any
//! size takes the memory of one page.
//!
//! Pages follow one another by the key, as in [`crate::read`]: rows that others change meanwhile are in the file as they
//! were when their page was read, and no row is in it twice.
//!
//! Values are written as the API writes them, one record a row (RFC 4180); a cell without anything is NULL, a cell of two
//! quotes is an empty text. Spreadsheets run texts that start with `=`, `+`, `-` or `@` as formulas, so such texts get an
//! apostrophe in front, which is what spreadsheets themselves write for "this is text"
//! (<https://owasp.org/www-community/attacks/CSV_Injection>). Numbers and dates are no texts and stay as they are. A
//! program that reads the file asks for texts as they are stored.

use std::sync::Arc;

use quillback_plugin_api::sql::{Direction, Expr};
use quillback_plugin_api::{Value, ValueRef};
use serde_json::{Value as Json, json};

use crate::app::App;
use crate::audit::events;
use crate::catalog::{self, Loaded};
use crate::cx::Cx;
use crate::error::Result;
use crate::field::FieldKind;
use crate::ids::SchemaId;
use crate::permit;
use crate::plan::{self, PagePlan, SortKey};
use crate::policy::{self, Action, Grant};
use crate::read::{self, Filter, Reader};
use crate::repo;
use crate::row_json;
use crate::targets::Opened;
use crate::write::{Image, shown};

/// Rows of the first page: few, because nobody knows yet how large they are.
const FIRST_PAGE: u64 = 200;

/// Most rows of a page.
const LARGEST_PAGE: u64 = 5_000;

/// Bytes of text that a page should come to.
const PAGE_BYTES: u64 = 512 * 1024;

/// What to take out.
#[derive(Clone, Debug)]
pub struct ExportCommand {
    /// Schema.
    pub schema: SchemaId,
    /// Filter, as in [`read::page`].
    pub filter: Option<Filter>,
    /// Fields to sort by, and their directions.
    pub sort: Vec<(String, Direction)>,
    /// Whether the file starts with a byte order mark, without which Excel takes it for text of another encoding.
    pub byte_order_mark: bool,
    /// Whether texts that spreadsheets would run as formulas stay as they are stored.
    pub keep_formulas: bool,
}

/// How an export came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every row was taken.
    Complete,
    /// Whoever asked for it went away.
    Abandoned,
    /// It could not be finished.
    Failed,
}

impl Ended {
    fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Abandoned => "abandoned",
            Self::Failed => "failed",
        }
    }
}

/// An export under way.
pub struct Export {
    cx: Cx,
    app: App,
    loaded: Arc<Loaded>,
    grant: Grant,
    target: Opened,
    filter: Expr,
    sort: Vec<SortKey>,
    keep_formulas: bool,
    after: Option<Vec<Value>>,
    page: u64,
    rows: u64,
    /// What goes out before the first row; none when it has gone out.
    head: Option<String>,
    is_done: bool,
}

/// Starts an export, and says so in the audit trail: rows that leave without a trace do not leave.
///
/// # Errors
/// `Invalid` with the path of every fault, `NotFound` and `Denied` by the user's rights, `Target` when the database could
/// not be reached.
pub async fn open(cx: &Cx, app: &App, command: ExportCommand) -> Result<Export> {
    let principal = permit::signed_in(cx)?;
    let found = catalog::find(app, &command.schema, &principal).await?;
    let grant = policy::grant(&principal, &found)?;
    grant.require(Action::Export)?;
    let definition = &found.loaded.whole.schema.definition;
    let reader = Reader {
        definition,
        grant: &grant,
    };
    let sort = reader.sort(&command.sort)?;
    let filter = command
        .filter
        .as_ref()
        .map_or(Ok(Expr::True), |filter| reader.filter(filter, "filter"))?;
    let target = app
        .targets
        .get(&app.keyring, &found.loaded.connection)
        .await?;
    let mark = if command.byte_order_mark {
        "\u{feff}"
    } else {
        ""
    };
    let mut export = Export {
        cx: cx.clone(),
        app: app.clone(),
        loaded: found.loaded,
        grant,
        target,
        filter,
        sort,
        keep_formulas: command.keep_formulas,
        after: None,
        page: FIRST_PAGE,
        rows: 0,
        head: None,
        is_done: false,
    };
    export.head = Some(format!("{mark}{}", export.headings()));
    let is_filtered = command.filter.is_some();
    export
        .note("schema.export_start", json!({ "filtered": is_filtered }))
        .await?;
    Ok(export)
}

impl Export {
    /// Name of the schema, for the name of the file.
    pub fn label(&self) -> &str {
        &self.loaded.whole.schema.label
    }

    /// Rows taken so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The next piece of the file; `None` behind its end.
    ///
    /// # Errors
    /// `Target` when the database could not do it; the export is at its end then.
    pub async fn next(&mut self) -> Result<Option<String>> {
        if self.is_done {
            return Ok(self.head.take());
        }
        let mut out = self.head.take().unwrap_or_default();
        let read = self.read(&mut out).await;
        self.is_done = *read.as_ref().unwrap_or(&true);
        read.map(|_| (!out.is_empty()).then_some(out))
    }

    /// Appends a page; answers whether it was the last.
    async fn read(&mut self, out: &mut String) -> Result<bool> {
        let definition = &self.loaded.whole.schema.definition;
        let plan = PagePlan {
            filter: self.filter.clone(),
            sort: self.sort.clone(),
            after: self.after.take(),
            limit: Some(self.page),
            count: false,
            deadline_ms: self.app.options.batch_deadline_ms,
        };
        let scoped = plan::page(definition, &self.grant, plan)?;
        let results = self.target.page(&scoped).await?;
        let start = out.len();
        let (mut found, mut last) = (0, None);
        for cells in results.iter().flat_map(|result| result.rows.iter()) {
            let values = cells.map(|cell| cell.map_or(Value::Null, ValueRef::to_owned));
            let image = shown(definition, &self.grant, values);
            self.record(out, &image);
            last = Some(image);
            found += 1;
        }
        self.after = last.map(|image| read::place(definition, &self.sort, &image));
        self.rows += found;
        let is_last = found < self.page;
        let bytes = (out.len() - start).max(1) as u64;
        self.page = (found.max(1).saturating_mul(PAGE_BYTES) / bytes).clamp(1, LARGEST_PAGE);
        Ok(is_last)
    }

    /// The first line: key parts and the fields that the user sees, by their names in the API.
    fn headings(&self) -> String {
        let definition = &self.loaded.whole.schema.definition;
        let key = definition.key.iter().map(|part| part.name.as_str());
        let fields = definition.fields.iter().enumerate();
        let fields = fields
            .filter(|(position, _)| self.grant.sees(*position))
            .map(|(_, field)| field.name.as_str());
        let mut line = String::new();
        for (position, name) in key.chain(fields).enumerate() {
            separate(&mut line, position);
            // A name is chosen by whoever makes the schema, so it is no safer than a text in a row.
            quoted(&mut line, name, !self.keep_formulas);
        }
        line.push_str("\r\n");
        line
    }

    fn record(&self, out: &mut String, image: &Image) {
        let definition = &self.loaded.whole.schema.definition;
        let key = definition.key.iter().map(|part| &part.kind);
        let fields = definition.fields.iter().zip(&image.fields).enumerate();
        let fields = fields
            .filter(|(position, _)| self.grant.sees(*position))
            .map(|(_, (field, value))| (&field.kind, value));
        for (position, (kind, value)) in key.zip(&image.key).chain(fields).enumerate() {
            separate(out, position);
            cell(out, kind, value, self.keep_formulas);
        }
        out.push_str("\r\n");
    }

    /// Puts the end of the export into the audit trail.
    ///
    /// # Errors
    /// `Repository` when that could not be written.
    pub async fn end(self, how: Ended) -> Result<()> {
        let details = json!({ "rows": self.rows, "outcome": how.as_str() });
        self.note("schema.export", details).await
    }

    async fn note(&self, action: &'static str, details: Json) -> Result<()> {
        let mut batch = quillback_plugin_api::batch::Batch::default();
        let schema = &self.loaded.whole.schema.id;
        events::event(
            &mut batch,
            &self.cx,
            action,
            "schema",
            Some(schema.as_str()),
            details,
        )?;
        repo::commit(&self.app.repo, &batch, "schema")
            .await
            .map(|_| ())
    }
}

fn separate(out: &mut String, position: usize) {
    if position > 0 {
        out.push(',');
    }
}

fn cell(out: &mut String, kind: &FieldKind, value: &Value, keep_formulas: bool) {
    let is_text = matches!(value, Value::Text(_) | Value::Special { .. })
        || matches!(kind, FieldKind::Json | FieldKind::Other);
    match row_json::write(value) {
        Json::Null => {}
        Json::String(text) => quoted(out, &text, is_text && !keep_formulas),
        other => quoted(out, &other.to_string(), false),
    }
}

/// Appends a cell that is not NULL.
fn quoted(out: &mut String, text: &str, disarm: bool) {
    // Tabs and line ends are skipped by spreadsheets in front of a formula.
    let is_formula = disarm && text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let needs_quotes = text.is_empty() || text.contains(['"', ',', '\r', '\n']);
    if needs_quotes {
        out.push('"');
    }
    if is_formula {
        out.push('\'');
    }
    if needs_quotes {
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::value::Decimal;

    use super::*;

    fn written(kind: &FieldKind, value: &Value, keep_formulas: bool) -> String {
        let mut out = String::new();
        cell(&mut out, kind, value, keep_formulas);
        out
    }

    #[test]
    fn texts_that_would_run_are_disarmed_and_numbers_are_not() {
        let text = FieldKind::Paragraph;
        for (given, wanted) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("=\"a\",b", "\"'=\"\"a\"\",b\""),
            ("a=1", "a=1"),
        ] {
            assert_eq!(written(&text, &given.into(), false), wanted);
            assert!(!written(&text, &given.into(), true).contains('\''));
        }
        let number = Value::Decimal(Decimal::new("-12.50").unwrap());
        let kind = FieldKind::Decimal {
            precision: 6,
            scale: 2,
        };
        assert_eq!(written(&kind, &number, false), "-12.50");
        assert_eq!(written(&FieldKind::Integer, &Value::I64(-1), false), "-1");
    }

    #[test]
    fn null_and_an_empty_text_differ() {
        assert_eq!(written(&FieldKind::Paragraph, &Value::Null, false), "");
        assert_eq!(written(&FieldKind::Paragraph, &"".into(), false), "\"\"");
    }
}
