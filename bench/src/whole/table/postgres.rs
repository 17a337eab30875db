//! The table in PostgreSQL, with an account that sees and writes one region only.

use anyhow::{Context as _, Result};
use tokio_postgres::Client;

use super::{DEEP_DUE, Known, Place, REGION, SAMPLE, Table};
use crate::whole::Surroundings;
use crate::whole::store::postgres::connect;

/// Connections to the server of the table.
pub(super) struct Keeper {
    url: String,
    schema: String,
    client: Client,
    /// For what an owner of tables may not: accounts, databases, checkpoints.
    admin: Client,
}

/// Makes the table.
pub(super) async fn prepare(surroundings: &Surroundings, rows: u32) -> Result<Table> {
    let url = surroundings.postgres.clone();
    let client = connect(&url).await?;
    let admin = connect(&surroundings.postgres_admin).await?;
    let nonce: i64 = client
        .query_one("SELECT (random() * 1e15)::bigint", &[])
        .await?
        .get(0);
    let schema = format!("bench_{nonce}");
    client
        .batch_execute(&format!(
            "CREATE SCHEMA {schema}; SET search_path TO {schema};
             CREATE TABLE forecast (id uuid PRIMARY KEY, region text NOT NULL, product text NOT NULL,
               amount numeric(12,2) NOT NULL, note text, approved boolean NOT NULL, due date NOT NULL,
               updated_at timestamptz NOT NULL);
             INSERT INTO forecast
             SELECT md5(i::text || '{nonce}')::uuid, (ARRAY['north','east','south','west'])[1 + i % 4],
               'product ' || i % 1000, (i % 1000000)::numeric / 100, CASE WHEN i % 3 = 0 THEN 'note ' || i END,
               i % 2 = 0, date '2020-01-01' + i % 3000, timestamptz '2026-01-01' + i * interval '1 second'
             FROM generate_series(1, {rows}) AS i;
             CREATE INDEX ON forecast (region, due, id); CREATE INDEX ON forecast (due, id);"
        ))
        .await
        .context("cannot make the table")?;
    let keeper = Keeper {
        url: url.clone(),
        schema: schema.clone(),
        client,
        admin,
    };
    let role = keeper.make_role().await?;
    keeper.tidy().await?;
    Ok(Table {
        known: keeper.sample().await?.into(),
        deep: keeper.row_at(DEEP_DUE).await?,
        many: Table::many_of(rows),
        nonce: nonce.unsigned_abs(),
        place: Place::Postgres { url, schema, role },
        keeper: super::Keeper::Postgres(Box::new(keeper)),
    })
}

impl Keeper {
    async fn sample(&self) -> Result<Vec<Known>> {
        let read = "SELECT id::text, product FROM forecast WHERE region = $1 ORDER BY id LIMIT $2";
        let rows = self.client.query(read, &[&REGION, &SAMPLE]).await?;
        let known = rows.iter().map(|row| Known {
            id: row.get(0),
            product: row.get(1),
        });
        Ok(known.collect())
    }

    async fn row_at(&self, due: &str) -> Result<(String, String)> {
        let read = "SELECT due::text, id::text FROM forecast WHERE region = $1 AND due >= $2::text::date \
                    ORDER BY due, id LIMIT 1";
        let row = self.client.query_one(read, &[&REGION, &due]).await;
        let row = row.context("the table has no row that late")?;
        Ok((row.get(0), row.get(1)))
    }

    async fn owner(&self) -> Result<String> {
        let read = "SELECT current_user::text";
        Ok(self.client.query_one(read, &[]).await?.get(0))
    }

    async fn make_role(&self) -> Result<String> {
        let (schema, role) = (&self.schema, format!("{}_reader", self.schema));
        let owner = self.owner().await?;
        self.admin
            .batch_execute(&format!("CREATE ROLE {role}; GRANT {role} TO \"{owner}\""))
            .await
            .context("cannot make an account for row security")?;
        self.client
            .batch_execute(&format!(
                "GRANT USAGE ON SCHEMA {schema} TO {role};
                 GRANT SELECT, INSERT, UPDATE, DELETE ON forecast TO {role};
                 ALTER TABLE forecast ENABLE ROW LEVEL SECURITY;
                 CREATE POLICY own_region ON forecast TO {role}
                   USING (region = current_setting('bench.region', true))
                   WITH CHECK (region = current_setting('bench.region', true));"
            ))
            .await?;
        Ok(role)
    }

    pub(super) async fn make_repository(&self) -> Result<String> {
        let name = format!("{}_repository", self.schema);
        let owner = self.owner().await?;
        self.admin
            .batch_execute(&format!("CREATE DATABASE {name} OWNER \"{owner}\""))
            .await?;
        let (server, _) = self
            .url
            .rsplit_once('/')
            .context("no database in the URL")?;
        Ok(format!("{server}/{name}"))
    }

    pub(super) async fn tidy(&self) -> Result<()> {
        self.client.batch_execute("VACUUM ANALYZE forecast").await?;
        self.admin.batch_execute("CHECKPOINT").await?;
        Ok(())
    }

    pub(super) async fn remove(self) -> Result<()> {
        let schema = &self.schema;
        self.client
            .batch_execute(&format!("DROP SCHEMA {schema} CASCADE"))
            .await?;
        // Each by itself: a database cannot be dropped inside of a transaction.
        for rest in [
            format!("DROP ROLE {schema}_reader"),
            format!("DROP DATABASE IF EXISTS {schema}_repository WITH (FORCE)"),
        ] {
            self.admin.batch_execute(&rest).await?;
        }
        Ok(())
    }
}
