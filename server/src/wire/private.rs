//! Files and folders that only the user of the server can read.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

/// Makes a folder that only its owner can open, with all folders above it. One that is there must not let others write.
///
/// # Errors
/// It cannot be made, is no folder, or others can change what is in it.
pub(super) fn folder(path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).with_context(|| {
        format!(
            "cannot make the data folder {shown}; choose another with --data-folder or data.folder"
        )
    })?;
    if mode(path)? & 0o022 != 0 {
        bail!(
            "other users can change the data folder {shown}; take that right away: chmod go-w {shown}"
        );
    }
    Ok(())
}

/// Reads a file that must be readable by its owner alone; `None` when there is none.
///
/// # Errors
/// It cannot be read, or others can read or change it.
pub(super) fn read(path: &Path) -> anyhow::Result<Option<String>> {
    let shown = path.display();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {shown}")),
    };
    if mode(path)? & 0o077 != 0 {
        bail!("other users can read or change {shown}; take that right away: chmod 600 {shown}");
    }
    Ok(Some(text))
}

/// Writes a file that is not there yet.
///
/// # Errors
/// It is there already, or cannot be written.
pub(super) fn create(path: &Path, text: &str) -> anyhow::Result<()> {
    let new = write_beside(path, text)?;
    // A link, other than a rename, never replaces what another process put there meanwhile.
    let linked = fs::hard_link(&new, path);
    let removed = fs::remove_file(&new);
    linked
        .and(removed)
        .with_context(|| format!("cannot make {}", path.display()))?;
    sync_folder(path)
}

/// Replaces a file in one step: a crash leaves the old or the new text.
///
/// # Errors
/// It cannot be written.
pub(super) fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let new = write_beside(path, text)?;
    fs::rename(&new, path).with_context(|| format!("cannot replace {}", path.display()))?;
    sync_folder(path)
}

/// Opens a file to read it and to write at its end; made if it is not there.
///
/// # Errors
/// It can be neither opened nor made.
pub(super) fn appending(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The path with `suffix` at its end.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

fn write_beside(path: &Path, text: &str) -> anyhow::Result<PathBuf> {
    let new = beside(path, &format!(".new-{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&new).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.with_context(|| format!("cannot write {}", new.display()))?;
    Ok(new)
}

/// Makes sure that the name of a new file survives a power cut.
fn sync_folder(path: &Path) -> anyhow::Result<()> {
    if cfg!(unix) {
        let folder = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

#[cfg(unix)]
fn mode(path: &Path) -> anyhow::Result<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::metadata(path)?.permissions().mode())
}

/// On other systems a new file takes the rights of its folder, which only its owner's profile can open.
#[cfg(not(unix))]
fn mode(_: &Path) -> anyhow::Result<u32> {
    Ok(0)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_new_folder_is_closed_to_others_and_an_open_one_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("deep/data");
        folder(&data).unwrap();
        assert_eq!(mode(&data).unwrap() & 0o777, 0o700);
        folder(&data).unwrap();
        chmod(&data, 0o770);
        let error = folder(&data).unwrap_err().to_string();
        assert!(error.contains("chmod go-w"), "{error}");
        fs::write(home.path().join("file"), "").unwrap();
        assert!(folder(&home.path().join("file/data")).is_err());
    }

    #[test]
    fn files_are_written_for_the_owner_alone_and_others_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("secret");
        assert_eq!(read(&path).unwrap(), None);
        create(&path, "one").unwrap();
        assert_eq!(mode(&path).unwrap() & 0o777, 0o600);
        assert!(create(&path, "two").is_err(), "an existing file must stay");
        assert_eq!(read(&path).unwrap().unwrap(), "one");
        replace(&path, "two").unwrap();
        assert_eq!(mode(&path).unwrap() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().unwrap(), "two");
        chmod(&path, 0o640);
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
        assert_eq!(
            fs::read_dir(home.path()).unwrap().count(),
            1,
            "nothing is left behind"
        );
    }
}
