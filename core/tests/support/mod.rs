//! A fresh server for each test: an empty repository, a clock that the test sets, random bytes from a seed.

mod repository;
pub(crate) mod target;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use quillback_core::app::{App, Drivers, Options};
use quillback_core::audit::MacKeys;
use quillback_core::cx::{Clock, Cx, Principal, Random, Role, Surroundings};
use quillback_core::ids::{GroupId, SessionId, UserId};
use quillback_core::keyring::Keyring;
use quillback_core::plugin_api::civil::Timestamp;
use quillback_core::repo::people::{self, PasswordHash, User};
use quillback_core::repo::{groups, migrate};
use quillback_core::{admin, bootstrap};

pub(crate) use repository::{Kind, Repository};

/// 2030-01-01T00:00:00Z.
const START: i64 = 1_893_456_000;

/// A clock that stands still until it is set.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    /// Lets so many seconds pass; negative ones set the clock back.
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// Random bytes that are the same in every run of a test (`SplitMix64`).
pub(crate) struct Seeded(AtomicU64);

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A server of one test.
pub(crate) struct TestApp {
    /// What requests share.
    pub(crate) app: App,
    /// The clock.
    pub(crate) clock: Arc<TestClock>,
    /// The text of the key file.
    pub(crate) keys: String,
    /// Where the repository is; it goes with the test.
    pub(crate) repository: Repository,
    /// What others wrote into the repository, for a server that has it to itself; negative while they may at any time.
    pub(crate) visits: Arc<AtomicI64>,
}

impl TestApp {
    /// A server on an embedded repository, ready to use, with a user "admin".
    pub(crate) async fn new() -> Self {
        Self::on(Kind::Sqlite).await
    }

    /// The same on another database.
    pub(crate) async fn on(kind: Kind) -> Self {
        let test = Self::empty(kind).await;
        migrate::migrate(&test.app.repo, test.clock_now())
            .await
            .unwrap();
        admin::keys::check(&test.app).await.unwrap();
        bootstrap::first_start(&test.app, async |_: &str| Ok(hash()))
            .await
            .unwrap()
            .unwrap();
        test
    }

    /// A server whose repository has no tables yet.
    pub(crate) async fn empty(kind: Kind) -> Self {
        let repository = Repository::fresh(kind);
        let clock = Arc::new(TestClock(AtomicI64::new(START * 1_000_000)));
        let random = Arc::new(Seeded(AtomicU64::new(1)));
        let keys = Keyring::generate(&*random).to_string();
        let surroundings = Surroundings {
            clock: clock.clone(),
            random,
            books: MacKeys::default(),
        };
        let visits = Arc::new(AtomicI64::new(if kind == Kind::Sqlite { 0 } else { -1 }));
        let app = app(&repository, &keys, surroundings, visits.clone()).await;
        Self {
            app,
            clock,
            keys,
            repository,
            visits,
        }
    }

    /// Now.
    pub(crate) fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A second server on the same repository, with these keys.
    pub(crate) async fn another(&self, keys: &str) -> App {
        self.visits.store(-1, Ordering::SeqCst);
        let surroundings = self.app.surroundings.clone();
        app(&self.repository, keys, surroundings, self.visits.clone()).await
    }

    /// A request of nobody.
    pub(crate) fn nobody(&self) -> Cx {
        self.cx(None)
    }

    /// A request of `principal`.
    pub(crate) fn cx(&self, principal: Option<Principal>) -> Cx {
        Cx {
            surroundings: self.app.surroundings.clone(),
            principal: principal.map(Arc::new),
            request_id: "test".into(),
            deadline_ms: 0,
        }
    }

    /// A request of the user of that name, as stored, who has set a password.
    pub(crate) async fn as_user(&self, username: &str) -> Cx {
        let user = self.user(username).await;
        let (_, roles) = people::get_user_and_roles(&self.app.repo, &user.id)
            .await
            .unwrap();
        let groups = groups::list_groups_of(&self.app.repo, &user.id)
            .await
            .unwrap();
        self.cx(Some(Principal {
            user: user.id,
            username: user.username,
            groups,
            roles,
            verified: true,
            session: Some(SessionId::from(self.app.surroundings.new_id())),
            must_change_password: false,
            read_only: false,
            only_schemas: None,
        }))
    }

    /// A request of the first administrator.
    pub(crate) async fn admin(&self) -> Cx {
        self.as_user(bootstrap::ADMINISTRATOR).await
    }

    /// The user of that name.
    pub(crate) async fn user(&self, username: &str) -> User {
        people::find_user_by_name(&self.app.repo, username)
            .await
            .unwrap()
            .unwrap()
    }

    /// Adds a user with these roles and groups.
    pub(crate) async fn add_user(
        &self,
        username: &str,
        roles: &[Role],
        groups: &[GroupId],
    ) -> UserId {
        let draft = admin::people::users::UserDraft {
            username: username.into(),
            roles: roles.to_vec(),
            groups: groups.to_vec(),
            ..Default::default()
        };
        admin::people::users::create(&self.admin().await, &self.app, draft, Some(hash()))
            .await
            .unwrap()
            .id
    }

    /// Adds a group.
    pub(crate) async fn add_group(&self, name: &str) -> GroupId {
        admin::people::groups::create(&self.admin().await, &self.app, name)
            .await
            .unwrap()
            .id
    }
}

async fn app(
    repository: &Repository,
    keys: &str,
    surroundings: Surroundings,
    visits: Arc<AtomicI64>,
) -> App {
    let neighbours = move || u64::try_from(visits.load(Ordering::SeqCst)).ok();
    let (driver, instance) = repository.open().await;
    let keyring = Keyring::parse(keys).unwrap();
    App::new(
        quillback_core::repo::Repository::exclusive(instance, Arc::new(neighbours)),
        Drivers::new(vec![driver]),
        keyring,
        surroundings,
        Options::default(),
    )
}

/// A hash that no password has.
pub(crate) fn hash() -> PasswordHash {
    PasswordHash::new("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA".into())
}

/// Runs a test on every repository database at hand: `SQLite` always, others when their URL is in the environment.
pub(crate) async fn on_each(test: impl AsyncFn(TestApp)) {
    for kind in Kind::at_hand() {
        test(TestApp::on(kind).await).await;
    }
}
