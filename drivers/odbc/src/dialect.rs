//! Prints SQL as the data in `spelling` says.

use std::sync::atomic::{AtomicBool, Ordering};

use quillback_plugin_api::dialect::{
    Dialect, column_def, has_text, returning, standard_equality, standard_index, standard_rename,
    values,
};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{
    ColumnDef, Direction, Index, Insert, Lock, Order, RenderError, Rendered, Select, SqlWriter,
    TextMatch,
};
use quillback_plugin_api::{DriverError, Ident, TableRef, Value};

use crate::spelling::{Alter, Keys, Locking, Paging, Spelling, Wrap};
use crate::types::{bind, create};

/// The largest number of rows that every database takes.
const MOST: u64 = i64::MAX as u64;

/// Prints the statements of one batch or one list of changes.
pub(crate) struct Printer {
    spelling: &'static Spelling,
    /// Whether a name was longer than names can be.
    is_too_long: AtomicBool,
    /// Whether a name had a character that the ODBC driver does not take in a name.
    is_misread: AtomicBool,
}

impl Printer {
    /// A printer of this spelling.
    pub(crate) fn new(spelling: &'static Spelling) -> Self {
        Self {
            spelling,
            is_too_long: AtomicBool::new(false),
            is_misread: AtomicBool::new(false),
        }
    }

    /// Refuses what was printed when a name in it is too long, which some databases would cut off, or would be misread.
    ///
    /// # Errors
    /// `Unsupported`.
    pub(crate) fn check(&self) -> Result<(), DriverError> {
        if self.is_too_long.load(Ordering::Relaxed) {
            let most = self.spelling.capabilities.max_identifier;
            let unit = if self.spelling.capabilities.identifier_bytes {
                "bytes"
            } else {
                "characters"
            };
            return Err(DriverError::unsupported(format!(
                "a name is longer than {most} {unit}"
            )));
        }
        if self.is_misread.load(Ordering::Relaxed) {
            return Err(DriverError::unsupported(
                "the ODBC driver takes no names with quotation or question marks",
            ));
        }
        Ok(())
    }
}

/// Prints something between two fixed texts.
fn wrapped(w: &mut SqlWriter<'_>, around: Wrap, print: impl FnOnce(&mut SqlWriter<'_>)) {
    w.syntax(around.0);
    print(w);
    w.syntax(around.1);
}

fn is_text(value: &Value) -> bool {
    has_text(std::slice::from_ref(value))
}

impl Dialect for Printer {
    fn quote(&self, out: &mut String, name: &str) {
        let (open, close) = self.spelling.quotes;
        let claimed = &self.spelling.capabilities;
        let length = if claimed.identifier_bytes {
            name.len()
        } else {
            name.chars().count()
        };
        if claimed.max_identifier > 0 && length > claimed.max_identifier as usize {
            self.is_too_long.store(true, Ordering::Relaxed);
        }
        if name.contains(self.spelling.misread) {
            self.is_misread.store(true, Ordering::Relaxed);
        }
        out.push(open);
        for c in name.chars() {
            out.push(c);
            if c == close {
                out.push(c);
            }
        }
        out.push(close);
    }

    /// NULL is written as such: a driver would want to know its type.
    fn placeholder(&self, out: &mut String, _position: usize, value: &Value) {
        if value.is_null() {
            out.push_str("NULL");
            return;
        }
        let (sql, _) = bind::slot(&self.spelling.values, value);
        match value {
            Value::Decimal(number) => {
                let (precision, scale) = bind::digits(number.as_str(), self.spelling.values.digits);
                out.push_str(
                    &sql.replace("{p}", &precision.to_string())
                        .replace("{s}", &scale.to_string()),
                );
            }
            _ => out.push_str(sql),
        }
    }

    fn constant(&self, holds: bool) -> &'static str {
        let [never, always] = self.spelling.constants;
        if holds { always } else { never }
    }

    /// The first condition lets an index serve, the second compares the characters themselves.
    fn equals_any(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        values: &[Value],
    ) -> Result<(), RenderError> {
        let Some((around_column, around_value)) = self.spelling.exact.filter(|_| has_text(values))
        else {
            return standard_equality(w, column, values);
        };
        w.syntax("(");
        standard_equality(w, column, values)?;
        w.syntax(" AND ");
        wrapped(w, around_column, |w| {
            w.ident(column);
        });
        w.syntax(" IN (");
        w.list(", ", values, |w, value| {
            wrapped(w, around_value, |w| {
                w.param(value);
            });
            Ok(())
        })?
        .syntax("))");
        Ok(())
    }

    fn last_key(
        &self,
        w: &mut SqlWriter<'_>,
        _table: &TableRef,
        column: &Ident,
    ) -> Result<(), RenderError> {
        let Keys::Ask(_, expression) = self.spelling.keys else {
            return Err(RenderError::unsupported("the key of the last insert"));
        };
        w.ident(column).syntax(" = ").syntax(expression);
        Ok(())
    }

    fn same(&self, w: &mut SqlWriter<'_>, column: &Ident, value: &Value) {
        let (around_column, around_value) = match value {
            Value::Json(_) => (self.spelling.json, self.spelling.json),
            value if is_text(value) => self.spelling.exact.unwrap_or_default(),
            _ => Default::default(),
        };
        let print_column = |w: &mut SqlWriter<'_>| {
            wrapped(w, around_column, |w| {
                w.ident(column);
            });
        };
        if let Some(operator) = self.spelling.same {
            print_column(w);
            w.syntax(operator);
            wrapped(w, around_value, |w| {
                w.param(value);
            });
            return;
        }
        if value.is_null() {
            // The value is counted among those that are sent, so it is written too.
            w.syntax("(")
                .ident(column)
                .syntax(" IS ")
                .param(value)
                .syntax(")");
            return;
        }
        // With the first condition the whole is false where the second is unknown.
        w.syntax("(").ident(column).syntax(" IS NOT NULL AND ");
        print_column(w);
        w.syntax(" = ");
        wrapped(w, around_value, |w| {
            w.param(value);
        });
        w.syntax(")");
    }

    fn text_match(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        how: TextMatch,
        ignore_case: bool,
        needle: &Value,
    ) {
        let search = &self.spelling.search;
        if let Some(around) = search.empty
            && matches!(needle, Value::Text(text) if text.is_empty())
        {
            wrapped(w, around, |w| {
                w.ident(column);
            });
            return;
        }
        let (around, around_needle) = if ignore_case {
            (search.folded, search.needle)
        } else {
            (search.plain, ("", ""))
        };
        w.syntax(search.function);
        let print_column = |w: &mut SqlWriter<'_>| {
            wrapped(w, around, |w| {
                w.ident(column);
            });
        };
        if search.column_first {
            print_column(w);
            w.syntax(", ");
        }
        wrapped(w, around_needle, |w| {
            w.param(needle);
        });
        if !search.column_first {
            w.syntax(", ");
            print_column(w);
        }
        w.syntax(match how {
            TextMatch::Contains => ") > 0",
            TextMatch::StartsWith => ") = 1",
        });
    }

    fn order(&self, w: &mut SqlWriter<'_>, order: &Order) {
        let [first, last] = self.spelling.nulls;
        w.ident(&order.column).syntax(match order.direction {
            Direction::Asc => " ASC",
            Direction::Desc => " DESC",
        });
        if order.nullable {
            w.syntax(match order.direction {
                Direction::Asc => first,
                Direction::Desc => last,
            });
        }
    }

    fn limit_before(&self, w: &mut SqlWriter<'_>, select: &Select) {
        let Some(limit) = select.limit.map(|limit| limit.min(MOST)) else {
            return;
        };
        match self.spelling.paging {
            Paging::TopAndFetch if limit == 0 || select.offset == 0 => {
                w.syntax("TOP (").number(limit).syntax(") ");
            }
            // `TOP 0` is not taken: `limit_after` refuses it.
            Paging::Top => drop(w.syntax("TOP ").number(limit).syntax(" ")),
            Paging::TopAndFetch | Paging::Limit(_) => {}
        }
    }

    fn limit_after(&self, w: &mut SqlWriter<'_>, select: &Select) -> Result<(), RenderError> {
        let (limit, offset) = (
            select.limit.map(|limit| limit.min(MOST)),
            select.offset.min(MOST),
        );
        match self.spelling.paging {
            Paging::Limit(unlimited) => {
                match limit {
                    Some(limit) => drop(w.syntax(" LIMIT ").number(limit)),
                    None if offset > 0 => {
                        if let Some(unlimited) = unlimited {
                            w.syntax(" LIMIT ").syntax(unlimited);
                        }
                    }
                    None => {}
                }
                if offset > 0 {
                    w.syntax(" OFFSET ").number(offset);
                }
            }
            // FETCH takes no zero, and OFFSET needs an order.
            Paging::TopAndFetch if offset > 0 && limit != Some(0) => {
                if select.order.is_empty() {
                    w.syntax(" ORDER BY 1");
                }
                w.syntax(" OFFSET ").number(offset).syntax(" ROWS");
                if let Some(limit) = limit {
                    w.syntax(" FETCH NEXT ").number(limit).syntax(" ROWS ONLY");
                }
            }
            Paging::Top if offset > 0 => {
                return Err(RenderError::unsupported("passing rows over"));
            }
            Paging::Top if limit == Some(0) => {
                return Err(RenderError::unsupported("a limit of no rows"));
            }
            Paging::TopAndFetch | Paging::Top => {}
        }
        Ok(())
    }

    fn lock_hint(&self, w: &mut SqlWriter<'_>, lock: Lock) {
        if let (Locking::Hint(hint), Lock::Update) = (self.spelling.locking, lock) {
            w.syntax(hint);
        }
    }

    fn lock_clause(&self, w: &mut SqlWriter<'_>, lock: Lock) {
        if let (Locking::Clause(clause), Lock::Update) = (self.spelling.locking, lock) {
            w.syntax(clause);
        }
    }

    fn insert_rows(
        &self,
        w: &mut SqlWriter<'_>,
        insert: &Insert,
        rows: &[Cells<'_>],
    ) -> Result<(), RenderError> {
        let is_one = insert.returning.len() <= 1 && insert.rows.len() <= 1;
        if rows.len() > self.spelling.insert_rows {
            return Err(RenderError::unsupported("several rows in one VALUES"));
        }
        match self.spelling.keys {
            _ if insert.returning.is_empty() => values(w, rows),
            Keys::Returning => {
                values(w, rows)?;
                returning(w, insert)
            }
            Keys::No => Err(RenderError::unsupported("generated keys")),
            Keys::Output | Keys::Ask(..) if !is_one => Err(RenderError::unsupported(
                "generated keys of more than one row or column",
            )),
            Keys::Output => {
                w.syntax(" OUTPUT ");
                w.list(", ", &insert.returning, |w, column| {
                    w.syntax("INSERTED.").ident(column);
                    Ok(())
                })?;
                values(w, rows)
            }
            Keys::Ask(..) => values(w, rows),
        }
    }

    fn column_type(&self, column: &ColumnDef) -> Result<String, RenderError> {
        create::column_type(&self.spelling.types, column)
    }

    fn identity(&self) -> Result<&'static str, RenderError> {
        let identity = self.spelling.types.identity;
        identity
            .map(|(_, clause)| clause)
            .ok_or_else(|| RenderError::unsupported("columns that the database numbers"))
    }

    fn literal(&self, value: &Value) -> Result<String, RenderError> {
        create::literal(self.spelling, value)
    }

    fn table_options(&self) -> &'static str {
        self.spelling.types.options
    }

    fn create_if_not_exists(&self) -> Result<&'static str, RenderError> {
        Ok(self.spelling.changes.if_not_exists)
    }

    fn alter_column(
        &self,
        table: &TableRef,
        from: &ColumnDef,
        to: &ColumnDef,
    ) -> Result<Vec<Rendered>, RenderError> {
        if from.identity != to.identity {
            return Err(RenderError::unsupported(
                "a change of who numbers a column that is there",
            ));
        }
        let mut w = SqlWriter::new(self);
        w.syntax("ALTER TABLE ").table(table);
        match self.spelling.changes.alter {
            Alter::No => return Err(RenderError::unsupported("altering a column")),
            Alter::Modify => {
                w.syntax(" MODIFY COLUMN ");
                column_def(&mut w, to)?;
            }
            Alter::Whole if from.default != to.default => {
                return Err(RenderError::unsupported("a change of a default"));
            }
            Alter::Whole => {
                w.syntax(" ALTER COLUMN ").ident(&to.name).syntax(" ");
                w.dialect_text(&self.column_type(to)?);
                w.syntax(if to.nullable { " NULL" } else { " NOT NULL" });
            }
            Alter::Parts => {
                let parts = create::parts(self, from, to)?;
                if parts.is_empty() {
                    return Ok(Vec::new());
                }
                w.syntax(" ");
                w.list(", ", &parts, |w, part| {
                    w.syntax("ALTER COLUMN ").ident(&to.name).syntax(" ");
                    w.dialect_text(part);
                    Ok(())
                })?;
            }
        }
        Ok(vec![w.finish()])
    }

    /// <https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/sp-rename-transact-sql>
    fn rename_column(
        &self,
        w: &mut SqlWriter<'_>,
        table: &TableRef,
        from: &Ident,
        to: &Ident,
    ) -> Result<(), RenderError> {
        if !self.spelling.capabilities.ddl.rename_column {
            return Err(RenderError::unsupported("renaming a column"));
        }
        if !self.spelling.changes.renames_by_procedure {
            standard_rename(w, table, from, to);
            return Ok(());
        }
        let mut path = SqlWriter::new(self);
        path.table(table).syntax(".").ident(from);
        let quoted = |text: &str| create::literal(self.spelling, &text.into());
        w.syntax("EXEC sp_rename ");
        w.dialect_text(&quoted(&path.finish().sql)?).syntax(", ");
        w.dialect_text(&quoted(to.as_str())?).syntax(", N'COLUMN'");
        Ok(())
    }

    fn create_index(
        &self,
        w: &mut SqlWriter<'_>,
        table: &TableRef,
        index: &Index,
    ) -> Result<(), RenderError> {
        if !self.spelling.capabilities.ddl.create_index {
            return Err(RenderError::unsupported("indexes"));
        }
        standard_index(w, table, index);
        Ok(())
    }

    fn add_column_keyword(&self) -> &'static str {
        self.spelling.changes.add
    }
}
