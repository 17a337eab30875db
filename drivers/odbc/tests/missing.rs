//! The plugin asks for unixODBC only when it is loaded, and says in its file which package brings it.

/// Whether `file` has `text` somewhere.
fn has(file: &[u8], text: &[u8]) -> bool {
    file.windows(text.len()).any(|bytes| bytes == text)
}

#[cfg(target_os = "linux")]
#[test]
fn the_plugin_names_what_it_needs() {
    let test = std::env::current_exe().unwrap();
    let name = "libquillback_driver_odbc.so";
    let mut places = test
        .ancestors()
        .skip(1)
        .take(2)
        .map(|place| place.join(name));
    let file = places.find(|file| file.is_file()).unwrap();
    let plugin = std::fs::read(file).unwrap();
    assert!(
        has(&plugin, b"\0libodbc.so.2\0"),
        "it does not ask for unixODBC"
    );
    // `plugin-host` reads this section when the system cannot load the file.
    assert!(has(&plugin, b"\0.quillback.needs\0"));
    assert!(has(&plugin, b"on Debian the package libodbc2"));
}
