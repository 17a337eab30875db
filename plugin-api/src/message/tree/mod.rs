//! Batches and selects as bytes: each node is its number and its fields in the order of their declaration, values
//! where they belong in the tagged encoding.
//!
//! A message starts with the minor version of the interface that is needed to understand it, as small as its content
//! allows: a driver refuses what is newer than itself, rather than leave out a part of a statement. A field or node that
//! is added takes the next minor version, is written in messages of that version only, and comes last. What version 1.0
//! writes is frozen by a test.

mod expr;
mod statement;

use super::{protocol, put_block, put_u32};
use crate::abi::MINOR;
use crate::batch::Batch;
use crate::codec::{CodecError, Reader};
use crate::error::DriverError;
use crate::ident::{Ident, TableRef};
use crate::rows::RowBuffer;
use crate::sql::Select;

/// The minor version that messages of today need.
const NEEDS: u8 = 0;

type Put = Result<(), DriverError>;
type Take<T> = Result<T, DriverError>;

/// The batch as bytes.
///
/// # Errors
/// `Unsupported` when a condition nests too deep, `Resource` when something in it is larger than 4 GiB.
pub fn encode_batch(batch: &Batch) -> Result<Vec<u8>, DriverError> {
    let mut out = Vec::with_capacity(512);
    out.push(NEEDS);
    statement::put_batch(&mut out, batch)?;
    Ok(out)
}

/// The batch that [`encode_batch`] wrote.
///
/// # Errors
/// `Protocol` when the bytes are not exactly one batch.
pub fn decode_batch(bytes: &[u8]) -> Result<Batch, DriverError> {
    whole(bytes, statement::take_batch)
}

/// The select as bytes.
///
/// # Errors
/// As [`encode_batch`].
pub fn encode_select(select: &Select) -> Result<Vec<u8>, DriverError> {
    let mut out = Vec::with_capacity(512);
    out.push(NEEDS);
    statement::put_select(&mut out, select, 0)?;
    Ok(out)
}

/// The select that [`encode_select`] wrote.
///
/// # Errors
/// As [`decode_batch`].
pub fn decode_select(bytes: &[u8]) -> Result<Select, DriverError> {
    whole(bytes, |reader| statement::take_select(reader, 0))
}

fn whole<T>(bytes: &[u8], take: impl FnOnce(&mut Reader<'_>) -> Take<T>) -> Take<T> {
    let mut reader = Reader::new(bytes);
    let needs = reader.u8()?;
    if u16::from(needs) > MINOR {
        return Err(protocol(format!(
            "a request needs version 1.{needs} of the driver interface, this driver has 1.{MINOR}: use a newer driver"
        )));
    }
    let tree = take(&mut reader)?;
    finished(&reader)?;
    Ok(tree)
}

/// A message with more than was understood is refused.
pub(super) fn finished(reader: &Reader<'_>) -> Put {
    if reader.rest().is_empty() {
        Ok(())
    } else {
        Err(protocol("a message holds more than was understood"))
    }
}

fn unknown<T>(what: &str) -> Take<T> {
    Err(protocol(format!("a request holds an unknown {what}")))
}

fn put_list<T>(
    out: &mut Vec<u8>,
    items: &[T],
    mut put: impl FnMut(&mut Vec<u8>, &T) -> Put,
) -> Put {
    put_u32(out, items.len())?;
    items.iter().try_for_each(|item| put(out, item))
}

fn take_list<T>(
    reader: &mut Reader<'_>,
    mut take: impl FnMut(&mut Reader<'_>) -> Take<T>,
) -> Take<Vec<T>> {
    let count = reader.u32()? as usize;
    // Every item takes a byte at least; the length announced is not trusted for an allocation.
    let mut items = Vec::with_capacity(count.min(reader.rest().len()).min(1_024));
    for _ in 0..count {
        items.push(take(reader)?);
    }
    Ok(items)
}

fn put_ident(out: &mut Vec<u8>, ident: &Ident) -> Put {
    put_block(out, ident.as_str().as_bytes())
}

fn take_ident(reader: &mut Reader<'_>) -> Take<Ident> {
    Ident::new(reader.text()?).map_err(|error| protocol(error.to_string()))
}

fn put_flag(out: &mut Vec<u8>, flag: bool) {
    out.push(flag.into());
}

fn take_flag(reader: &mut Reader<'_>) -> Result<bool, CodecError> {
    match reader.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(CodecError("a flag is neither set nor not set")),
    }
}

fn put_table(out: &mut Vec<u8>, table: &TableRef) -> Put {
    let TableRef {
        catalog,
        schema,
        name,
    } = table;
    for around in [catalog, schema] {
        put_flag(out, around.is_some());
        if let Some(around) = around {
            put_ident(out, around)?;
        }
    }
    put_ident(out, name)
}

fn take_table(reader: &mut Reader<'_>) -> Take<TableRef> {
    let mut around = || {
        let is_there = take_flag(reader)?;
        is_there.then(|| take_ident(reader)).transpose()
    };
    let (catalog, schema) = (around()?, around()?);
    Ok(TableRef {
        catalog,
        schema,
        name: take_ident(reader)?,
    })
}

/// Width, number of rows, and the block of their cells.
pub(super) fn put_rows(out: &mut Vec<u8>, rows: &RowBuffer) -> Put {
    put_u32(out, rows.width())?;
    put_u32(out, rows.len())?;
    put_block(out, rows.bytes())
}

/// The rows that [`put_rows`] wrote.
pub(super) fn take_rows(reader: &mut Reader<'_>) -> Take<RowBuffer> {
    let (width, rows) = (reader.u32()?, reader.u32()?);
    checked_rows(width, rows, reader.block()?.to_vec())
}

pub(super) fn checked_rows(width: u32, rows: u32, cells: Vec<u8>) -> Take<RowBuffer> {
    // Rows without cells take no bytes: a few bytes could claim billions of them.
    if width == 0 && rows > 0 {
        return Err(protocol("rows without columns are not allowed"));
    }
    Ok(RowBuffer::from_bytes(width, rows, cells)?)
}
