//! Batches and selects: a length, the tree as JSON, then its values.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::walk::{fill, read};
use super::{protocol, put_block, put_u32};
use crate::batch::Batch;
use crate::codec::{self, Reader};
use crate::error::DriverError;
use crate::rows::RowBuffer;
use crate::sql::Select;
use crate::value::ValueRef;

/// The batch as bytes.
///
/// # Errors
/// `Resource` when it is larger than 4 GiB.
pub fn encode_batch(batch: &Batch) -> Result<Vec<u8>, DriverError> {
    let mut out = start(batch)?;
    read::batch(batch, &mut |slot| put_slot(&mut out, &slot))?;
    Ok(out)
}

/// The batch that [`encode_batch`] wrote.
///
/// # Errors
/// `Protocol` when the bytes are not exactly one batch.
pub fn decode_batch(bytes: &[u8]) -> Result<Batch, DriverError> {
    let mut reader = Reader::new(bytes);
    let mut batch: Batch = decode_json(reader.block()?)?;
    fill::batch(&mut batch, &mut |slot| take_slot(&mut reader, slot))?;
    finished(&reader)?;
    Ok(batch)
}

/// The select as bytes.
///
/// # Errors
/// As [`encode_batch`].
pub fn encode_select(select: &Select) -> Result<Vec<u8>, DriverError> {
    let mut out = start(select)?;
    read::select(select, &mut |slot| put_slot(&mut out, &slot))?;
    Ok(out)
}

/// The select that [`encode_select`] wrote.
///
/// # Errors
/// As [`decode_batch`].
pub fn decode_select(bytes: &[u8]) -> Result<Select, DriverError> {
    let mut reader = Reader::new(bytes);
    let mut select: Select = decode_json(reader.block()?)?;
    fill::select(&mut select, &mut |slot| take_slot(&mut reader, slot))?;
    finished(&reader)?;
    Ok(select)
}

/// A message that is JSON only.
///
/// # Errors
/// `Protocol` when it cannot be written as JSON.
pub fn encode_json(message: &impl Serialize) -> Result<Vec<u8>, DriverError> {
    serde_json::to_vec(message)
        .map_err(|error| protocol(format!("a message cannot be written: {error}")))
}

/// The message that [`encode_json`] wrote.
///
/// # Errors
/// `Protocol` when it is not what was expected.
pub fn decode_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DriverError> {
    serde_json::from_slice(bytes)
        .map_err(|error| protocol(format!("a message cannot be understood: {error}")))
}

/// As [`decode_json`], but the error tells only where the message is wrong: it may hold secrets.
///
/// # Errors
/// As [`decode_json`].
pub fn decode_secret_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DriverError> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        protocol(format!(
            "a message cannot be understood at line {line}, column {column}"
        ))
    })
}

fn start(tree: &impl Serialize) -> Result<Vec<u8>, DriverError> {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(&[0; 4]);
    serde_json::to_writer(&mut out, tree)
        .map_err(|error| protocol(format!("a statement cannot be written: {error}")))?;
    let length = u32::try_from(out.len() - 4).map_err(|_| super::too_large())?;
    if let Some(head) = out.first_chunk_mut() {
        *head = length.to_le_bytes();
    }
    Ok(out)
}

fn put_slot(out: &mut Vec<u8>, slot: &read::Slot<'_>) -> Result<(), DriverError> {
    match slot {
        read::Slot::Value(value) => codec::put_value(out, value),
        read::Slot::Rows(rows) => {
            put_u32(out, rows.width())?;
            put_u32(out, rows.len())?;
            put_block(out, rows.bytes())?;
        }
    }
    Ok(())
}

fn take_slot(reader: &mut Reader<'_>, slot: fill::Slot<'_>) -> Result<(), DriverError> {
    match slot {
        fill::Slot::Value(value) => *value = reader.value().map(ValueRef::to_owned)?,
        fill::Slot::Rows(rows) => *rows = take_rows(reader)?,
    }
    Ok(())
}

/// Width, number of rows, and the block of their cells.
pub(super) fn take_rows(reader: &mut Reader<'_>) -> Result<RowBuffer, DriverError> {
    let (width, rows) = (reader.u32()?, reader.u32()?);
    checked_rows(width, rows, reader.block()?.to_vec())
}

pub(super) fn checked_rows(
    width: u32,
    rows: u32,
    cells: Vec<u8>,
) -> Result<RowBuffer, DriverError> {
    // Rows without cells take no bytes: a few bytes could claim billions of them.
    if width == 0 && rows > 0 {
        return Err(protocol("rows without columns are not allowed"));
    }
    Ok(RowBuffer::from_bytes(width, rows, cells)?)
}

/// A message with more than was understood is refused: a part of a statement that is not understood would change
/// what the statement does.
pub(super) fn finished(reader: &Reader<'_>) -> Result<(), DriverError> {
    if reader.rest().is_empty() {
        Ok(())
    } else {
        Err(protocol("a message holds more than was understood"))
    }
}
