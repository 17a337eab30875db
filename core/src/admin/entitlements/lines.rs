//! What an import is given: rows, or CSV text; read line by line, so that every fault names its line.

use csv::{ReaderBuilder, StringRecord};

use crate::error::{Error, Problem, Result};
use crate::repo::entitlements::{GROUP, USER};

/// Most lines of one import.
pub(super) const MAX_LINES: usize = 200_000;

/// Whether an entitlement is a user's or a group's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A user's.
    User,
    /// A group's: it counts for every member.
    Group,
}

impl Kind {
    /// As the table has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => USER,
            Self::Group => GROUP,
        }
    }

    /// As people call it.
    pub(super) fn noun(self) -> &'static str {
        self.as_str()
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::User, Self::Group]
            .into_iter()
            .find(|kind| text.trim().eq_ignore_ascii_case(kind.as_str()))
    }
}

/// An entitlement as a client writes it down; unchecked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntitlementLine {
    /// Whether it is a user's or a group's.
    pub kind: Kind,
    /// Name or identifier of the user or group.
    pub assignable: String,
    /// Property.
    pub property: String,
    /// Value.
    pub value: String,
}

/// Where the entitlements of an import are.
#[derive(Clone, Debug)]
pub enum Source {
    /// Rows.
    Rows(Vec<EntitlementLine>),
    /// CSV text with a header.
    Csv(String),
}

/// A line that could be read, with the path by which faults name it.
pub(super) struct Line {
    pub(super) path: String,
    pub(super) line: EntitlementLine,
}

/// What was read, and the faults of what could not be.
pub(super) struct Lines {
    pub(super) lines: Vec<Line>,
    pub(super) problems: Vec<Problem>,
}

/// Reads the source.
///
/// # Errors
/// `Invalid` when there is nothing in it, too much, or no header that can be understood.
pub(super) fn read(source: Source) -> Result<Lines> {
    let (lines, path) = match source {
        Source::Rows(rows) => (from_rows(rows), "rows"),
        Source::Csv(text) => (from_csv(&text)?, "csv"),
    };
    let count = lines.lines.len() + lines.problems.len();
    if count == 0 {
        let message = "There are no entitlements in it. To remove some, use removeEntitlements.";
        return Err(Error::invalid(path, "EMPTY", message));
    }
    if count > MAX_LINES {
        let message = format!("Import at most {MAX_LINES} entitlements at once.");
        return Err(Error::invalid(path, "COUNT", message));
    }
    Ok(lines)
}

fn from_rows(rows: Vec<EntitlementLine>) -> Lines {
    let lines = rows.into_iter().enumerate().map(|(at, line)| Line {
        path: format!("rows.{at}"),
        line,
    });
    Lines {
        lines: lines.collect(),
        problems: Vec::new(),
    }
}

/// Columns by name, with the names of the table `_rls_entitlements` beside our own.
const COLUMNS: [(&str, &str); 4] = [
    ("type", "assignable_type"),
    ("assignable", "assignable_id"),
    ("property", "property"),
    ("value", "value"),
];

fn from_csv(text: &str) -> Result<Lines> {
    // Excel writes a byte order mark, and semicolons where the comma is taken by numbers.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let header = text.lines().next().unwrap_or_default();
    let delimiter = if header.contains(';') && !header.contains(',') {
        b';'
    } else {
        b','
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let columns = columns(reader.headers().map_err(unreadable)?)?;
    let mut all = Lines {
        lines: Vec::new(),
        problems: Vec::new(),
    };
    let mut record = StringRecord::new();
    let mut counter = LineCounter::new(text);
    while reader.read_record(&mut record).map_err(unreadable)? {
        let number = counter.line(record.position().map_or(0, csv::Position::byte));
        let path = format!("lines.{number}");
        match line(&record, columns, &path) {
            Ok(line) => all.lines.push(Line { path, line }),
            Err(problem) => all.problems.push(problem),
        }
        if all.lines.len() + all.problems.len() > MAX_LINES {
            break;
        }
    }
    Ok(all)
}

/// Lines as an editor counts them: the reader's own count begins before the line break of the record above.
struct LineCounter<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> LineCounter<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
            line: 1,
        }
    }

    /// The line of the record that starts at this byte, or behind the line breaks there.
    fn line(&mut self, byte: u64) -> u64 {
        let start = usize::try_from(byte).unwrap_or(usize::MAX);
        let rest = self.text.get(start..).unwrap_or_default();
        let breaks = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let to = start + breaks.count();
        let passed = self.text.get(self.at..to).unwrap_or_default();
        self.line += passed.split(|byte| *byte == b'\n').skip(1).count() as u64;
        self.at = to;
        self.line
    }
}

fn columns(header: &StringRecord) -> Result<[usize; 4]> {
    let find = |names: (&str, &str)| {
        let is_it = |name: &str| name == names.0 || name == names.1;
        header
            .iter()
            .position(|name| is_it(name.trim().to_lowercase().as_str()))
    };
    let mut at = [0; 4];
    for (position, names) in at.iter_mut().zip(COLUMNS) {
        let message = || {
            format!(
                "Line 1 has no column {}. The header is required: assignable,type,property,value.",
                names.0
            )
        };
        *position = find(names).ok_or_else(|| Error::invalid("lines.1", "HEADER", message()))?;
    }
    if header.len() > COLUMNS.len() {
        let message = "Line 1 has more columns than assignable, type, property and value.";
        return Err(Error::invalid("lines.1", "HEADER", message));
    }
    Ok(at)
}

fn line(
    record: &StringRecord,
    columns: [usize; 4],
    path: &str,
) -> std::result::Result<EntitlementLine, Problem> {
    if record.len() != COLUMNS.len() {
        let message = format!(
            "This line has {} values and not {}. Put values with a comma or a line break in quotation marks.",
            record.len(),
            COLUMNS.len()
        );
        return Err(Problem::new(path, "COLUMNS", message));
    }
    let [kind, assignable, property, value] =
        columns.map(|column| record.get(column).unwrap_or_default());
    let Some(kind) = Kind::parse(kind) else {
        let message = "The type is user or group.";
        return Err(Problem::new(
            format!("{path}.type"),
            "UNKNOWN_TYPE",
            message,
        ));
    };
    Ok(EntitlementLine {
        kind,
        assignable: assignable.into(),
        property: property.into(),
        value: value.into(),
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
fn unreadable(error: csv::Error) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    let message = "From here on the text cannot be read as CSV.";
    Error::invalid(format!("lines.{line}"), "CSV", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(csv: &str) -> Vec<(String, EntitlementLine)> {
        let lines = read(Source::Csv(csv.into())).unwrap();
        assert!(lines.problems.is_empty(), "{:?}", lines.problems);
        let lines = lines.lines.into_iter();
        lines.map(|line| (line.path, line.line)).collect()
    }

    fn of(kind: Kind, assignable: &str, property: &str, value: &str) -> EntitlementLine {
        EntitlementLine {
            kind,
            assignable: assignable.into(),
            property: property.into(),
            value: value.into(),
        }
    }

    fn faults(csv: &str) -> Vec<(String, &'static str)> {
        let problems = match read(Source::Csv(csv.into())) {
            Ok(lines) => lines.problems,
            Err(error) => error.problems().to_vec(),
        };
        let all = problems.into_iter();
        all.map(|problem| (problem.path, problem.code)).collect()
    }

    #[test]
    fn columns_are_found_by_name_in_any_order_and_lines_counted_as_in_an_editor() {
        let plain = of(Kind::User, "ada", "region", "north");
        let quoted = of(Kind::Group, "Sales, EU", "region", "a \"b\"\nc");
        let csv = "assignable,type,property,value\r\nada,user,region,north\r\n\r\n\"Sales, EU\",GROUP,region,\"a \"\"b\"\"\nc\"\r\nada,user,region,north\r\n";
        let expected = vec![
            ("lines.2".to_owned(), plain.clone()),
            ("lines.4".to_owned(), quoted),
            ("lines.6".to_owned(), plain.clone()),
        ];
        assert_eq!(texts(csv), expected);
        for other in [
            "value;property;assignable;type\nnorth;region;ada;user\n",
            "\u{feff}assignable_type,assignable_id,property,value\nuser,ada,region,north",
        ] {
            assert_eq!(texts(other), [("lines.2".to_owned(), plain.clone())]);
        }
    }

    #[test]
    fn every_fault_names_its_line() {
        let csv = "assignable,type,property,value\nada,person,region,north\nada,user,region\na,user,b,c\nada,user,a,b,c\n";
        let expected = [
            ("lines.2.type", "UNKNOWN_TYPE"),
            ("lines.3", "COLUMNS"),
            ("lines.5", "COLUMNS"),
        ];
        let found = faults(csv);
        let found: Vec<_> = found
            .iter()
            .map(|(path, code)| (path.as_str(), *code))
            .collect();
        assert_eq!(found, expected);
        for (csv, code) in [
            ("", "HEADER"),
            ("ada,user,region,north\n", "HEADER"),
            ("assignable,type,property,value,comment\n", "HEADER"),
            ("assignable,type,property,value\n\n", "EMPTY"),
        ] {
            assert_eq!(
                faults(csv).first().map(|(_, code)| *code),
                Some(code),
                "{csv:?}"
            );
        }
    }
}
