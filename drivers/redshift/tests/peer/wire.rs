//! Messages of the protocol, as far as the stand-in must change them
//! (<https://www.postgresql.org/docs/current/protocol-message-formats.html>).

/// The beginning of a word that stands for a refused statement; its number follows.
pub(super) const REFUSED: &str = "refused_by_the_stand_in_";

/// Numbers of types: `PostgreSQL`'s, and those of Redshift's types that stand behind them here.
const TYPES: &[(u32, u32)] = &[(17, 6551), (3802, 4000)];

/// Takes a whole message off the front of what was read.
pub(super) fn take(buffer: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let [tag, a, b, c, d, ..] = *buffer.as_slice() else {
        return None;
    };
    let end = 1 + usize::try_from(i32::from_be_bytes([a, b, c, d])).ok()?;
    if buffer.len() < end {
        return None;
    }
    let rest = buffer.split_off(end);
    let body = std::mem::replace(buffer, rest).split_off(5);
    Some((tag, body))
}

/// A message with its length in front.
pub(super) fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("a message of less than 4 GB");
    [&[tag], &length.to_be_bytes()[..], body].concat()
}

/// The number at the front.
pub(super) fn number(body: &[u8]) -> Option<i32> {
    body.first_chunk().map(|bytes| i32::from_be_bytes(*bytes))
}

/// Names and values of a message that starts a session.
pub(super) fn settings(body: &[u8]) -> Vec<(String, String)> {
    let texts = body.get(4..).unwrap_or_default().split(|byte| *byte == 0);
    let texts: Vec<_> = texts
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .collect();
    let (pairs, _) = texts.as_chunks::<2>();
    pairs
        .iter()
        .filter(|[name, _]| !name.is_empty())
        .map(|[name, value]| (name.clone(), value.clone()))
        .collect()
}

/// The message with which the session at `PostgreSQL` starts: with backslashes that begin an escape.
pub(super) fn startup(body: &[u8]) -> Vec<u8> {
    let more = b"standard_conforming_strings\0off\0escape_string_warning\0off\0\0";
    let body = [body.strip_suffix(b"\0").unwrap_or(body), more].concat();
    let length = u32::try_from(body.len() + 4).expect("a short message");
    [&length.to_be_bytes()[..], &body].concat()
}

/// The statement in a message, with what is before and after it.
pub(super) fn statement(tag: u8, body: &[u8]) -> Option<(&[u8], &str, &[u8])> {
    let start = match tag {
        b'Q' => 0,
        // The name of the statement comes first.
        b'P' => body.iter().position(|byte| *byte == 0)? + 1,
        _ => return None,
    };
    let (before, rest) = body.split_at(start);
    let end = rest.iter().position(|byte| *byte == 0)?;
    let (sql, after) = rest.split_at(end);
    Some((before, std::str::from_utf8(sql).ok()?, after))
}

/// An error with its fields.
pub(super) fn error(severity: &str, code: &str, message: &str, detail: &str) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, text) in [
        (b'S', severity),
        (b'V', severity),
        (b'C', code),
        (b'M', message),
        (b'D', detail),
    ] {
        if !text.is_empty() {
            body.push(field);
            body.extend_from_slice(text.as_bytes());
            body.push(0);
        }
    }
    body.push(0);
    body
}

fn field(body: &[u8], wanted: u8) -> Option<&str> {
    body.split(|byte| *byte == 0).find_map(|field| {
        let (kind, text) = field.split_first()?;
        (*kind == wanted).then(|| std::str::from_utf8(text).ok())?
    })
}

/// The number of the refused statement that an error is about.
pub(super) fn refused(body: &[u8]) -> Option<usize> {
    let (_, after) = field(body, b'M')?.split_once(REFUSED)?;
    let digits = after.trim_end_matches(|last: char| !last.is_ascii_digit());
    digits.parse().ok()
}

/// A missing value in Redshift's words, if the error is about one.
pub(super) fn missing_value(body: &[u8]) -> Option<Vec<u8>> {
    if field(body, b'C')? != "23502" {
        return None;
    }
    let message = format!(
        "Cannot insert a NULL value into column {}",
        field(body, b'c')?
    );
    Some(error("ERROR", "XX000", &message, ""))
}

/// Headings with Redshift's numbers of types.
pub(super) fn headings(mut body: Vec<u8>) -> Vec<u8> {
    let mut at = 2;
    while let Some(end) = body
        .get(at..)
        .and_then(|rest| rest.iter().position(|b| *b == 0))
    {
        // After the name: its end, table (4), position (2), type (4), size (2), modifier (4), format (2).
        let ty = at + end + 7;
        let Some(bytes) = body.get_mut(ty..ty + 4) else {
            break;
        };
        let number = bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        if let Some((_, own)) = TYPES.iter().find(|(theirs, _)| *theirs == number) {
            bytes.copy_from_slice(&own.to_be_bytes());
        }
        at = ty + 12;
    }
    body
}

/// A row whose bytes are spelled as Redshift spells them.
pub(super) fn row(body: Vec<u8>) -> Vec<u8> {
    if !body.windows(2).any(|two| two == b"\\x") {
        return body;
    }
    let (count, mut rest) = body.split_at(2);
    let mut out = count.to_vec();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let Ok(size) = usize::try_from(i32::from_be_bytes(*length)) else {
            out.extend_from_slice(length);
            rest = after;
            continue;
        };
        let (cell, after) = after.split_at(size);
        let digits = cell.strip_prefix(b"\\x");
        let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let cell = digits.unwrap_or(cell);
        let length = u32::try_from(cell.len()).expect("a cell of less than 4 GB");
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(cell);
        rest = after;
    }
    out
}
