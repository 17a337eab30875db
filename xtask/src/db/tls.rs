//! Certificates for the private servers: one authority, one server certificate, one stranger.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::server::write;
use crate::process;

/// Paths of the files that [`make`] writes (PEM).
#[derive(Debug, Clone)]
pub(crate) struct Certificates {
    /// The authority that signed the server's certificate.
    pub(crate) authority: PathBuf,
    /// An authority that signed nothing here: trusting only it must fail.
    pub(crate) stranger: PathBuf,
    /// The server's certificate, for `localhost` and `127.0.0.1`.
    pub(crate) certificate: PathBuf,
    /// The server's key.
    pub(crate) key: PathBuf,
}

const LEAF: &str = "basicConstraints=critical,CA:FALSE\n\
    keyUsage=critical,digitalSignature\n\
    extendedKeyUsage=serverAuth\n\
    subjectAltName=DNS:localhost,IP:127.0.0.1\n";

/// Makes the certificates with the `openssl` command in a new folder.
///
/// # Errors
/// When `openssl` is missing or fails.
pub(crate) fn make(folder: &Path) -> Result<Certificates> {
    std::fs::create_dir(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let made = Certificates {
        authority: folder.join("authority.pem"),
        stranger: folder.join("stranger.pem"),
        certificate: folder.join("server.pem"),
        key: folder.join("server-key.pem"),
    };
    let authority_key = folder.join("authority-key.pem");
    authority("Quillback test authority", &made.authority, &authority_key)?;
    authority(
        "Quillback stranger",
        &made.stranger,
        &folder.join("stranger-key.pem"),
    )?;

    let (request, extensions) = (folder.join("server.csr"), folder.join("server.ext"));
    write(&extensions, LEAF)?;
    let mut ask = new_key("localhost", &made.key);
    process::capture(ask.arg("-out").arg(&request))?;
    let mut sign = Command::new("openssl");
    sign.args(["x509", "-req", "-days", "30", "-CAcreateserial", "-in"])
        .arg(&request);
    sign.arg("-CA")
        .arg(&made.authority)
        .arg("-CAkey")
        .arg(&authority_key);
    sign.arg("-extfile")
        .arg(&extensions)
        .arg("-out")
        .arg(&made.certificate);
    process::capture(&mut sign)?;
    Ok(made)
}

fn new_key(common_name: &str, key: &Path) -> Command {
    let mut command = Command::new("openssl");
    command.args([
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
    ]);
    command
        .args(["-nodes", "-subj", &format!("/CN={common_name}"), "-keyout"])
        .arg(key);
    command
}

fn authority(common_name: &str, certificate: &Path, key: &Path) -> Result<()> {
    let mut command = new_key(common_name, key);
    command.args([
        "-x509",
        "-days",
        "30",
        "-addext",
        "keyUsage=critical,keyCertSign,cRLSign",
    ]);
    process::capture(command.arg("-out").arg(certificate)).map(drop)
}
