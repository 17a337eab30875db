//! Database servers that the environment names, and databases of one test on them.

use super::unique_id;

/// Address of the server that `QUILLBACK_TEST_<ID>_URL` names; none when it is not set.
pub fn server_url(driver: &str) -> Option<String> {
    let name = format!("QUILLBACK_TEST_{}_URL", driver.to_uppercase());
    let url = variable(&name);
    let required = variable("QUILLBACK_REQUIRE_DRIVERS").unwrap_or_default();
    assert!(
        url.is_some() || !required.split(',').any(|id| id.trim() == driver),
        "{name} is not set, but QUILLBACK_REQUIRE_DRIVERS has {driver}"
    );
    url
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test finds its database through the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// An empty database of one test on a PostgreSQL server.
pub struct Scratch {
    server: String,
    name: String,
    url: String,
}

impl Scratch {
    /// Makes it.
    pub async fn make(server: &str) -> Self {
        let name = format!("quillback_{}", unique_id().replace('-', "_"));
        run(server, &format!("CREATE DATABASE {name}")).await;
        let (address, query) = server
            .split_once('?')
            .map_or((server, ""), |(one, two)| (one, two));
        let (place, _) = address.rsplit_once('/').unwrap();
        let joint = if query.is_empty() { "" } else { "?" };
        Self {
            server: server.to_owned(),
            url: format!("{place}/{name}{joint}{query}"),
            name,
        }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Removes it.
    pub async fn remove(self) {
        let admin = variable("QUILLBACK_TEST_POSTGRES_ADMIN_URL");
        let server = admin.as_deref().unwrap_or(&self.server);
        run(server, &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

async fn run(server: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
}
