//! Results: what an answer holds itself, and the parts that the service has put elsewhere.
//!
//! <https://github.com/snowflakedb/snowflake-connector-python/blob/main/src/snowflake/connector/result_batch.py>

use std::io::Read as _;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use quillback_plugin_api::{Category, DriverError};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::connect::Service;

/// A row: each cell as text.
pub(crate) type Row = Vec<Option<String>>;

/// What an answer to a statement says.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Data {
    pub(crate) get_result_url: Option<String>,
    #[serde(rename = "rowtype")]
    row_type: Vec<Heading>,
    #[serde(rename = "rowset")]
    rows: Option<Vec<Row>>,
    rowset_base64: Option<String>,
    chunks: Option<Vec<Chunk>>,
    chunk_headers: Option<serde_json::Map<String, Json>>,
    /// Key of parts that are encrypted for this answer alone.
    qrmk: Option<String>,
}

/// Heading of one column.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Heading {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) precision: Option<u32>,
    pub(crate) scale: Option<u32>,
    pub(crate) length: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Chunk {
    url: String,
    row_count: usize,
    uncompressed_size: u64,
}

/// A result that is read part by part.
pub(crate) struct Answered {
    service: Arc<Service>,
    pub(crate) headings: Vec<Heading>,
    first: Option<Vec<Row>>,
    chunks: std::vec::IntoIter<Chunk>,
    headers: Vec<(String, String)>,
}

impl Answered {
    /// # Errors
    /// `Protocol` when the rows came in a form that this driver does not read.
    pub(crate) fn new(service: Arc<Service>, data: Data) -> Result<Self, DriverError> {
        if data.rowset_base64.is_some_and(|rows| !rows.is_empty()) {
            let message = "the service answered in Arrow, which this driver does not read";
            return Err(DriverError::new(Category::Protocol, message));
        }
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in data.chunk_headers.iter().flatten() {
            if let Json::String(value) = value {
                headers.push((name.to_lowercase(), value.clone()));
            }
        }
        if headers.is_empty()
            && let Some(key) = data.qrmk
        {
            // https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
            let name = "x-amz-server-side-encryption-customer-";
            headers.push((format!("{name}algorithm"), "AES256".into()));
            headers.push((format!("{name}key"), key));
        }
        Ok(Self {
            service,
            headings: data.row_type,
            first: data.rows,
            chunks: data.chunks.unwrap_or_default().into_iter(),
            headers,
        })
    }

    /// The next rows; nothing after the last.
    ///
    /// # Errors
    /// `Connect` when a part cannot be had.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Row>>, DriverError> {
        if let Some(rows) = self.first.take()
            && !rows.is_empty()
        {
            return Ok(Some(rows));
        }
        let Some(chunk) = self.chunks.next() else {
            return Ok(None);
        };
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let body = self.service.fetch(&chunk.url, &headers).await?;
        let rows = unpack(&body, &chunk).ok_or_else(|| {
            let message = "a part of the result cannot be read";
            DriverError::new(Category::Protocol, message)
        })?;
        Ok(Some(rows))
    }

    /// All rows.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub(crate) async fn all(&mut self) -> Result<Vec<Row>, DriverError> {
        let mut all = Vec::new();
        while let Some(rows) = self.next().await? {
            if all.is_empty() {
                all = rows;
            } else {
                all.extend(rows);
            }
        }
        Ok(all)
    }

    /// The number in the first cell: rows that a statement touched or counted.
    ///
    /// # Errors
    /// `Protocol` when there is none.
    pub(crate) async fn number(&mut self) -> Result<u64, DriverError> {
        let rows = self.all().await?;
        let cell = rows.first().and_then(|row| row.first()?.as_deref());
        cell.and_then(|cell| cell.parse().ok()).ok_or_else(|| {
            let message = "the service does not say how many rows there were";
            DriverError::new(Category::Protocol, message)
        })
    }
}

/// Rows with commas between them and no brackets around, packed or not.
fn unpack(body: &[u8], chunk: &Chunk) -> Option<Vec<Row>> {
    let mut text = Vec::with_capacity(body.len() + 2);
    text.push(b'[');
    if body.starts_with(&[0x1f, 0x8b]) {
        // Never more than was announced.
        let mut unpacked = MultiGzDecoder::new(body).take(chunk.uncompressed_size.max(1) + 1);
        unpacked.read_to_end(&mut text).ok()?;
    } else {
        text.extend_from_slice(body);
    }
    text.push(b']');
    let rows: Vec<Row> = serde_json::from_slice(&text).ok()?;
    (rows.len() == chunk.row_count).then_some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_with_other_rows_than_announced_is_no_part() {
        let chunk = |row_count| Chunk {
            row_count,
            uncompressed_size: 100,
            ..Chunk::default()
        };
        let body = br#"["1",null],["2","x"]"#;
        assert_eq!(unpack(body, &chunk(2)).unwrap().len(), 2);
        assert!(unpack(body, &chunk(3)).is_none());
        assert!(unpack(&body[..10], &chunk(2)).is_none());
        assert!(unpack(b"\x1f\x8bnothing", &chunk(2)).is_none());
    }
}
