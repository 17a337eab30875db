//! `_settings`: values of this installation by name.

use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::remote::RemoteInstance;

use super::{Table, is, is_duplicate, one_text, select};
use crate::error::Result;

const SETTINGS: Table = Table {
    name: "_settings",
    columns: &["name", "value"],
};

/// The value of a setting.
pub async fn find_setting(repo: &RemoteInstance, name: &'static str) -> Result<Option<String>> {
    Ok(
        select(repo, SETTINGS.column("value", is("name", name)), one_text)
            .await?
            .pop(),
    )
}

/// Adds a setting that is not there yet.
pub fn insert_setting(batch: &mut Batch, name: &'static str, value: &str) {
    batch.write(
        SETTINGS.insert(&[vec![name.into(), value.into()]]),
        Expect::Rows(1),
    );
}

/// Changes a setting that is there.
pub fn update_setting(batch: &mut Batch, name: &'static str, value: &str) {
    batch.write(
        SETTINGS.update(vec![("value", value.into())], is("name", name)),
        Expect::Rows(1),
    );
}

/// The value of a setting; `initial` when nobody has set it, which is then stored. Of two servers that do so at once
/// both get the value of the first.
///
/// # Errors
/// `Repository` when the database fails.
pub async fn get_or_insert(
    repo: &RemoteInstance,
    name: &'static str,
    initial: String,
) -> Result<String> {
    if let Some(value) = find_setting(repo, name).await? {
        return Ok(value);
    }
    let mut batch = Batch::default();
    insert_setting(&mut batch, name, &initial);
    match super::commit_apart(repo, &batch, "setting").await {
        Ok(_) => Ok(initial),
        Err(error) if is_duplicate(&error) => {
            Ok(find_setting(repo, name).await?.unwrap_or(initial))
        }
        Err(error) => Err(error),
    }
}
