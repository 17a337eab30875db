//! Where the private servers are that `cargo xtask` starts.

/// The address of a private server, by the name of its variable: user, password, host, port, database.
pub(crate) fn address(variable: &str) -> Option<[String; 5]> {
    let url = std::env::var_os(variable)?.into_string().ok()?;
    let (_, rest) = url.split_once("://")?;
    let (account, place) = rest.rsplit_once('@')?;
    let (user, password) = account.split_once(':')?;
    let (address, database) = place.split_once('/')?;
    let (host, port) = address.rsplit_once(':')?;
    Some([user, password, host, port, database].map(str::to_owned))
}
