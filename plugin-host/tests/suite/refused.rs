//! Files that must not be loaded are refused with their reasons, and the others are loaded all the same.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use crate::odd::{Folder, fixture, patch};
use quillback_plugin_host::{AllowList, Mode, Options, Origin, Refusal, Registry};

/// Loads a folder with one good driver and one other file; answers why that was refused.
fn refusal_with(id: &str, bytes: &[u8], options: impl FnOnce(&mut Options)) -> Refusal {
    let folder = Folder::new();
    folder.fixture("good", "well");
    folder.put(id, bytes);
    let mut wanted = folder.options();
    options(&mut wanted);
    let registry = Registry::load(&wanted);
    assert!(registry.get("good").is_some(), "{:?}", registry.refused());
    assert!(registry.get(id).is_none());
    let missing = registry.require(id).unwrap_err().to_string();
    assert!(missing.contains("was refused"), "{missing}");
    let mut refused = registry.into_refused();
    assert_eq!(refused.len(), 1, "{refused:?}");
    let refused = refused.remove(0);
    assert_eq!(refused.path, folder.file(id));
    refused.reason
}

fn refusal(id: &str, bytes: &[u8]) -> Refusal {
    refusal_with(id, bytes, |_| ())
}

#[test]
fn files_that_are_no_whole_library_are_refused_before_they_are_opened() {
    let whole = fixture("bad", "well");
    for length in [
        0,
        3,
        63,
        64,
        5_000,
        whole.len() / 2,
        whole.len() - 4_096,
        whole.len() - 1,
    ] {
        let reason = refusal("bad", &whole[..length]);
        assert!(
            matches!(reason, Refusal::Truncated | Refusal::Format(_)),
            "{length}: {reason}"
        );
    }
    let reason = refusal("bad", b"#!/bin/sh\nexit 1\n");
    assert!(matches!(reason, Refusal::Format(_)), "{reason}");
}

#[test]
fn libraries_of_other_machines_are_refused() {
    let mut bytes = fixture("bad", "well");
    // https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html: e_machine at 18; 22 is IBM S/390.
    bytes[18..20].copy_from_slice(&22_u16.to_le_bytes());
    let reason = refusal("bad", &bytes);
    assert!(matches!(reason, Refusal::Machine { .. }), "{reason}");
}

#[test]
fn libraries_without_exactly_one_driver_are_refused() {
    let mut none = fixture("bad", "well");
    patch(
        &mut none,
        b"quillback_driver_v1__",
        b"quillback_nobody_v1__",
    );
    assert!(matches!(refusal("bad", &none), Refusal::NoEntry));

    let mut two = fixture("bad", "well");
    patch(&mut two, b"quillback_twofer_v1__", b"quillback_driver_v1__");
    assert!(matches!(refusal("bad", &two), Refusal::SeveralEntries(..)));

    let mut newer = fixture("bad", "well");
    patch(
        &mut newer,
        b"quillback_driver_v1__",
        b"quillback_driver_v2__",
    );
    let reason = refusal("bad", &newer);
    assert!(matches!(reason, Refusal::Version(_)), "{reason}");
    assert!(reason.to_string().contains("rebuild"), "{reason}");
}

#[test]
fn a_library_whose_table_is_not_one_is_refused() {
    let mut bytes = fixture("bad", "well");
    let magic = quillback_plugin_api::abi::MAGIC.to_le_bytes();
    patch(&mut bytes, &magic, b"Quillbk\x02");
    let reason = refusal("bad", &bytes);
    assert!(matches!(reason, Refusal::Table(_)), "{reason}");
}

/// The loader of the system names a file only, the library itself what brings it.
#[cfg(target_os = "linux")]
#[test]
fn a_library_that_lacks_another_says_what_it_needs() {
    let mut bytes = fixture("bad", "well");
    patch(&mut bytes, b"libgcc_s.so.1\0", b"libgcc_x.so.1\0");
    let reason = refusal("bad", &bytes);
    assert!(matches!(reason, Refusal::Load(_)), "{reason}");
    let words = reason.to_string();
    assert!(words.contains("libgcc_x.so.1"), "{words}");
    assert!(
        words.contains("it needs the package fixture-lib"),
        "{words}"
    );
}

#[test]
fn drivers_that_fail_or_panic_when_they_are_started_are_refused() {
    for (mode, words) in [
        (
            "describe-panics",
            "panicked when it was asked to describe itself",
        ),
        ("new-panics", "new was told to panic"),
        ("new-fails", "the client library is missing"),
    ] {
        let reason = refusal("bad", &fixture("bad", mode));
        assert!(matches!(reason, Refusal::Start(_)), "{mode}: {reason}");
        assert!(reason.to_string().contains(words), "{mode}: {reason}");
    }
}

#[test]
fn a_driver_that_never_answers_is_refused_after_a_while() {
    let reason = refusal_with("zzz", &fixture("zzz", "new-blocks"), |options| {
        options.start_timeout = Duration::from_millis(500);
    });
    assert!(matches!(reason, Refusal::Timeout(_)), "{reason}");
}

#[test]
fn a_file_with_the_name_of_another_driver_is_refused() {
    let reason = refusal("bad", &fixture("other", "well"));
    assert!(
        matches!(&reason, Refusal::Name { found, .. } if found == "other"),
        "{reason}"
    );
}

#[test]
fn files_that_anyone_can_change_are_refused() {
    let folder = Folder::new();
    folder.fixture("good", "well");
    folder.fixture("open", "well");
    let everyone = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(folder.file("open"), everyone).unwrap();
    let registry = folder.load();
    assert!(registry.get("good").is_some());
    assert!(matches!(
        registry.refused()[0].reason,
        Refusal::WorldWritable(_)
    ));

    let everyone = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(folder.path(), everyone).unwrap();
    let registry = folder.load();
    assert!(registry.loaded().is_empty());
    assert_eq!(registry.refused().len(), 2);
}

#[test]
fn files_that_a_group_can_change_are_refused_when_the_list_is_enforced() {
    let folder = Folder::new();
    folder.fixture("good", "well");
    let group = std::fs::Permissions::from_mode(0o664);
    std::fs::set_permissions(folder.file("good"), group).unwrap();
    let registry = Registry::load(&Options {
        mode: Mode::Enforce,
        ..folder.options()
    });
    assert!(matches!(
        registry.refused()[0].reason,
        Refusal::GroupWritable(_)
    ));
}

#[test]
fn the_first_file_of_a_driver_wins() {
    let (first, second) = (Folder::new(), Folder::new());
    first.fixture("twice", "well");
    second.fixture("twice", "well");
    let registry = Registry::load(&Options {
        dirs: vec![first.path().to_owned(), second.path().to_owned()],
        ..first.options()
    });
    assert_eq!(registry.loaded().len(), 1);
    let Origin::File { path, .. } = &registry.loaded()[0].origin else {
        panic!("it is a file");
    };
    assert_eq!(*path, first.file("twice").canonicalize().unwrap());
    let reason = &registry.refused()[0].reason;
    assert!(matches!(reason, Refusal::Duplicate { .. }), "{reason}");
}

#[test]
fn a_linked_driver_wins_over_a_file() {
    let folder = Folder::new();
    folder.fixture("fixture", "well");
    let mut registry = Registry::default();
    registry
        .link(quillback_driver_fixture::driver_plugin())
        .unwrap();
    registry.scan(&folder.options());
    assert_eq!(registry.loaded()[0].origin, Origin::Linked);
    assert_eq!(registry.refused().len(), 1);

    let mut registry = folder.load();
    registry
        .link(quillback_driver_fixture::driver_plugin())
        .unwrap();
    assert_eq!(registry.loaded()[0].origin, Origin::Linked);
    assert_eq!(registry.loaded().len(), 1);
    let reason = &registry.refused()[0].reason;
    assert!(reason.to_string().contains("built in"), "{reason}");
}

#[test]
fn an_enforced_list_loads_what_it_has_and_nothing_else() {
    let folder = Folder::new();
    folder.fixture("good", "well");
    folder.fixture("unknown", "well");
    let digest = match &folder.load().loaded()[0].origin {
        Origin::File { sha256, .. } => sha256.clone(),
        Origin::Linked => panic!("it is a file"),
    };
    assert_eq!(digest.len(), 64);
    let registry = Registry::load(&Options {
        mode: Mode::Enforce,
        allow: AllowList::from([
            ("good".to_owned(), vec![digest.clone()]),
            ("unknown".to_owned(), vec![digest]),
        ]),
        ..folder.options()
    });
    assert_eq!(registry.loaded().len(), 1, "{:?}", registry.refused());
    let refused = &registry.refused()[0];
    assert_eq!(refused.path, folder.file("unknown"));
    assert!(matches!(refused.reason, Refusal::NotAllowed { .. }));
    assert!(refused.sha256.is_some());
}

#[test]
fn other_names_and_folders_inside_are_not_looked_at_and_links_are_followed() {
    let folder = Folder::new();
    let elsewhere = Folder::new();
    elsewhere.fixture("linked", "well");
    symlink(elsewhere.file("linked"), folder.file("linked")).unwrap();
    symlink("/nonexistent", folder.file("dangling")).unwrap();
    std::fs::write(folder.path().join("libnothing.so"), b"x").unwrap();
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    std::fs::write(folder.path().join("inner/libquillback_driver_x.so"), b"x").unwrap();
    std::fs::create_dir(folder.file("folder")).unwrap();
    let registry = folder.load();
    assert!(registry.get("linked").is_some());
    assert_eq!(registry.refused().len(), 2, "{:?}", registry.refused());
    assert!(
        registry
            .refused()
            .iter()
            .all(|refused| matches!(refused.reason, Refusal::Unreadable(_)))
    );
}
