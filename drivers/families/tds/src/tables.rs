//! What is known about the columns of tables, for a short while: values that are stored are checked by it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use quillback_plugin_api::catalog::ColumnInfo;
#[cfg(test)]
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{DriverError, Ident, TableRef};

use crate::connect::Session;
use crate::{Server, catalog};

/// How long a look-up serves: changes of tables by others are seen after this.
pub(crate) const FRESH: Duration = Duration::from_mins(1);
/// The characters of code page 1252 between 0x80 and 0x9f.
const WINDOWS_1252: &str = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ";

/// A column, and which characters it takes.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) info: ColumnInfo,
    /// The code page of a column that does not keep Unicode.
    pub(crate) code_page: Option<i32>,
}

impl Known {
    /// Whether the column keeps these characters: the server would put question marks in place of others.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub(crate) fn takes_characters(&self, text: &str) -> Result<(), &'static str> {
        let fits = match self.code_page {
            None | Some(65_001) => true,
            Some(1_252) => text.chars().all(|c| {
                c.is_ascii() || ('\u{a0}'..='\u{ff}').contains(&c) || WINDOWS_1252.contains(c)
            }),
            Some(_) => text.is_ascii(),
        };
        fits.then_some(()).ok_or(
            "the column has no Unicode and would replace a character: make it an nvarchar, or leave the character out",
        )
    }
}

impl Known {
    /// The length of a text in the units of the column: bytes of a narrow column, units of UTF-16 of another.
    pub(crate) fn length_of(&self, text: &str) -> usize {
        match self.code_page {
            None => text.encode_utf16().count(),
            Some(65_001) => text.len(),
            // What the column takes has one byte for each character.
            Some(_) => text.chars().count(),
        }
    }
}

#[cfg(test)]
impl Known {
    /// A column that takes NULL, and has nothing else to it.
    pub(crate) fn plain(name: &str, ty: LogicalType, native: &str) -> Self {
        Self {
            info: ColumnInfo {
                name: Ident::new(name).unwrap(),
                ty,
                native: native.into(),
                nullable: true,
                has_default: false,
                generated: false,
                identity: false,
            },
            code_page: None,
        }
    }
}

/// The columns of one table by their names, upper and lower case being the same as they mostly are to the server.
#[derive(Debug, Default)]
pub(crate) struct Columns(HashMap<String, Known>);

impl Columns {
    /// These columns.
    pub(crate) fn of(columns: impl IntoIterator<Item = Known>) -> Self {
        let named = columns
            .into_iter()
            .map(|column| (column.info.name.as_str().to_lowercase(), column));
        Self(named.collect())
    }

    /// The column called `name`.
    pub(crate) fn get(&self, name: &Ident) -> Option<&Known> {
        self.0.get(&name.as_str().to_lowercase())
    }
}

impl Server {
    /// The columns of `table`; none when the server shows no such table.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) async fn columns(
        &self,
        session: &mut Session,
        table: &TableRef,
    ) -> Result<Arc<Columns>, DriverError> {
        if let Some(columns) = self.tables.get(table) {
            return Ok(columns);
        }
        let found = match catalog::find(session, table).await? {
            Some(found) => catalog::columns(session, self.flavor, found.object).await?,
            None => Vec::new(),
        };
        let columns = Arc::new(Columns::of(found));
        if !columns.0.is_empty() {
            self.tables.put(table, &columns);
        }
        Ok(columns)
    }
}
