//! Which driver plugins are loaded, and which of them serves an address.

use std::{fmt::Write as _, path::PathBuf};

use anyhow::{Context as _, bail};
use quillback_core::app::Drivers;
use quillback_plugin_api::driver::DriverInfo;
use quillback_plugin_host::{Mode, Options, Registry, RemoteDriver};

use crate::config::{AllowMode, PluginsSection};

/// What the plugin section of the configuration means to the loader.
///
/// # Errors
/// The folder of the executable cannot be found.
pub fn options(section: &PluginsSection) -> anyhow::Result<Options> {
    let mut dirs = section.folders.clone();
    if let Some(own) = own_folder()? {
        dirs.push(own);
    }
    let allow = section.allow.iter();
    Ok(Options {
        dirs,
        mode: match section.mode {
            AllowMode::Off => Mode::Off,
            AllowMode::Warn => Mode::Warn,
            AllowMode::Enforce => Mode::Enforce,
        },
        allow: allow
            .map(|(id, digest)| (id.clone(), vec![digest.clone()]))
            .collect(),
        ..Options::default()
    })
}

fn own_folder() -> anyhow::Result<Option<PathBuf>> {
    let program = std::env::current_exe().context("cannot find the folder of this program")?;
    Ok(program.parent().map(ToOwned::to_owned))
}

/// The drivers of a registry, for core.
pub fn for_core(registry: &Registry) -> Drivers {
    let mut drivers: Vec<RemoteDriver> = registry
        .loaded()
        .iter()
        .map(|loaded| loaded.driver.clone())
        .collect();
    drivers.sort_by(|a, b| a.info().id.cmp(&b.info().id));
    Drivers::new(drivers)
}

/// Whether the driver's databases are files which this process opens itself.
pub fn is_embedded(info: &DriverInfo) -> bool {
    info.address_options == ["path"]
}

/// The driver for an address such as `scheme:/path` or `scheme://host/database`. The address is never shown whole: it
/// may hold a password.
///
/// # Errors
/// The address has no scheme, or no loaded driver serves it; then with where drivers were looked for.
pub fn for_url(registry: &Registry, options: &Options, url: &str) -> anyhow::Result<RemoteDriver> {
    let scheme = scheme(url)
        .context("repository.url must start with the scheme of a driver, such as `postgresql:`")?;
    let serves = |driver: &&RemoteDriver| {
        driver
            .info()
            .url_schemes
            .iter()
            .any(|known| known == scheme)
    };
    let loaded = || registry.loaded().iter().map(|loaded| &loaded.driver);
    let Some(driver) = loaded().find(serves) else {
        bail!("{}", nobody_serves(registry, options, scheme));
    };
    if !driver.info().capabilities.repository {
        bail!(
            "{} databases cannot hold the repository; choose another repository.url",
            driver.info().name
        );
    }
    Ok(driver.clone())
}

fn scheme(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once(':')?;
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    (scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(is_fine))
        .then_some(scheme)
}

fn nobody_serves(registry: &Registry, options: &Options, scheme: &str) -> String {
    let mut text =
        format!("no driver is loaded for the repository, whose address starts with `{scheme}:`.");
    let schemes = registry
        .loaded()
        .iter()
        .flat_map(|loaded| loaded.driver.info().url_schemes.iter())
        .map(String::as_str)
        .collect::<Vec<_>>();
    if !schemes.is_empty() {
        let _ = write!(text, " Loaded drivers serve: {}.", schemes.join(", "));
    }
    let dirs = options.dirs.iter().map(|dir| dir.display().to_string());
    let dirs = dirs.collect::<Vec<_>>().join(" and ");
    let _ = write!(
        text,
        " Drivers were looked for in {dirs}: put the driver's file, such as {}, there, or name its folder with \
         --plugins; `quillback plugins list` shows what is found.",
        quillback_plugin_host::file_name(scheme)
    );
    for refused in registry.refused() {
        let _ = write!(
            text,
            "\n  refused: {}: {}",
            refused.path.display(),
            refused.reason
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_what_stands_before_the_colon() {
        assert_eq!(scheme("postgresql://u:p@h/d"), Some("postgresql"));
        assert_eq!(scheme("a+b:/x"), Some("a+b"));
        for wrong in ["", "no-colon", ":x", "/a:b", ":p@h", "1x:y"] {
            assert_eq!(scheme(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_missing_driver_is_told_with_folder_and_command_and_without_the_password() {
        let options = Options {
            dirs: vec![PathBuf::from("/some/drivers")],
            ..Options::default()
        };
        let error = for_url(
            &Registry::default(),
            &options,
            "nosuch://me:hunter2@host/db",
        );
        let error = error.unwrap_err().to_string();
        for part in [
            "`nosuch:`",
            "/some/drivers",
            "quillback plugins list",
            "--plugins",
        ] {
            assert!(error.contains(part), "{error}");
        }
        assert!(!error.contains("hunter2"), "{error}");
        let error = for_url(&Registry::default(), &options, "hunter2@host");
        assert!(!format!("{:#}", error.unwrap_err()).contains("hunter2"));
    }
}
