//! Reads `postgres://user:password@host:port/database?name=value`
//! (<https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>).

use quillback_plugin_api::DriverError;

use super::{Given, Tls, config};

fn wrong(what: &str) -> DriverError {
    config("url", what)
}

/// The options that an address with one of these schemes holds.
///
/// # Errors
/// `Config`, without repeating the address, which may hold a password.
pub(super) fn parse(url: &str, schemes: &[&str]) -> Result<Given, DriverError> {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    if !schemes.contains(&scheme) {
        let wanted = schemes.first().copied().unwrap_or_default();
        return Err(wrong(&format!("it starts with {wanted}://")));
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (account, server) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = account.split_once(':').unwrap_or((account, ""));

    let mut options = Given {
        user: given(user)?,
        password: given(password)?,
        database: given(database)?,
        ..Given::default()
    };
    let (host, port) = split_port(server)?;
    options.host = given(host)?;
    options.port = port;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        set(&mut options, &decode(name)?, decode(value)?)?;
    }
    Ok(options)
}

fn set(options: &mut Given, name: &str, value: String) -> Result<(), DriverError> {
    match name {
        "host" => options.host = Some(value),
        "user" => options.user = Some(value),
        "password" => options.password = Some(value),
        "dbname" => options.database = Some(value),
        "application_name" => options.application_name = Some(value),
        "sslrootcert" => options.root_certificate = Some(value),
        "port" => options.port = Some(number(&value)?),
        "connect_timeout" => {
            let seconds: u32 = number(&value)?;
            options.connect_timeout_ms = Some(seconds.saturating_mul(1_000));
        }
        "sslmode" => {
            options.tls = Some(match value.as_str() {
                "disable" => Tls::Disable,
                "allow" | "prefer" => Tls::Prefer,
                "require" => Tls::Require,
                "verify-ca" => Tls::VerifyCa,
                "verify-full" => Tls::VerifyFull,
                _ => return Err(wrong("its sslmode is not known")),
            });
        }
        _ => {
            return Err(wrong(&format!(
                "its parameter {name} is not known here; known are host, port, dbname, user, password, sslmode, \
                 sslrootcert, application_name and connect_timeout"
            )));
        }
    }
    Ok(())
}

fn split_port(server: &str) -> Result<(&str, Option<u16>), DriverError> {
    // An IPv6 address stands in brackets, because it has colons itself.
    let (host, port) = if let Some(rest) = server.strip_prefix('[') {
        let (host, after) = rest
            .split_once(']')
            .ok_or_else(|| wrong("a bracket around its host is missing"))?;
        (host, after.strip_prefix(':').unwrap_or_default())
    } else {
        server.split_once(':').unwrap_or((server, ""))
    };
    if port.is_empty() {
        return Ok((host, None));
    }
    Ok((host, Some(number(port)?)))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, DriverError> {
    text.parse()
        .map_err(|_| wrong("a port or time-out in it is not a number in range"))
}

fn given(part: &str) -> Result<Option<String>, DriverError> {
    if part.is_empty() {
        Ok(None)
    } else {
        decode(part).map(Some)
    }
}

/// Replaces `%41` by the byte it stands for.
fn decode(text: &str) -> Result<String, DriverError> {
    let broken = || wrong("a % in it is not followed by two hexadecimal digits of a character");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>().ok_or_else(broken)?;
        let digits = std::str::from_utf8(digits).map_err(|_| broken())?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| broken())?);
        rest = after;
    }
    String::from_utf8(bytes).map_err(|_| broken())
}

#[cfg(test)]
mod tests {
    use super::Given;
    use quillback_plugin_api::DriverError;

    fn parse(url: &str) -> Result<Given, DriverError> {
        super::parse(url, &["postgres", "postgresql"])
    }

    #[test]
    fn every_part_may_be_left_out() {
        let options = parse("postgresql://").unwrap();
        assert!(options.host.is_none() && options.port.is_none() && options.user.is_none());
        let options = parse("postgres://h").unwrap();
        assert_eq!(options.host.as_deref(), Some("h"));
        let options = parse("postgres://[::1]:99/d").unwrap();
        assert_eq!(options.host.as_deref(), Some("::1"));
        assert_eq!(options.port, Some(99));
        let options = parse("postgres:///d?host=%2Frun%2Fpostgresql&user=u").unwrap();
        assert_eq!(options.host.as_deref(), Some("/run/postgresql"));
        assert_eq!(options.user.as_deref(), Some("u"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for url in [
            "mysql://h/d",
            "postgres://h:x/d",
            "postgres://h/d?sslmode=maybe",
            "postgres://h/d?keepalives=1",
            "postgres://h/%4",
            "postgres://h/%ff",
            "postgres://[::1/d",
        ] {
            assert!(parse(url).is_err(), "{url}");
        }
    }
}
