//! Files that cannot be what is meant: the message names the option.

use quillback_plugin_api::driver::Instance as _;
use quillback_plugin_api::{Category, DriverError};
use serde_json::json;
use tempfile::TempDir;

use crate::support::*;

async fn refused(options: serde_json::Value) -> DriverError {
    open(options).await.unwrap_err()
}

async fn refused_as_config(options: serde_json::Value, words: &[&str]) {
    let error = refused(options).await;
    assert_eq!(error.category, Category::Config, "{error:?}");
    for word in words {
        assert!(error.message.contains(word), "{word}: {}", error.message);
    }
}

#[tokio::test]
async fn a_missing_folder_is_told() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("none/x.sqlite");
    refused_as_config(json!({ "path": path }), &["`path`", "no folder"]).await;
}

#[tokio::test]
async fn a_file_is_made_only_when_asked() {
    let folder = TempDir::new().unwrap();
    let options = json!({ "path": path(&folder), "create": false });
    refused_as_config(options.clone(), &["`path`", "`create`"]).await;
    open(json!({ "path": path(&folder) })).await.unwrap();
    open(options).await.unwrap();
}

#[tokio::test]
async fn a_folder_is_no_file() {
    let folder = TempDir::new().unwrap();
    refused_as_config(json!({ "path": folder.path() }), &["`path`", "is a folder"]).await;
}

#[tokio::test]
async fn another_kind_of_file_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let text = "a letter, and no database\n".repeat(100);
    std::fs::write(path(&folder), &text).unwrap();
    let options = json!({ "path": path(&folder) });
    refused_as_config(options, &["`path`", "not an SQLite database"]).await;
    assert_eq!(std::fs::read_to_string(path(&folder)).unwrap(), text);
}

#[tokio::test]
async fn a_file_that_can_only_be_read_is_told() {
    let db = database().await;
    db.instance.define(vec![notes()]).await.unwrap();
    let path = db.path();
    db.instance.close().await;
    // A file made by a later engine: https://www.sqlite.org/fileformat.html#file_format_version_numbers
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[18] = 3;
    std::fs::write(&path, bytes).unwrap();
    refused_as_config(json!({ "path": path }), &["`path`", "cannot be written"]).await;
}

#[tokio::test]
async fn a_file_that_another_program_holds_is_unavailable() {
    let folder = TempDir::new().unwrap();
    let other = rusqlite::Connection::open(path(&folder)).unwrap();
    other
        .execute_batch("CREATE TABLE t (a); BEGIN EXCLUSIVE")
        .unwrap();
    let options = json!({ "path": path(&folder), "busy_timeout_ms": 20 });
    let error = refused(options.clone()).await;
    assert_eq!(error.category, Category::Unavailable, "{error:?}");
    assert!(
        error.message.contains("`busy_timeout_ms`"),
        "{}",
        error.message
    );
    other.execute_batch("ROLLBACK").unwrap();
    open(options).await.unwrap();
}

#[tokio::test]
async fn a_path_is_never_read_as_settings() {
    let folder = TempDir::new().unwrap();
    let odd = folder.path().join("file:x?mode=memory&cache=shared");
    open(json!({ "path": odd })).await.unwrap();
    assert!(odd.exists());
}

#[tokio::test]
async fn the_settings_of_the_file_are_the_careful_ones() {
    let db = database().await;
    let mode: String = db
        .beside()
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
}
