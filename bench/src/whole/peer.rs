//! Other products on the same table, with the same rows for their user; `bench/peers/` holds how each is set up.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use serde_json::{Value as Json, json};

use super::load::Body;
use super::process::Process;
use super::scenario::{self, PAGE, Scenario};
use super::store::{NewRow, Work};
use super::table::{Place, REGION, Table};

/// Connections to the database: as many as everybody else has.
const CONNECTIONS: &str = "8";

/// A product that is measured beside Quillback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Product {
    /// A GraphQL server out of a PostgreSQL schema, which leaves row security to the database.
    PostGraphile,
    /// A server with rules of its own for rows.
    Directus,
}

/// A peer that runs, and the token that it knows its user by.
pub(super) struct Peer {
    pub(super) process: Process,
    pub(super) token: String,
    pub(super) product: Product,
}

impl Product {
    /// All of them.
    pub(super) const ALL: [Self; 2] = [Self::PostGraphile, Self::Directus];

    /// The name in the results.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::PostGraphile => "PostGraphile",
            Self::Directus => "Directus",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::PostGraphile => "postgraphile",
            Self::Directus => "directus",
        }
    }

    /// Whether it offers the work of a scenario in one request.
    pub(super) fn does(self, scenario: Scenario) -> bool {
        match scenario {
            Scenario::Add | Scenario::Edit | Scenario::Page => true,
            // Directus adds many rows one by one.
            Scenario::BulkAdd => self == Self::Directus,
            _ => false,
        }
    }

    fn document(self, scenario: Scenario) -> String {
        let fields = match self {
            Self::PostGraphile => "rowId region product amount note approved due updatedAt",
            Self::Directus => "id region product amount note approved due updated_at",
        };
        match (self, scenario) {
            (Self::PostGraphile, Scenario::Edit) => {
                "mutation($id: UUID!, $patch: ForecastPatch!) { updateForecastByRowId(input: { rowId: $id, \
                 forecastPatch: $patch }) { forecast { rowId } } }"
                    .to_owned()
            }
            (Self::PostGraphile, Scenario::Page | Scenario::PageDeep) => format!(
                "query {{ allForecasts(first: {PAGE}, orderBy: [DUE_ASC]) {{ nodes {{ {fields} }} }} }}"
            ),
            (Self::PostGraphile, _) => "mutation($row: ForecastInput!) { createForecast(input: { forecast: $row }) \
                                        { forecast { rowId } } }"
                .to_owned(),
            (Self::Directus, Scenario::Edit) => {
                "mutation($id: ID!, $patch: update_forecast_input!) { update_forecast_item(id: $id, data: $patch) \
                 { id } }"
                    .to_owned()
            }
            (Self::Directus, Scenario::BulkAdd) => {
                "mutation($rows: [create_forecast_input!]) { create_forecast_items(data: $rows, limit: 1) { id } }"
                    .to_owned()
            }
            (Self::Directus, Scenario::Add) => {
                "mutation($row: create_forecast_input!) { create_forecast_item(data: $row) { id } }".to_owned()
            }
            (Self::Directus, _) => format!(
                "query {{ forecast(limit: {PAGE}, sort: [\"due\", \"id\"]) {{ {fields} }} }}"
            ),
        }
    }

    fn row(self, row: &NewRow) -> Json {
        match self {
            Self::PostGraphile => json!({
                "rowId": row.id, "region": row.region, "product": row.product, "amount": row.amount,
                "note": row.note, "approved": row.approved, "due": row.due, "updatedAt": row.updated_at,
            }),
            Self::Directus => json!({
                "id": row.id, "region": row.region, "product": row.product, "amount": number(&row.amount),
                "note": row.note, "approved": row.approved, "due": row.due, "updated_at": row.updated_at,
            }),
        }
    }

    fn patch(self, amount: &str, note: &str) -> Json {
        match self {
            Self::PostGraphile => json!({ "amount": amount, "note": note }),
            Self::Directus => json!({ "amount": number(amount), "note": note }),
        }
    }
}

/// Directus takes decimals as numbers.
fn number(text: &str) -> f64 {
    text.parse().unwrap_or_default()
}

impl Peer {
    /// Starts a product that `folder` holds installed; only PostgreSQL is measured.
    pub(super) fn start(product: Product, folder: &Path, place: &Place) -> Result<Self> {
        let Place::Postgres { url, schema, role } = place else {
            anyhow::bail!("peers are measured on PostgreSQL only: leave --peers or --target out");
        };
        let home = folder.join(product.folder());
        let own = home.join("node_modules/.bin/node");
        let node = if own.exists() { own } else { "node".into() };
        let mut command = Command::new(node);
        command.arg("server.mjs").args([url, schema]);
        command.args((product == Product::PostGraphile).then_some(role));
        command.args([REGION, CONNECTIONS]).current_dir(home);
        command.env("NODE_ENV", "production");
        let process = Process::start(&mut command, "address ", "address")?;
        let token = process
            .banner
            .lines()
            .find_map(|line| line.strip_prefix("token "));
        Ok(Self {
            token: token.unwrap_or_default().to_owned(),
            process,
            product,
        })
    }

    /// Bodies that ask for the work of a scenario.
    pub(super) fn body(&self, scenario: Scenario, table: &Table, run: u64) -> Result<Body> {
        let product = self.product;
        product
            .does(scenario)
            .then_some(())
            .with_context(|| format!("{} does not do this", product.name()))?;
        let work = scenario::work(scenario, table, run);
        let document = product.document(scenario);
        Ok(Arc::new(move |number| {
            let variables = match work(number) {
                Work::Add(rows) if scenario == Scenario::BulkAdd => {
                    json!({ "rows": rows.iter().map(|row| product.row(row)).collect::<Vec<_>>() })
                }
                Work::Add(rows) => json!({ "row": rows.first().map(|row| product.row(row)) }),
                Work::Edit { id, amount, note } => {
                    json!({ "id": id, "patch": product.patch(&amount, &note) })
                }
                _ => json!({}),
            };
            json!({ "query": document, "variables": variables }).to_string()
        }))
    }
}
