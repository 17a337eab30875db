//! Golden SQL: every form of statement in one dialect, as reviewed, as a parser of others reads it, and without foreign
//! words.
//!
//! A driver's own test calls [`Golden::check`]; `QUILLBACK_BLESS=1` writes its file anew for the next review. The parser
//! is [`sqlparser`](https://docs.rs/sqlparser), which knows the grammar of each database and nothing of ours.

mod forms;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use quillback_plugin_api::DriverError;
use quillback_plugin_api::dialect::{self, Dialect};
use quillback_plugin_api::sql::Ddl;
use sqlparser::dialect::Dialect as Grammar;
use sqlparser::parser::Parser;

use forms::Form;

/// Prints a change of a table as statements.
pub type Changes = dyn Fn(&Ddl) -> Result<Vec<String>, DriverError>;

/// The statements of one dialect and what they are held against.
pub struct Golden<'a> {
    /// What prints.
    pub dialect: &'a dyn Dialect,
    /// What prints changes of tables, where that is more than the dialect.
    pub changes: Option<&'a Changes>,
    /// The reviewed statements.
    pub file: &'a Path,
    /// The database's grammar as others know it.
    pub grammar: &'a dyn Grammar,
    /// Names of forms that the grammar cannot read though the database does. They must go on failing.
    pub beyond_grammar: &'a [&'a str],
    /// Words that the database does not know; `::` and other signs are looked for as they are.
    pub foreign: &'a [&'a str],
}

impl Golden<'_> {
    /// Prints all forms and checks them.
    ///
    /// # Errors
    /// Every form that differs from the file, that the grammar does not read, or that has a foreign word.
    pub fn check(&self) -> Result<()> {
        let mut text = String::new();
        let mut faults = Vec::new();
        for (name, form) in forms::all() {
            writeln!(text, "-- {name}")?;
            match self.print(&form) {
                Ok(statements) => {
                    for sql in statements {
                        writeln!(text, "{sql};")?;
                        faults.extend(self.faults(name, &sql));
                    }
                }
                Err(error) => writeln!(text, "-- refused: {error}")?,
            }
            text.push('\n');
        }
        compare_reviewed(&text, self.file)?;
        ensure!(faults.is_empty(), "{}", faults.join("\n"));
        Ok(())
    }

    fn print(&self, form: &Form) -> Result<Vec<String>, DriverError> {
        let printed = match form {
            Form::Select(select) => dialect::select(self.dialect, select)?,
            Form::Insert(insert) => {
                let rows: Vec<_> = insert.rows.iter().collect();
                dialect::insert(self.dialect, insert, &rows)?
            }
            Form::Update(update) => dialect::update(self.dialect, update)?,
            Form::Delete(delete) => dialect::delete(self.dialect, delete)?,
            Form::Change(change) => return self.print_change(change),
        };
        Ok(vec![printed.sql])
    }

    fn print_change(&self, change: &Ddl) -> Result<Vec<String>, DriverError> {
        if let Some(changes) = self.changes {
            return changes(change);
        }
        let printed = dialect::ddl(self.dialect, change)?;
        Ok(printed.into_iter().map(|change| change.sql).collect())
    }

    fn faults(&self, name: &str, sql: &str) -> Vec<String> {
        let is_beyond = self.beyond_grammar.contains(&name);
        let read = match Parser::parse_sql(self.grammar, sql) {
            Ok(_) if is_beyond => Some(format!("{name}: the grammar reads it now: {sql}")),
            Err(error) if !is_beyond => Some(format!("{name}: {error}: {sql}")),
            _ => None,
        };
        let foreign = self.foreign.iter().filter(|word| has(sql, word));
        let foreign = foreign.map(|word| format!("{name}: {word} in {sql}"));
        read.into_iter().chain(foreign).collect()
    }
}

/// Compares statements with the file in which they were reviewed; `QUILLBACK_BLESS=1` writes it anew.
///
/// # Errors
/// The first line that differs.
pub fn compare_reviewed(text: &str, file: &Path) -> Result<()> {
    if std::env::var_os("QUILLBACK_BLESS").is_some() {
        std::fs::write(file, text)?;
    }
    let shown = file.display();
    let reviewed = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read {shown}; QUILLBACK_BLESS=1 writes it"))?;
    for (line, (now, then)) in text.lines().zip(reviewed.lines()).enumerate() {
        ensure!(now == then, "{shown}:{}: was\n{then}\nis\n{now}", line + 1);
    }
    ensure!(text == reviewed, "{shown} has another number of lines");
    Ok(())
}

fn has(sql: &str, word: &str) -> bool {
    if !word.chars().all(char::is_alphanumeric) {
        return sql.contains(word);
    }
    sql.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|part| part.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::has;

    #[test]
    fn words_are_found_whole_and_signs_anywhere() {
        assert!(has("SELECT 1 limit 2", "LIMIT"));
        assert!(!has("SELECT limits", "LIMIT"));
        assert!(has("a::text", "::"));
    }
}
