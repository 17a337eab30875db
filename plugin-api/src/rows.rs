//! Rows as one buffer of tagged values: what drivers fill, what crosses the plugin boundary, and what the server reads.

use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, Reader};
use crate::value::{Value, ValueRef};

/// Heading of one column of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Name as selected.
    pub name: String,
    /// The database's own type text, such as `numeric(18,4)`; empty when the database does not say.
    pub native: String,
}

/// Encoded rows, all of one width.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowBuffer {
    width: u32,
    rows: u32,
    cells: u32,
    bytes: Vec<u8>,
}

/// A result: headings and rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowSet {
    /// One heading for each column.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: RowBuffer,
}

/// The values of one row, list or struct, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cells<'a> {
    reader: Reader<'a>,
    left: u32,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(bytes: &'a [u8], count: u32) -> Self {
        Self {
            reader: Reader::new(bytes),
            left: count,
        }
    }

    pub(crate) fn remaining(&self) -> u32 {
        self.left
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.reader.rest()
    }
}

#[expect(
    clippy::copy_iterator,
    reason = "values hold cells, and a value is copied freely"
)]
impl<'a> Iterator for Cells<'a> {
    type Item = Result<ValueRef<'a>, CodecError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some(self.reader.cell())
    }
}

impl RowBuffer {
    /// An empty buffer of rows with `width` cells each.
    pub fn new(width: usize) -> Self {
        Self {
            width: u32::try_from(width).unwrap_or(u32::MAX),
            ..Self::default()
        }
    }

    /// An empty buffer with room for `bytes` encoded bytes.
    pub fn with_capacity(width: usize, bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            ..Self::new(width)
        }
    }

    /// A buffer of owned rows; all must have `width` cells.
    ///
    /// # Errors
    /// [`CodecError`] when a row has another number of cells.
    pub fn from_rows(width: usize, rows: &[Vec<Value>]) -> Result<Self, CodecError> {
        let mut buffer = Self::new(width);
        for row in rows {
            buffer.push_row(row)?;
        }
        Ok(buffer)
    }

    /// Takes bytes that crossed the plugin boundary, after checking each of them.
    ///
    /// # Errors
    /// [`CodecError`] when they are not exactly `rows` rows of `width` values.
    pub fn from_bytes(width: u32, rows: u32, bytes: Vec<u8>) -> Result<Self, CodecError> {
        let mut reader = Reader::new(&bytes);
        let cells = u64::from(width) * u64::from(rows);
        for _ in 0..cells {
            reader.check()?;
        }
        if !reader.rest().is_empty() {
            return Err(CodecError("there is more than the rows announced"));
        }
        Ok(Self {
            width,
            rows,
            cells: 0,
            bytes,
        })
    }

    /// Appends one cell; each time a row is full it counts.
    #[expect(clippy::inline_always, reason = "as `codec::put`")]
    #[inline(always)]
    pub fn push(&mut self, value: ValueRef<'_>) {
        codec::put(&mut self.bytes, value);
        self.count_cell();
    }

    /// Appends one owned cell.
    pub fn push_value(&mut self, value: &Value) {
        codec::put_value(&mut self.bytes, value);
        self.count_cell();
    }

    #[inline]
    fn count_cell(&mut self) {
        self.cells += 1;
        if self.cells >= self.width {
            self.cells = 0;
            self.rows += 1;
        }
    }

    /// Appends a whole row.
    ///
    /// # Errors
    /// [`CodecError`] when it has not the buffer's width; nothing is appended then.
    pub fn push_row(&mut self, row: &[Value]) -> Result<(), CodecError> {
        if row.len() != self.width as usize || self.cells != 0 {
            return Err(CodecError("a row has another number of cells"));
        }
        for value in row {
            self.push_value(value);
        }
        Ok(())
    }

    /// Appends the rows of another buffer of the same width; one of another width is left out.
    pub fn append(&mut self, other: &Self) {
        if self.width == other.width && self.cells == 0 {
            self.bytes.extend_from_slice(&other.bytes);
            self.rows += other.rows;
        }
    }

    /// Number of complete rows.
    pub fn len(&self) -> usize {
        self.rows as usize
    }

    /// Whether there is no complete row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Cells in a row.
    pub fn width(&self) -> usize {
        self.width as usize
    }

    /// The encoded bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The encoded bytes, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The rows, one after the other. Malformed data ends the iteration; a buffer of [`Self::from_bytes`] has none.
    pub fn iter(&self) -> Rows<'_> {
        Rows {
            reader: Reader::new(&self.bytes),
            width: self.width,
            left: self.rows,
        }
    }

    /// Where in the bytes each row begins; for [`Self::row_at`].
    pub fn starts(&self) -> Vec<usize> {
        let mut start = 0;
        let lengths = self.iter().map(|row| row.bytes().len());
        lengths
            .map(|length| {
                start += length;
                start - length
            })
            .collect()
    }

    /// The row that begins there, one of [`Self::starts`].
    pub fn row_at(&self, start: usize) -> Cells<'_> {
        let rest = self.bytes.get(start..).unwrap_or_default();
        Cells::new(rest, self.width)
    }

    /// All cells of all rows in order, the quickest way to read them all: each is looked at once. A buffer of more than
    /// 4 Gi cells, which cannot cross the plugin boundary, is cut there.
    pub fn cells(&self) -> Cells<'_> {
        Cells::new(&self.bytes, self.rows.saturating_mul(self.width))
    }

    /// The first cell of the first row.
    pub fn first(&self) -> Option<ValueRef<'_>> {
        self.iter().next()?.next()?.ok()
    }

    /// All rows as owned values.
    pub fn to_rows(&self) -> Vec<Vec<Value>> {
        self.iter()
            .map(|row| row.filter_map(Result::ok).map(ValueRef::to_owned).collect())
            .collect()
    }
}

impl<'a> IntoIterator for &'a RowBuffer {
    type Item = Cells<'a>;
    type IntoIter = Rows<'a>;

    fn into_iter(self) -> Rows<'a> {
        self.iter()
    }
}

/// Iterator over the rows of a buffer.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    reader: Reader<'a>,
    width: u32,
    left: u32,
}

impl<'a> Iterator for Rows<'a> {
    type Item = Cells<'a>;

    #[inline]
    fn next(&mut self) -> Option<Cells<'a>> {
        self.left = self.left.checked_sub(1)?;
        let start = self.reader.rest();
        for _ in 0..self.width {
            self.reader.skip().ok()?;
        }
        let used = start.len() - self.reader.rest().len();
        Some(Cells::new(start.get(..used)?, self.width))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.left as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_went_in() {
        let rows = vec![
            vec![Value::I64(1), Value::Text("a".into())],
            vec![Value::Null, Value::List(vec![Value::Null])],
        ];
        let buffer = RowBuffer::from_rows(2, &rows).unwrap();
        assert_eq!(buffer.len(), 2);
        assert_eq!(buffer.to_rows(), rows);
        let again = RowBuffer::from_bytes(2, 2, buffer.bytes().to_vec()).unwrap();
        assert_eq!(again, buffer);
    }

    #[test]
    fn cells_are_those_of_the_rows_in_order() {
        let mut buffer = RowBuffer::new(2);
        buffer.push_row(&[Value::I64(1), Value::Null]).unwrap();
        buffer.push_row(&[Value::Null, Value::I64(2)]).unwrap();
        // A row that is not full does not count.
        buffer.push(ValueRef::I64(3));
        let cells: Vec<_> = buffer
            .cells()
            .map(|cell| cell.unwrap().to_owned())
            .collect();
        assert_eq!(cells, buffer.to_rows().concat());
    }

    #[test]
    fn rows_are_found_by_where_they_begin() {
        let rows = vec![
            vec![Value::Text("a".repeat(300)), Value::Null],
            vec![Value::I64(1), Value::List(vec![Value::I64(2)])],
            vec![Value::Null, Value::Bool(true)],
        ];
        let buffer = RowBuffer::from_rows(2, &rows).unwrap();
        let found = buffer.starts().into_iter().map(|start| {
            let cells = buffer.row_at(start).map(|cell| cell.unwrap().to_owned());
            cells.collect::<Vec<_>>()
        });
        assert_eq!(found.collect::<Vec<_>>(), rows);
    }

    #[test]
    fn rows_of_another_width_are_refused() {
        let mut buffer = RowBuffer::new(2);
        assert!(buffer.push_row(&[Value::Null]).is_err());
        buffer.push_row(&[Value::Null, Value::Null]).unwrap();
        assert!(RowBuffer::from_bytes(2, 2, buffer.bytes().to_vec()).is_err());
        assert!(RowBuffer::from_bytes(1, 1, buffer.bytes().to_vec()).is_err());
    }
}
