//! The table in a SQLite file of its own folder.

use anyhow::{Context as _, Result};
use rusqlite::{Connection, params};
use tempfile::TempDir;

use super::{DEEP_DUE, Known, Place, REGION, SAMPLE, Table};

/// The folder, removed at the end, and a connection to the file.
pub(super) struct Keeper {
    connection: Connection,
    _folder: TempDir,
}

/// Makes the table.
pub(super) fn prepare(rows: u32) -> Result<Table> {
    let folder = TempDir::new()?;
    let path = folder.path().join("forecast.db");
    let connection = Connection::open(&path)?;
    // The ids hold the number of the row, so that they differ; what is random is how they are spread.
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
             CREATE TABLE forecast (id UUID_TEXT PRIMARY KEY NOT NULL, region VARCHAR(40) NOT NULL,
               product VARCHAR(100) NOT NULL, amount NUMERIC(12,2) NOT NULL, note TEXT, approved BOOLEAN NOT NULL,
               due DATE NOT NULL, updated_at TIMESTAMP_UTC(6) NOT NULL);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
             INSERT INTO forecast
             SELECT lower(printf('%08x-%04x-4%03x-8000-%012x', abs(random()) % 4294967296, i % 65536, i % 4096, i)),
               CASE i % 4 WHEN 0 THEN 'north' WHEN 1 THEN 'east' WHEN 2 THEN 'south' ELSE 'west' END,
               'product ' || (i % 1000), (i % 1000000) / 100.0, CASE WHEN i % 3 = 0 THEN 'note ' || i END, i % 2,
               date('2020-01-01', '+' || (i % 3000) || ' days'), '2026-01-01 00:00:00'
             FROM n;
             CREATE INDEX forecast_region ON forecast (region, due, id);
             CREATE INDEX forecast_due ON forecast (due, id); ANALYZE;"
        ))
        .context("cannot make the table")?;
    let nonce: i64 = connection.query_row("SELECT abs(random())", [], |row| row.get(0))?;
    let known = {
        let read = "SELECT id, product FROM forecast WHERE region = ?1 ORDER BY id LIMIT ?2";
        let mut read = connection.prepare(read)?;
        let rows = read.query_map(params![REGION, SAMPLE], |row| {
            Ok(Known {
                id: row.get(0)?,
                product: row.get(1)?,
            })
        })?;
        rows.collect::<rusqlite::Result<Vec<_>>>()?
    };
    let deep = connection
        .query_row(
            "SELECT due, id FROM forecast WHERE region = ?1 AND due >= ?2 ORDER BY due, id LIMIT 1",
            params![REGION, DEEP_DUE],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .context("the table has no row that late")?;
    Ok(Table {
        place: Place::Sqlite(path),
        known: known.into(),
        deep,
        many: Table::many_of(rows),
        nonce: nonce.unsigned_abs(),
        keeper: super::Keeper::Sqlite(Keeper {
            connection,
            _folder: folder,
        }),
    })
}

impl Keeper {
    pub(super) fn tidy(&self) -> Result<()> {
        // Answers a row, so it is no statement to merely run.
        self.connection
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        Ok(())
    }
}
