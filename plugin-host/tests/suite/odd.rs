//! The compiled fixture driver, and odd copies of it.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use quillback_plugin_host::{Mode, Options, Registry, file_name};
use tempfile::TempDir;

/// The compiled fixture, which is beside the test program.
pub(crate) fn library() -> PathBuf {
    // Naming the crate keeps cargo from leaving it out.
    let _ = quillback_driver_fixture::driver_plugin;
    let program = std::env::current_exe().unwrap();
    let path = program.with_file_name(file_name("fixture"));
    assert!(path.exists(), "{} was not built", path.display());
    path
}

/// A folder of drivers that disappears with the test.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where driver `id` belongs.
    pub(crate) fn file(&self, id: &str) -> PathBuf {
        self.path().join(file_name(id))
    }

    /// Puts these bytes where driver `id` belongs.
    pub(crate) fn put(&self, id: &str, bytes: &[u8]) {
        std::fs::write(self.file(id), bytes).unwrap();
    }

    /// Puts a fixture called `id` there that behaves as `mode` says.
    pub(crate) fn fixture(&self, id: &str, mode: &str) {
        self.put(id, &fixture(id, mode));
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            dirs: vec![self.path().to_owned()],
            mode: Mode::Off,
            ..Options::default()
        }
    }

    pub(crate) fn load(&self) -> Registry {
        Registry::load(&self.options())
    }
}

/// The library, and where in it the identifier and the behaviour are written.
static BASE: LazyLock<(Vec<u8>, usize, usize)> = LazyLock::new(|| {
    let bytes = std::fs::read(library()).unwrap();
    let [id] = places(&bytes, b"fixture.id:fixture ")[..] else {
        panic!("the identifier is not there once");
    };
    let [mode] = places(&bytes, b"fixture.mode:well ")[..] else {
        panic!("the behaviour is not there once");
    };
    (bytes, id + 11, mode + 13)
});

/// The library of a fixture called `id` that behaves as `mode` says.
pub(crate) fn fixture(id: &str, mode: &str) -> Vec<u8> {
    let (mut bytes, id_at, mode_at) = BASE.clone();
    bytes[id_at..id_at + 16].copy_from_slice(format!("{id:16}").as_bytes());
    bytes[mode_at..mode_at + 17].copy_from_slice(format!("{mode:17}").as_bytes());
    bytes
}

/// Replaces every occurrence.
pub(crate) fn patch(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    let places = places(bytes, from);
    assert!(!places.is_empty(), "{}", String::from_utf8_lossy(from));
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
}

/// Where `text` is. Looking for its first byte is quick even without optimisation; comparing everywhere is not.
fn places(bytes: &[u8], text: &[u8]) -> Vec<usize> {
    let (mut at, mut found) = (0, Vec::new());
    while let Some(next) = bytes[at..].iter().position(|byte| *byte == text[0]) {
        at += next;
        if bytes[at..].starts_with(text) {
            found.push(at);
        }
        at += 1;
    }
    found
}
