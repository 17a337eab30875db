//! Looks into a library without running any of it.
//!
//! The loader of the system maps a file before it checks it: a file that is cut off ends the whole process there, so it
//! must never get that far.

use object::read::{ExportTarget, FileKind, NameOrOrdinal};
use object::{Architecture, Object, ObjectKind, ObjectSection, ObjectSegment};
use quillback_plugin_api::abi::{MAJOR, SYMBOL_PREFIX};
use quillback_plugin_api::remote::wrong_major;

use crate::refusal::Refusal;

/// Finds the name of the one function that a driver exports.
pub(crate) fn entry(file: &[u8]) -> Result<String, Refusal> {
    let kind = FileKind::parse(file).map_err(|error| Refusal::Format(error.to_string()))?;
    if kind != expected_kind() {
        return Err(Refusal::Format(format!("it has the format {kind:?}")));
    }
    let library = object::File::parse(file).map_err(|_| Refusal::Truncated)?;
    check_machine(library.architecture())?;
    if library.kind() != ObjectKind::Dynamic {
        return Err(Refusal::Format("it is a program or a part of one".into()));
    }
    for segment in library.segments() {
        let (start, size) = segment.file_range();
        let end = start.checked_add(size).ok_or(Refusal::Truncated)?;
        if end > file.len() as u64 {
            return Err(Refusal::Truncated);
        }
    }
    choose(exported(&library)?)
}

/// The section in which a library says, for people, what must be installed before it can be loaded.
const NEEDS: &str = ".quillback.needs";

/// What must be installed before the library can be loaded, in its own words: the loader of the system names a file at
/// best, and that file is in a package of another name.
pub(crate) fn needs(file: &[u8]) -> Option<String> {
    let library = object::File::parse(file).ok()?;
    let section = library.section_by_name(NEEDS)?;
    let words = std::str::from_utf8(section.data().ok()?).ok()?;
    let words = words.trim_matches(['\0', '\n', ' ']);
    let is_plain = |c: char| !c.is_control();
    (!words.is_empty() && words.len() <= 200 && words.chars().all(is_plain))
        .then(|| words.to_owned())
}

fn expected_kind() -> FileKind {
    if cfg!(target_vendor = "apple") {
        FileKind::MachO64
    } else if cfg!(windows) {
        FileKind::Pe64
    } else {
        FileKind::Elf64
    }
}

fn check_machine(found: Architecture) -> Result<(), Refusal> {
    let wanted = match std::env::consts::ARCH {
        "x86_64" => Architecture::X86_64,
        "aarch64" => Architecture::Aarch64,
        "riscv64" => Architecture::Riscv64,
        // The loader of the system decides about machines that are not known here.
        _ => return Ok(()),
    };
    if found == wanted {
        return Ok(());
    }
    Err(Refusal::Machine {
        found: format!("{found:?}"),
        wanted: std::env::consts::ARCH,
    })
}

/// Names of exported functions that could be entries, without the underscore that macOS puts before all.
fn exported(library: &object::File<'_>) -> Result<Vec<String>, Refusal> {
    let mut names = Vec::new();
    for export in library.exports().map_err(|_| Refusal::Truncated)? {
        let export = export.map_err(|_| Refusal::Truncated)?;
        let NameOrOrdinal::Name(name) = export.name() else {
            continue;
        };
        let ExportTarget::Address { .. } = export.target() else {
            continue;
        };
        let name = String::from_utf8_lossy(name);
        let name = if cfg!(target_vendor = "apple") {
            name.strip_prefix('_').unwrap_or(&name)
        } else {
            &name
        };
        if name.starts_with(SYMBOL_PREFIX) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// A library may hold a second entry for another major version, but only one for ours.
fn choose(names: Vec<String>) -> Result<String, Refusal> {
    let major_of = |name: &str| {
        let version = name.strip_prefix(SYMBOL_PREFIX)?;
        Some(version.split_once("__")?.0.to_owned())
    };
    let ours = MAJOR.to_string();
    let other = names.iter().find_map(|name| major_of(name));
    let mut fitting = names
        .into_iter()
        .filter(|name| major_of(name).is_some_and(|major| major == ours));
    match (fitting.next(), fitting.next(), other) {
        (Some(name), None, _) => Ok(name),
        (Some(first), Some(second), _) => Err(Refusal::SeveralEntries(first, second)),
        (None, _, Some(major)) => Err(Refusal::Version(wrong_major(&major))),
        (None, _, None) => Err(Refusal::NoEntry),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Result<String, Refusal> {
        choose(names.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_entry_of_this_version_is_chosen() {
        assert_eq!(
            of(&["quillback_driver_v2__x", "quillback_driver_v1__x"]).unwrap(),
            "quillback_driver_v1__x"
        );
        assert!(matches!(of(&[]), Err(Refusal::NoEntry)));
        assert!(matches!(of(&["quillback_driver_v"]), Err(Refusal::NoEntry)));
        let error = of(&["quillback_driver_v2__x"]).unwrap_err();
        assert!(error.to_string().contains("version 2"), "{error}");
        assert!(matches!(
            of(&["quillback_driver_v1__x", "quillback_driver_v1__y"]),
            Err(Refusal::SeveralEntries(..))
        ));
    }

    #[test]
    fn what_is_no_library_is_refused() {
        for bytes in [&b""[..], b"#!/bin/sh\necho hello\n", &[0; 4096]] {
            assert!(matches!(entry(bytes), Err(Refusal::Format(_))));
        }
        let program = std::fs::read("/proc/self/exe").unwrap_or_default();
        if let Some(half) = program.get(..program.len() / 2) {
            assert!(entry(half).is_err());
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_library_needs_is_read_from_its_file() {
        let _ = quillback_driver_fixture::driver_plugin;
        let program = std::env::current_exe().unwrap();
        let library = std::fs::read(program.with_file_name(crate::file_name("fixture"))).unwrap();
        assert_eq!(needs(&library).as_deref(), Some("the package fixture-lib"));
        assert_eq!(needs(b"no library"), None);
    }

    #[test]
    fn a_library_with_flipped_bytes_is_never_a_panic() {
        let _ = quillback_driver_fixture::driver_plugin;
        let program = std::env::current_exe().unwrap();
        let path = program.with_file_name(crate::file_name("fixture"));
        let mut library = std::fs::read(path).unwrap();
        assert!(entry(&library).is_ok());
        let length = library.len();
        // Headers are at the start, the table of sections at the end.
        for at in (0..1_024).chain(length - 1_024..length) {
            for flip in [0xff, 0x01] {
                library[at] ^= flip;
                let _ = entry(&library);
                library[at] ^= flip;
            }
        }
        assert!(entry(&library).is_ok());
    }
}
