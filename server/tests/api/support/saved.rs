//! Keeps the files of a server for later, brings it back to them, and asks it as an identity that is merely claimed.

use std::{path::Path, sync::Arc};

use async_graphql::{Request, Variables};
use quillback_core::{
    Cx,
    cx::{Principal, Surroundings},
};
use quillback_graphql::{Caller, CookieHandle, ServerFacts};
use serde_json::{Value as Json, json};

use super::{Client, TestServer};

impl TestServer {
    /// Starts anew, and copies the files of the server to a folder on the way.
    pub async fn saved_to(self, folder: &Path) -> Self {
        let home = self.stopped().await;
        copy(home.path(), folder);
        Self::again(home).await
    }

    /// Starts anew with the files that were copied to a folder.
    pub async fn restored_from(self, folder: &Path) -> Self {
        let home = self.stopped().await;
        empty(home.path());
        copy(folder, home.path());
        Self::again(home).await
    }

    /// Asks as the user of a client would whose identity nobody proved: no sign-in method makes such a principal yet,
    /// so the schema is asked directly.
    pub async fn claim(&self, as_user: &Client, document: &str, variables: Json) -> Json {
        let surroundings: Surroundings = self.app.surroundings.clone();
        let mut cx = Cx {
            surroundings,
            principal: None,
            request_id: "claim".to_owned(),
            deadline_ms: 0,
        };
        let token = as_user.token.as_deref().unwrap();
        let proved = quillback_auth::authenticate(&cx, &self.app, &self.auth, token).await;
        cx.principal = Some(Arc::new(Principal {
            verified: false,
            ..Principal::clone(&proved.unwrap())
        }));
        let request = Request::new(document)
            .variables(Variables::from_json(variables))
            .data(cx)
            .data(Caller::default())
            .data(CookieHandle::default());
        let facts = ServerFacts::default();
        let schema = quillback_graphql::build(self.app.clone(), self.auth.clone(), facts);
        json!(schema.execute(request).await)
    }
}

/// Copies all files of a folder, those in folders below it included.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Removes all files of a folder; the folders stay, with the rights they have.
fn empty(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            empty(&path);
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }
}
