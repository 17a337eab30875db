//! Tests of signing in, on a server with an embedded repository and on every other one at hand.
#![cfg(test)]

mod api_tokens;
mod changing_passwords;
mod sessions;
mod sign_in;
#[expect(
    dead_code,
    reason = "shared with the tests of core, which use the rest"
)]
#[path = "../../core/tests/support/mod.rs"]
mod support;
mod throttling;

use std::net::IpAddr;
use std::sync::Arc;

use quillback_auth::passwords::Cost;
use quillback_auth::{
    Auth, AuthError, Client, Options, SignIn, Signed, authenticate, sign_in, start,
};
use quillback_core::admin;
use quillback_core::cx::{Cx, Principal, Role};
use quillback_core::ids::UserId;
use quillback_core::repo::migrate;

use support::{Kind, TestApp};

/// A password that the policy takes.
const PASSWORD: &str = "correct horse battery";
/// The address that tests come from, where it does not matter.
const ADDRESS: &str = "192.0.2.7";

/// A server at which people can sign in.
struct Desk {
    test: TestApp,
    auth: Auth,
    /// The generated password of the first administrator.
    secret: String,
}

fn options() -> Options {
    Options {
        cost: Cost::weak_for_tests(),
        hashing_threads: 2,
        ..Options::default()
    }
}

impl Desk {
    async fn new() -> Self {
        Self::with(Kind::Sqlite, options()).await
    }

    async fn with(kind: Kind, options: Options) -> Self {
        let test = TestApp::empty(kind).await;
        migrate::migrate(&test.app.repo, test.clock_now())
            .await
            .unwrap();
        admin::keys::check(&test.app).await.unwrap();
        let auth = Auth::open(&test.app, options).await.unwrap();
        let first = start::first_start(&test.app, &auth).await.unwrap().unwrap();
        Self {
            test,
            auth,
            secret: first.secret.to_string(),
        }
    }

    /// Adds a user with [`PASSWORD`], who need not change it.
    async fn add_user(&self, username: &str, roles: &[Role]) -> UserId {
        let id = self.test.add_user(username, roles, &[]).await;
        let hash = self
            .auth
            .passwords
            .hash(&*self.test.app.surroundings.random, PASSWORD)
            .await
            .unwrap();
        let cx = self.test.as_user(username).await;
        admin::people::users::change_own_password(&cx, &self.test.app, hash)
            .await
            .unwrap();
        id
    }

    async fn try_sign_in(
        &self,
        username: &str,
        password: &str,
        address: &str,
    ) -> Result<Signed, AuthError> {
        let command = SignIn {
            username: username.into(),
            password: password.into(),
            client: Client::Program,
            ip: address.parse::<IpAddr>().unwrap(),
        };
        sign_in(&self.test.nobody(), &self.test.app, &self.auth, command).await
    }

    /// Signs in with [`PASSWORD`].
    async fn sign_in(&self, username: &str) -> Signed {
        self.try_sign_in(username, PASSWORD, ADDRESS).await.unwrap()
    }

    async fn authenticate(&self, token: &str) -> quillback_core::Result<Arc<Principal>> {
        authenticate(&self.test.nobody(), &self.test.app, &self.auth, token).await
    }

    /// A request with that token.
    async fn request(&self, signed: &Signed) -> Cx {
        let principal = self.authenticate(signed.token.as_str()).await.unwrap();
        Cx {
            principal: Some(principal),
            ..self.test.nobody()
        }
    }

    /// The code of the answer to a request with that token; empty when it is good.
    async fn answer(&self, token: &str) -> &'static str {
        self.authenticate(token)
            .await
            .map_or_else(|error| error.code(), |_| "")
    }
}

fn code<T>(answer: Result<T, AuthError>) -> &'static str {
    answer.map_or_else(|error| error.code(), |_| "")
}

/// Runs a test on every repository database at hand.
async fn on_each(test: impl AsyncFn(Desk)) {
    for kind in Kind::at_hand() {
        test(Desk::with(kind, options()).await).await;
    }
}
