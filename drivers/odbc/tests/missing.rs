//! Without unixODBC the plugin is refused, and the refusal says what to install.

use std::path::PathBuf;

use quillback_plugin_host::{Mode, Options, Registry, file_name};

/// The plugin that was built together with this test.
fn plugin() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let mut places = test
        .ancestors()
        .skip(1)
        .take(2)
        .map(|place| place.join(file_name("odbc")));
    places
        .find(|file| file.is_file())
        .expect("the plugin file is built with its tests")
}

#[test]
fn a_missing_driver_manager_is_named_with_its_package() {
    let mut library = std::fs::read(plugin()).unwrap();
    let wanted = b"libodbc.so.2\0";
    let at = library
        .windows(wanted.len())
        .position(|bytes| bytes == wanted);
    let at = at.expect("the plugin asks for unixODBC by this name");
    library[at..at + wanted.len()].copy_from_slice(b"libodbc.so.x\0");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(file_name("odbc"));
    std::fs::write(&file, library).unwrap();

    let registry = Registry::load(&Options {
        dirs: vec![folder.path().to_owned()],
        mode: Mode::Off,
        ..Options::default()
    });
    let refused = registry.refused();
    assert_eq!(refused.len(), 1, "{refused:?}");
    let reason = refused[0].reason.to_string();
    assert!(reason.contains("libodbc.so.x"), "{reason}");
    assert!(reason.contains("libodbc2"), "{reason}");
}
