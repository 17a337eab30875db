//! Bodies of messages: what is bound, what is described, what a row holds
//! (<https://www.postgresql.org/docs/current/protocol-message-formats.html>).

use bytes::{BufMut as _, BytesMut};
use postgres_protocol::message::frontend;
use quillback_plugin_api::{Category, DriverError, Value};

use crate::errors::protocol;
use crate::flavor::Params;
use crate::statements::Statement;
use crate::types::decode::Malformed;
use crate::types::{fit, put};

/// Appends Bind and Execute. The formats stand in front of the values and are filled in afterwards.
pub(crate) fn write_bind(
    out: &mut BytesMut,
    statement: &Statement,
    params: &[Value],
    (money_scale, form): (u8, Params),
) -> Result<(), DriverError> {
    let count = u16::try_from(params.len()).map_err(|_| protocol("too many parameters"))?;
    let start = out.len();
    out.put_u8(b'B');
    out.put_i32(0);
    out.put_u8(0);
    out.put_slice(statement.name.as_bytes());
    out.put_u8(0);
    out.put_u16(count);
    let formats = out.len();
    out.put_bytes(0, params.len() * 2);
    out.put_u16(count);
    for (position, (value, slot)) in params.iter().zip(&statement.params).enumerate() {
        let fitted = fit::fit(value, *slot, money_scale)?;
        let format = match form {
            Params::Binary => put::field(&fitted, out)?,
            Params::Text => put::spelled(&fitted, out)?,
        };
        let at = formats + position * 2;
        if let Some(place) = out.get_mut(at..at + 2) {
            place.copy_from_slice(&format.code().to_be_bytes());
        }
    }
    let columns = statement.shape.decodes.len();
    out.put_u16(u16::try_from(columns).map_err(|_| protocol("too many columns"))?);
    for decode in &statement.shape.decodes {
        out.put_i16(i16::from(decode.is_binary()));
    }
    let length = i32::try_from(out.len() - start - 1)
        .map_err(|_| DriverError::new(Category::Resource, TOO_LONG))?;
    if let Some(place) = out.get_mut(start + 1..start + 5) {
        place.copy_from_slice(&length.to_be_bytes());
    }
    frontend::execute("", 0, out).map_err(|_| protocol("a portal with NUL"))
}

const TOO_LONG: &str = "a statement with its values is longer than 2 GB: write fewer rows at once";

/// The number at the end of a command's tag, such as `INSERT 0 5`.
pub(crate) fn tag_count(body: &[u8]) -> u64 {
    let text = body.strip_suffix(b"\0").unwrap_or(body);
    text.rsplit(|byte| *byte == b' ')
        .next()
        .and_then(|number| std::str::from_utf8(number).ok()?.parse().ok())
        .unwrap_or(0)
}

/// The cells of a `DataRow`.
pub(crate) fn cells(body: &[u8]) -> Option<Vec<Option<&[u8]>>> {
    let (count, mut rest) = body.split_first_chunk::<2>()?;
    let count = usize::from(u16::from_be_bytes(*count));
    let mut cells = Vec::with_capacity(count);
    for _ in 0..count {
        cells.push(cell(&mut rest).ok()?);
    }
    Some(cells)
}

/// Takes one cell from the front of the body of a `DataRow`, after its count; NULL is `None`.
///
/// # Errors
/// The body is too short.
pub(crate) fn cell<'a>(rest: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Malformed> {
    let (length, after) = rest.split_first_chunk::<4>().ok_or(Malformed)?;
    let length = i32::from_be_bytes(*length);
    if length == -1 {
        *rest = after;
        return Ok(None);
    }
    let length = usize::try_from(length).map_err(|_| Malformed)?;
    let (cell, after) = after.split_at_checked(length).ok_or(Malformed)?;
    *rest = after;
    Ok(Some(cell))
}

/// The types in a `ParameterDescription`.
pub(crate) fn param_types(body: &[u8]) -> Option<Vec<u32>> {
    let (_count, types) = body.split_first_chunk::<2>()?;
    let (types, rest) = types.as_chunks::<4>();
    rest.is_empty()
        .then(|| types.iter().map(|ty| u32::from_be_bytes(*ty)).collect())
}

/// Name, type and modifier of each column in a `RowDescription`.
pub(crate) fn headings(body: &[u8]) -> Option<Vec<(String, u32, i32)>> {
    let (count, mut rest) = body.split_first_chunk::<2>()?;
    let mut columns = Vec::with_capacity(usize::from(u16::from_be_bytes(*count)));
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == 0)?;
        let (name, after) = rest.split_at_checked(end)?;
        // After the name: its end, table (4), position (2), type (4), size (2), modifier (4), format (2).
        let (fixed, after) = after.split_first_chunk::<19>()?;
        let [
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            t1,
            t2,
            t3,
            t4,
            _,
            _,
            m1,
            m2,
            m3,
            m4,
            _,
            _,
        ] = *fixed;
        columns.push((
            String::from_utf8_lossy(name).into_owned(),
            u32::from_be_bytes([t1, t2, t3, t4]),
            i32::from_be_bytes([m1, m2, m3, m4]),
        ));
        rest = after;
    }
    Some(columns)
}
