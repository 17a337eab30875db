//! Answers of a driver: outcomes of batches, headings, pieces of a result, rendered statements.

use super::tree::{checked_rows, finished, put_rows, take_rows};
use super::{protocol, put_block, put_u32};
use crate::batch::{BatchOutcome, RenderedStep, StepOutcome};
use crate::codec::{self, Reader};
use crate::error::DriverError;
use crate::rows::{Column, RowBuffer, RowSet};
use crate::sql::Rendered;
use crate::value::ValueRef;

const COMMITTED: u8 = 0;
const REFUSED: u8 = 1;

/// The outcome of a batch as bytes.
///
/// # Errors
/// `Resource` when it is larger than 4 GiB.
pub fn encode_outcome(outcome: &BatchOutcome) -> Result<Vec<u8>, DriverError> {
    let mut out = Vec::with_capacity(64);
    let done = match outcome {
        BatchOutcome::Committed(done) => {
            out.push(COMMITTED);
            done
        }
        BatchOutcome::Refused { step, found, done } => {
            out.push(REFUSED);
            out.extend_from_slice(&step.to_le_bytes());
            out.extend_from_slice(&found.to_le_bytes());
            done
        }
    };
    put_u32(&mut out, done.len())?;
    for step in done {
        out.extend_from_slice(&step.found.to_le_bytes());
        out.push(u8::from(step.rows.is_some()));
        if let Some(set) = &step.rows {
            put_columns(&mut out, &set.columns)?;
            put_rows(&mut out, &set.rows)?;
        }
    }
    Ok(out)
}

/// The outcome that [`encode_outcome`] wrote.
///
/// # Errors
/// `Protocol` when the bytes are not exactly one outcome.
pub fn decode_outcome(bytes: &[u8]) -> Result<BatchOutcome, DriverError> {
    let mut reader = Reader::new(bytes);
    let outcome = match reader.u8()? {
        COMMITTED => BatchOutcome::Committed(take_steps(&mut reader)?),
        REFUSED => BatchOutcome::Refused {
            step: reader.u32()?,
            found: reader.u64()?,
            done: take_steps(&mut reader)?,
        },
        _ => return Err(protocol("the driver answered with an unknown outcome")),
    };
    finished(&reader)?;
    Ok(outcome)
}

fn take_steps(reader: &mut Reader<'_>) -> Result<Vec<StepOutcome>, DriverError> {
    // A step takes at least nine bytes; the length announced is not trusted for the allocation.
    let count = reader.u32()? as usize;
    let mut done = Vec::with_capacity(count.min(reader.rest().len() / 9));
    for _ in 0..count {
        let found = reader.u64()?;
        let rows = match reader.u8()? {
            0 => None,
            1 => Some(RowSet {
                columns: take_columns(reader)?,
                rows: take_rows(reader)?,
            }),
            _ => return Err(protocol("the driver answered with an unknown step")),
        };
        done.push(StepOutcome { found, rows });
    }
    Ok(done)
}

/// Headings as bytes.
///
/// # Errors
/// As [`encode_outcome`].
pub fn encode_columns(columns: &[Column]) -> Result<Vec<u8>, DriverError> {
    let mut out = Vec::with_capacity(8 + columns.len() * 32);
    put_columns(&mut out, columns)?;
    Ok(out)
}

/// The headings that [`encode_columns`] wrote.
///
/// # Errors
/// `Protocol` when the bytes are not exactly a list of headings.
pub fn decode_columns(bytes: &[u8]) -> Result<Vec<Column>, DriverError> {
    let mut reader = Reader::new(bytes);
    let columns = take_columns(&mut reader)?;
    finished(&reader)?;
    Ok(columns)
}

fn put_columns(out: &mut Vec<u8>, columns: &[Column]) -> Result<(), DriverError> {
    put_u32(out, columns.len())?;
    for column in columns {
        put_block(out, column.name.as_bytes())?;
        put_block(out, column.native.as_bytes())?;
    }
    Ok(())
}

fn take_columns(reader: &mut Reader<'_>) -> Result<Vec<Column>, DriverError> {
    let count = reader.u32()? as usize;
    let mut columns = Vec::with_capacity(count.min(reader.rest().len() / 8));
    for _ in 0..count {
        columns.push(Column {
            name: reader.text()?.to_owned(),
            native: reader.text()?.to_owned(),
        });
    }
    Ok(columns)
}

/// Makes a message of a piece of a result: its cells, then the number of rows. The buffer is not copied.
///
/// # Errors
/// `Resource` when it has more than 4 Gi rows.
pub fn finish_piece(rows: RowBuffer) -> Result<Vec<u8>, DriverError> {
    let count = rows.len();
    let mut out = rows.into_bytes();
    put_u32(&mut out, count)?;
    Ok(out)
}

/// The rows that [`finish_piece`] wrote, each of `width` cells.
///
/// # Errors
/// `Protocol` when the bytes are not exactly such rows.
pub fn decode_piece(width: usize, bytes: &[u8]) -> Result<RowBuffer, DriverError> {
    let (cells, count) = bytes
        .split_last_chunk()
        .ok_or_else(|| protocol("a piece of a result ends too early"))?;
    let width = u32::try_from(width).map_err(|_| super::too_large())?;
    checked_rows(width, u32::from_le_bytes(*count), cells.to_vec())
}

/// Rendered statements as bytes.
///
/// # Errors
/// As [`encode_outcome`].
pub fn encode_rendered(steps: &[RenderedStep]) -> Result<Vec<u8>, DriverError> {
    let mut out = Vec::with_capacity(256);
    put_u32(&mut out, steps.len())?;
    for RenderedStep { step, statement } in steps {
        out.extend_from_slice(&step.to_le_bytes());
        put_block(&mut out, statement.sql.as_bytes())?;
        put_u32(&mut out, statement.params.len())?;
        for value in &statement.params {
            codec::put_value(&mut out, value);
        }
    }
    Ok(out)
}

/// The statements that [`encode_rendered`] wrote.
///
/// # Errors
/// `Protocol` when the bytes are not exactly a list of statements.
pub fn decode_rendered(bytes: &[u8]) -> Result<Vec<RenderedStep>, DriverError> {
    let mut reader = Reader::new(bytes);
    let count = reader.u32()?;
    let mut steps = Vec::new();
    for _ in 0..count {
        let step = reader.u32()?;
        let sql = reader.text()?.to_owned();
        let wanted = reader.u32()?;
        let mut params = Vec::new();
        for _ in 0..wanted {
            params.push(reader.value().map(ValueRef::to_owned)?);
        }
        let statement = Rendered { sql, params };
        steps.push(RenderedStep { step, statement });
    }
    finished(&reader)?;
    Ok(steps)
}
