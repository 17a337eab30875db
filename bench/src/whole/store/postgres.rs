//! PostgreSQL through tokio-postgres.

use anyhow::{Context as _, Result, ensure};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Statement};

use super::{NewRow, Row, Work};
use crate::whole::table::{MANY_DAYS, REGION, many_regions};

/// Values go in as texts, as they come out of JSON.
const ADD: &str = "INSERT INTO forecast (id, region, product, amount, note, approved, due, updated_at) \
    VALUES ($1::text::uuid, $2, $3, $4::text::numeric, $5, $6, $7::text::date, $8::text::timestamptz)";

/// One statement for any number of rows.
const ADD_MANY: &str = "INSERT INTO forecast (id, region, product, amount, note, approved, due, updated_at) \
    SELECT a::uuid, b, c, d::numeric, e, f, g::date, h::timestamptz \
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::text[], $8::text[]) \
    AS t(a, b, c, d, e, f, g, h)";

const EDIT: &str =
    "UPDATE forecast SET amount = $2::text::numeric, note = $3 WHERE id = $1::text::uuid";

const DELETE: &str = "DELETE FROM forecast WHERE id = $1::text::uuid RETURNING 1";

const EDIT_MANY: &str = "UPDATE forecast SET note = $1 WHERE region = $2 AND due >= $3::text::date \
    AND due < $4::text::date";

const PAGE: &str = "SELECT id::text, region, product, amount::text, note, approved, due::text, \
    updated_at::text FROM forecast WHERE region = $1 ORDER BY forecast.due, forecast.id LIMIT 100";

const PAGE_OF_MANY: &str = "SELECT id::text, region, product, amount::text, note, approved, due::text, \
    updated_at::text FROM forecast WHERE region = ANY($1) ORDER BY forecast.due, forecast.id LIMIT 100";

const PAGE_AFTER: &str = "SELECT id::text, region, product, amount::text, note, approved, due::text, \
    updated_at::text FROM forecast WHERE region = $1 AND (due, id) > ($2::text::date, $3::text::uuid) \
    ORDER BY forecast.due, forecast.id LIMIT 100";

/// A connection with its prepared statements.
pub(in crate::whole) struct Session {
    client: Client,
    row_security: bool,
    add: Statement,
    add_many: Statement,
    edit: Statement,
    edit_many: Statement,
    delete: Statement,
    page: Statement,
    page_after: Statement,
    page_of_many: Statement,
    name: Statement,
}

type Parameters<'a> = [&'a (dyn ToSql + Sync)];

impl Session {
    /// Connects; with a `role` as that account, and with a transaction around each piece of work that names its region.
    pub(in crate::whole) async fn open(
        url: &str,
        schema: &str,
        role: Option<&str>,
    ) -> Result<Self> {
        let client = connect(url).await?;
        client
            .batch_execute(&format!("SET search_path TO {schema}"))
            .await?;
        if let Some(role) = role {
            client.batch_execute(&format!("SET ROLE {role}")).await?;
        }
        Ok(Self {
            row_security: role.is_some(),
            add: client.prepare(ADD).await?,
            add_many: client.prepare(ADD_MANY).await?,
            edit: client.prepare(EDIT).await?,
            edit_many: client.prepare(EDIT_MANY).await?,
            delete: client.prepare(DELETE).await?,
            page: client.prepare(PAGE).await?,
            page_after: client.prepare(PAGE_AFTER).await?,
            page_of_many: client.prepare(PAGE_OF_MANY).await?,
            name: client
                .prepare("SELECT set_config('bench.region', $1, true)")
                .await?,
            client,
        })
    }

    /// Does the work; rows come from a page alone.
    pub(in crate::whole) async fn run(&self, work: &Work) -> Result<Vec<Row>> {
        let rows = match work {
            Work::Add(rows) => match rows.as_slice() {
                [row] => {
                    let parameters: [&(dyn ToSql + Sync); 8] = [
                        &row.id,
                        &row.region,
                        &row.product,
                        &row.amount,
                        &row.note,
                        &row.approved,
                        &row.due,
                        &row.updated_at,
                    ];
                    self.query(&self.add, &parameters).await?
                }
                rows => self.add_many(rows).await?,
            },
            Work::Edit { id, amount, note } => self.query(&self.edit, &[id, amount, note]).await?,
            Work::EditMany { note } => {
                let (from, until) = MANY_DAYS;
                let parameters: [&(dyn ToSql + Sync); 4] = [note, &REGION, &from, &until];
                self.query(&self.edit_many, &parameters).await?
            }
            Work::Delete { id } => {
                let gone = self.query(&self.delete, &[id]).await?;
                ensure!(gone.len() == 1, "the row {id} is not there");
                Vec::new()
            }
            Work::PageOfMany => self.query(&self.page_of_many, &[&many_regions()]).await?,
            Work::Page {
                region,
                after: None,
            } => self.query(&self.page, &[region]).await?,
            Work::Page {
                region,
                after: Some((due, id)),
            } => self.query(&self.page_after, &[region, due, id]).await?,
        };
        Ok(rows.iter().map(read).collect())
    }

    async fn add_many(&self, rows: &[NewRow]) -> Result<Vec<tokio_postgres::Row>> {
        let texts = |of: fn(&NewRow) -> &str| rows.iter().map(of).collect::<Vec<&str>>();
        let notes: Vec<Option<&str>> = rows.iter().map(|row| row.note.as_deref()).collect();
        let approved: Vec<bool> = rows.iter().map(|row| row.approved).collect();
        let parameters: [&(dyn ToSql + Sync); 8] = [
            &texts(|row| &row.id),
            &texts(|row| &row.region),
            &texts(|row| &row.product),
            &texts(|row| &row.amount),
            &notes,
            &approved,
            &texts(|row| &row.due),
            &texts(|row| &row.updated_at),
        ];
        self.query(&self.add_many, &parameters).await
    }

    /// With row security, four statements that are sent together.
    async fn query(
        &self,
        statement: &Statement,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<tokio_postgres::Row>> {
        if !self.row_security {
            return Ok(self.client.query(statement, parameters).await?);
        }
        let region: [&(dyn ToSql + Sync); 1] = [&REGION];
        let (begun, named, rows, committed) = futures_util::join!(
            self.client.batch_execute("BEGIN"),
            self.client.query(&self.name, &region),
            self.client.query(statement, parameters),
            self.client.batch_execute("COMMIT"),
        );
        begun?;
        named?;
        let rows = rows?;
        committed?;
        Ok(rows)
    }
}

fn read(row: &tokio_postgres::Row) -> Row {
    Row {
        id: row.get(0),
        region: row.get(1),
        product: row.get(2),
        amount: row.get(3),
        note: row.get(4),
        approved: row.get(5),
        due: row.get(6),
        updated_at: row.get(7),
    }
}

/// A connection whose driving task ends with it.
pub(in crate::whole) async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .context("cannot connect to PostgreSQL")?;
    tokio::spawn(connection);
    Ok(client)
}
