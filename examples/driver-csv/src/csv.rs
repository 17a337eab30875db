//! CSV text, both ways (RFC 4180). A cell without anything is NULL, a cell of two quotes is an empty text.

/// A cell: `None` is NULL.
pub(crate) type Cell = Option<String>;

/// How a file is written, kept from how it was found: other programs depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// Whether the file starts with a byte order mark, as spreadsheets like it.
    pub(crate) mark: bool,
    /// Whether lines end with CR LF.
    pub(crate) crlf: bool,
}

const MARK: char = '\u{feff}';

/// Reads all records of a text.
///
/// # Errors
/// The number of the line that cannot be read, and why.
pub(crate) fn read(text: &str) -> Result<(Vec<Vec<Cell>>, Style), (usize, &'static str)> {
    let body = text.strip_prefix(MARK);
    let style = Style {
        mark: body.is_some(),
        crlf: text.contains("\r\n"),
    };
    let mut rest = Reader {
        chars: body.unwrap_or(text).chars().peekable(),
        line: 1,
    };
    let mut records = Vec::new();
    while rest.chars.peek().is_some() {
        records.push(rest.record()?);
    }
    Ok((records, style))
}

struct Reader<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
}

impl Reader<'_> {
    fn record(&mut self) -> Result<Vec<Cell>, (usize, &'static str)> {
        let mut cells = Vec::new();
        loop {
            cells.push(if self.chars.next_if_eq(&'"').is_some() {
                Some(self.quoted()?)
            } else {
                self.plain()?
            });
            match self.chars.next() {
                Some(',') => {}
                Some('\r') if self.chars.next_if_eq(&'\n').is_some() => break,
                Some('\n') | None => break,
                Some(_) => return Err((self.line, "there is text behind a closing quote")),
            }
        }
        self.line += 1;
        Ok(cells)
    }

    fn quoted(&mut self) -> Result<String, (usize, &'static str)> {
        let start = self.line;
        let mut text = String::new();
        loop {
            match self.chars.next() {
                Some('"') if self.chars.next_if_eq(&'"').is_none() => return Ok(text),
                Some(other) => {
                    self.line += usize::from(other == '\n');
                    text.push(other);
                }
                None => return Err((start, "a quote is never closed")),
            }
        }
    }

    fn plain(&mut self) -> Result<Cell, (usize, &'static str)> {
        let mut text = String::new();
        while let Some(next) = self
            .chars
            .next_if(|next| !matches!(next, ',' | '\n' | '\r'))
        {
            if next == '"' {
                return Err((
                    self.line,
                    "a quote stands in the middle of a cell without quotes",
                ));
            }
            text.push(next);
        }
        Ok((!text.is_empty()).then_some(text))
    }
}

/// Appends one record.
pub(crate) fn write<'a>(
    out: &mut String,
    cells: impl IntoIterator<Item = Option<&'a str>>,
    style: Style,
) {
    for (position, cell) in cells.into_iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        let Some(text) = cell else { continue };
        if text.is_empty() || text.contains(['"', ',', '\n', '\r']) || text.trim() != text {
            out.push('"');
            out.push_str(&text.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(text);
        }
    }
    out.push_str(if style.crlf { "\r\n" } else { "\n" });
}

/// What a file starts with.
pub(crate) fn start(style: Style) -> String {
    if style.mark {
        MARK.to_string()
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_as_they_were_written() {
        let cells = [
            Some("a"),
            None,
            Some(""),
            Some("x,y"),
            Some("say \"so\""),
            Some("two\r\nlines"),
            Some(" b "),
            Some("🚀"),
        ];
        for style in [
            Style::default(),
            Style {
                mark: true,
                crlf: true,
            },
        ] {
            let mut text = start(style);
            write(&mut text, cells, style);
            write(&mut text, [None; 8], style);
            let (records, found) = read(&text).unwrap();
            let wanted: Vec<Cell> = cells.iter().map(|cell| cell.map(str::to_owned)).collect();
            assert_eq!(records, [wanted, vec![None; 8]]);
            assert_eq!(found.mark, style.mark);
        }
    }

    #[test]
    fn the_last_line_needs_no_end() {
        let (records, style) = read("a,b\r\n1,2").unwrap();
        assert_eq!(records.len(), 2);
        assert_eq!(
            style,
            Style {
                mark: false,
                crlf: true
            }
        );
        assert_eq!(read("").unwrap().0, Vec::<Vec<Cell>>::new());
    }

    #[test]
    fn broken_quotes_are_told_with_their_line() {
        for (text, line) in [("a\n\"b", 2), ("a\nb\"c", 2), ("\"a\nb\"\nc\n\"d\"e", 4)] {
            assert_eq!(read(text).unwrap_err().0, line, "{text}");
        }
    }
}
