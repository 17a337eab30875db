//! Finds the names of constraints, tables and columns in the servers' messages.
//!
//! The messages are English whatever the server's language: the session asks for that.

use quillback_plugin_api::error::Origin;

/// Puts the names that a message of this number holds into `origin`.
pub(super) fn find(code: u16, message: &str, origin: &mut Origin) {
    match code {
        // Duplicate entry '..' for key 'name'; the value comes first and may hold anything.
        1062 | 1586 => {
            let key = message
                .rsplit_once("for key ")
                .map(|(_, name)| unquoted(name));
            // MySQL 8.0.19 and later write table.key.
            let (table, key) = match key.and_then(|key| key.split_once('.')) {
                Some((table, key)) => (Some(table), Some(key)),
                None => (None, key),
            };
            origin.constraint = owned(key);
            origin.table = owned(table);
        }
        // .. constraint fails (`db`.`table`, CONSTRAINT `name` FOREIGN KEY (`column`) ..
        1451 | 1452 => {
            let names = message.split_once('(').map_or("", |(_, rest)| rest);
            origin.table = last_of_path(names);
            origin.constraint = after(names, "CONSTRAINT ");
            origin.column = if code == 1452 {
                after(names, "FOREIGN KEY (")
            } else {
                None
            };
        }
        // Check constraint 'name' is violated.
        3819 => origin.constraint = after(message, "constraint "),
        // CONSTRAINT `name` failed for `db`.`table`
        4025 => {
            origin.constraint = after(message, "CONSTRAINT ");
            origin.table = message
                .split_once("failed for ")
                .and_then(|(_, path)| last_of_path(path));
        }
        // Column 'name' cannot be null; Field 'name' doesn't have a default value
        1048 | 1263 => origin.column = after(message, "Column "),
        1364 => origin.column = after(message, "Field "),
        // .. for column 'name' at row 1; MariaDB writes .. for column `db`.`table`.`column` at row 1
        1264 | 1265 | 1292 | 1366 | 1406 => in_column(message, origin),
        // Table 'db.table' doesn't exist; Table 'table' already exists; Unknown table 'db.table'
        1146 | 1050 | 1051 => {
            let path = after_ignoring_case(message, "table ");
            origin.table = path.map(|path| path.rsplit('.').next().unwrap_or_default().to_owned());
        }
        // Unknown column 'table.name' in 'where clause'; Duplicate column name 'name'
        1054 => origin.column = after(message, "column "),
        1060 => origin.column = after(message, "column name "),
        1061 => origin.constraint = after(message, "key name "),
        // SELECT command denied to user .. for table `db`.`table`
        1142 => {
            origin.table = message
                .rsplit_once("for table ")
                .and_then(|(_, path)| last_of_path(path));
        }
        _ => {}
    }
}

fn in_column(message: &str, origin: &mut Origin) {
    let Some((_, rest)) = message.rsplit_once("for column ") else {
        return;
    };
    let path = rest.rsplit_once(" at row ").map_or(rest, |(path, _)| path);
    if path.starts_with('`') {
        let mut parts = quoted_path(path);
        origin.column = parts.pop();
        origin.table = parts.pop();
    } else {
        origin.column = owned(Some(unquoted(path)));
    }
}

/// The quoted name that follows `mark`.
fn after(message: &str, mark: &str) -> Option<String> {
    let (_, rest) = message.split_once(mark)?;
    let mut characters = rest.chars();
    let quote = characters
        .next()
        .filter(|c| matches!(c, '\'' | '`' | '"'))?;
    let name: String = characters.take_while(|c| *c != quote).collect();
    Some(name).filter(|name| !name.is_empty())
}

fn after_ignoring_case(message: &str, mark: &str) -> Option<String> {
    after(&message.replace("Table ", "table "), mark)
}

fn unquoted(name: &str) -> &str {
    name.trim().trim_matches(|c| matches!(c, '\'' | '`' | '"'))
}

fn owned(name: Option<&str>) -> Option<String> {
    name.filter(|name| !name.is_empty()).map(str::to_owned)
}

/// The last name of a path such as `db`.`table` at the start of `text`.
fn last_of_path(text: &str) -> Option<String> {
    let end = text.find([',', ' ', ')']).unwrap_or(text.len());
    let path = text.get(..end)?;
    if path.starts_with('`') {
        quoted_path(text).pop()
    } else {
        owned(path.rsplit('.').next().map(unquoted))
    }
}

/// The names of a path such as `db`.`table` at the start of `text`; a backtick inside a name is doubled.
fn quoted_path(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut characters = text.chars().peekable();
    while characters.next_if_eq(&'`').is_some() {
        let mut name = String::new();
        while let Some(c) = characters.next() {
            if c != '`' || characters.next_if_eq(&'`').is_some() {
                name.push(c);
            } else {
                break;
            }
        }
        names.push(name);
        if characters.next_if_eq(&'.').is_none() {
            break;
        }
    }
    names
}
