//! What a person reads when the server has started.

use std::{fmt::Write as _, io, io::Write as _, net::SocketAddr};

use quillback_core::bootstrap::FirstAdministrator;

use super::Ground;
use crate::{config::PublicUrl, demo::Demo};

/// What was started.
pub struct Started<'a> {
    /// Settings and drivers.
    pub ground: &'a Ground,
    /// Where the repository is, for people.
    pub place: &'a str,
    /// The address that the server listens on.
    pub address: SocketAddr,
    /// How to sign in, at the very first start only.
    pub first: Option<&'a FirstAdministrator>,
    /// What the demo made or found.
    pub demo: Option<&'a Demo>,
}

/// Prints it on standard output, where log lines do not go, so that the generated password is in no log.
///
/// # Errors
/// Standard output is closed, and there was a password to tell.
pub fn print(started: &Started<'_>) -> io::Result<()> {
    let printed = io::stdout().write_all(text(started).as_bytes());
    if started.first.is_some() {
        printed
    } else {
        Ok(())
    }
}

fn text(started: &Started<'_>) -> String {
    let mut text = format!(
        "\nQuillback {} listens on {}\n  repository  {}\n",
        env!("CARGO_PKG_VERSION"),
        started.address,
        started.place,
    );
    let url = match &started.ground.config.server.public_url {
        Some(url) => PublicUrl::origin(url).to_owned(),
        None => format!("http://{}", started.address),
    };
    let _ = writeln!(text, "  GraphQL     {url}{}", crate::http::graphql::PATH);
    for loaded in started.ground.registry.loaded() {
        let info = loaded.driver.info();
        let _ = writeln!(
            text,
            "  driver      {} {}, {}",
            info.id, info.version, loaded.origin
        );
    }
    for refused in started.ground.registry.refused() {
        let _ = writeln!(
            text,
            "  refused     {}: {}",
            refused.path.display(),
            refused.reason
        );
    }
    if let Some(first) = started.first {
        let _ = write!(
            text,
            "\nThis is the first start. Sign in once with\n  user name   {}\n  password    {}\n\
             and choose a password of your own; until then nothing else is allowed. It is shown only now: if it gets \
             lost, run\n  quillback user reset-password {}\n",
            first.username,
            first.secret.as_str(),
            first.username,
        );
    }
    if let Some(demo) = started.demo {
        text.push('\n');
        text.push_str(&demo.told());
    }
    text.push_str("\nReady. Stop with Ctrl-C.\n");
    text
}
