//! Proves to the server who asks: SCRAM-SHA-256, MD5 or a plain password, as the server wants
//! (<https://www.postgresql.org/docs/current/auth-password.html>).

use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::frontend;
use quillback_plugin_api::{Category, DriverError};

use crate::errors::{ServerError, lost, protocol};
use crate::flavor::Explain;
use crate::settings::Settings;
use crate::wire::Wire;

/// Process and secret that a request to cancel must name.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backend {
    pub(crate) process: i32,
    pub(crate) secret: i32,
}

/// Answers what the server asks until it is ready for queries.
///
/// # Errors
/// `Auth` when it refuses; `Unsupported` when it wants a method that is not here.
pub(crate) async fn authenticate(
    wire: &mut Wire,
    settings: &Settings,
    explain: Explain,
) -> Result<Backend, DriverError> {
    let mut backend = Backend::default();
    let mut scram = None;
    loop {
        let frame = wire.frame().await.map_err(|error| lost(&error))?;
        match frame.tag {
            b'R' => {
                let body = frame.body.to_vec();
                answer(wire, settings, &body, &mut scram)?;
            }
            b'K' => {
                if let [p1, p2, p3, p4, s1, s2, s3, s4] = *frame.body {
                    backend.process = i32::from_be_bytes([p1, p2, p3, p4]);
                    backend.secret = i32::from_be_bytes([s1, s2, s3, s4]);
                }
            }
            b'Z' => return Ok(backend),
            b'E' => return Err(ServerError::parse(explain, frame.body).into_driver_error()),
            _ => return Err(protocol("an answer to the password")),
        }
    }
}

fn answer(
    wire: &mut Wire,
    settings: &Settings,
    request: &[u8],
    scram: &mut Option<ScramSha256>,
) -> Result<(), DriverError> {
    let (kind, data) = request
        .split_first_chunk::<4>()
        .ok_or_else(|| protocol("a request for a password"))?;
    let kind = i32::from_be_bytes(*kind);
    // Neither being let in nor the end of SCRAM needs the password.
    if kind == 0 {
        return Ok(());
    }
    let refused = |_| DriverError::new(Category::Auth, "the server does not know the password");
    let password = settings.password()?;
    let written = match kind {
        3 => frontend::password_message(password.as_bytes(), wire.out()),
        5 => {
            let salt = data.try_into().map_err(|_| protocol("a salt"))?;
            let hash = md5_hash(settings.user.as_bytes(), password.as_bytes(), salt);
            frontend::password_message(hash.as_bytes(), wire.out())
        }
        10 => {
            let offered = data.split(|byte| *byte == 0);
            if !offered
                .into_iter()
                .any(|name| name == SCRAM_SHA_256.as_bytes())
            {
                return Err(unsupported());
            }
            let exchange = ScramSha256::new(password.as_bytes(), ChannelBinding::unsupported());
            let exchange = scram.insert(exchange);
            frontend::sasl_initial_response(SCRAM_SHA_256, exchange.message(), wire.out())
        }
        11 => {
            let exchange = scram.as_mut().ok_or_else(|| protocol("a challenge"))?;
            exchange.update(data).map_err(refused)?;
            frontend::sasl_response(exchange.message(), wire.out())
        }
        // The server proves that it knows the password too.
        12 => scram
            .as_mut()
            .ok_or_else(|| protocol("the end of a challenge"))?
            .finish(data),
        _ => return Err(unsupported()),
    };
    written.map_err(refused)
}

fn unsupported() -> DriverError {
    DriverError::unsupported(
        "the server wants a kind of authentication other than a password \
         (SCRAM-SHA-256, MD5 or plain): change pg_hba.conf for this account",
    )
}
