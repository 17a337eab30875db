//! Builds SQL text from parts that cannot be confused: syntax is `'static`, names are quoted, values are bound.

use std::fmt;

use crate::dialect::Dialect;
use crate::ident::{Ident, TableRef};
use crate::value::Value;

/// A statement ready to send.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// SQL text with placeholders.
    pub sql: String,
    /// Values in the order of the placeholders.
    pub params: Vec<Value>,
}

/// A statement that this database cannot express.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderError {
    /// What cannot be expressed.
    pub feature: String,
}

impl RenderError {
    /// The database cannot express `feature`.
    pub fn unsupported(feature: impl Into<String>) -> Self {
        Self {
            feature: feature.into(),
        }
    }
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this database does not support {}", self.feature)
    }
}

impl std::error::Error for RenderError {}

impl From<RenderError> for crate::error::DriverError {
    fn from(error: RenderError) -> Self {
        Self::unsupported(error.to_string())
    }
}

/// Collects the text and the values of one statement.
pub struct SqlWriter<'d> {
    dialect: &'d dyn Dialect,
    out: Rendered,
}

impl<'d> SqlWriter<'d> {
    /// A writer for one statement.
    pub fn new(dialect: &'d dyn Dialect) -> Self {
        Self {
            dialect,
            out: Rendered {
                sql: String::with_capacity(256),
                params: Vec::new(),
            },
        }
    }

    /// The dialect that is printed.
    pub fn dialect(&self) -> &'d dyn Dialect {
        self.dialect
    }

    /// Appends fixed syntax.
    pub fn syntax(&mut self, sql: &'static str) -> &mut Self {
        self.out.sql.push_str(sql);
        self
    }

    /// Appends a number, which needs no quoting.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.out.sql.push_str(&number.to_string());
        self
    }

    /// Appends text that the dialect made itself, such as a type.
    pub fn dialect_text(&mut self, sql: &str) -> &mut Self {
        self.out.sql.push_str(sql);
        self
    }

    /// Appends a quoted name.
    pub fn ident(&mut self, ident: &Ident) -> &mut Self {
        self.dialect.quote(&mut self.out.sql, ident.as_str());
        self
    }

    /// Appends quoted names with commas between them.
    pub fn idents<'i>(&mut self, idents: impl IntoIterator<Item = &'i Ident>) -> &mut Self {
        for (position, ident) in idents.into_iter().enumerate() {
            if position > 0 {
                self.out.sql.push_str(", ");
            }
            self.ident(ident);
        }
        self
    }

    /// Appends a table with what is around it.
    pub fn table(&mut self, table: &TableRef) -> &mut Self {
        for part in [&table.catalog, &table.schema].into_iter().flatten() {
            self.ident(part);
            self.out.sql.push('.');
        }
        self.ident(&table.name)
    }

    /// How many values are bound so far: the position of the last placeholder.
    pub fn bound(&self) -> u64 {
        self.out.params.len() as u64
    }

    /// Appends a placeholder and binds `value` to it.
    pub fn param(&mut self, value: &Value) -> &mut Self {
        self.dialect
            .placeholder(&mut self.out.sql, self.out.params.len() + 1, value);
        self.out.params.push(value.clone());
        self
    }

    /// Appends `placeholder` and binds `value` to it: for a dialect that spells a placeholder by where it stands, not
    /// by its value alone.
    pub fn param_as(&mut self, placeholder: &'static str, value: Value) -> &mut Self {
        self.out.sql.push_str(placeholder);
        self.out.params.push(value);
        self
    }

    /// Appends `items` with `separator` between them.
    ///
    /// # Errors
    /// What printing an item answers.
    pub fn list<T>(
        &mut self,
        separator: &'static str,
        items: impl IntoIterator<Item = T>,
        mut print: impl FnMut(&mut Self, T) -> Result<(), RenderError>,
    ) -> Result<&mut Self, RenderError> {
        for (position, item) in items.into_iter().enumerate() {
            if position > 0 {
                self.out.sql.push_str(separator);
            }
            print(self, item)?;
        }
        Ok(self)
    }

    /// The finished statement.
    pub fn finish(self) -> Rendered {
        self.out
    }
}
