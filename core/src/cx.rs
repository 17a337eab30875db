//! What a use-case is told about its caller and its surroundings: who, when, and where ids come from.

use std::sync::Arc;

use quillback_plugin_api::civil::Timestamp;
use uuid::Uuid;

use crate::audit::MacKeys;
use crate::error::{Error, Result};
use crate::ids::{GroupId, SchemaId, SessionId, UserId};

/// Where the time comes from; tests pass one that they advance.
pub trait Clock: Send + Sync {
    /// Now, UTC, with microseconds.
    fn now(&self) -> Timestamp;
}

/// Where ids and other random bytes come from.
pub trait Random: Send + Sync {
    /// Fills `bytes` with bytes that nobody can guess.
    fn fill(&self, bytes: &mut [u8]);
}

/// Clock, randomness and the keys of the books, shared by all requests.
#[derive(Clone)]
pub struct Surroundings {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of ids.
    pub random: Arc<dyn Random>,
    /// What records of the books are signed with; [`crate::App::new`] puts the keys of the key file here.
    pub books: MacKeys,
}

impl Surroundings {
    /// A new identifier that sorts by time (UUID version 7).
    pub fn new_id(&self) -> Uuid {
        let mut random = [0; 10];
        self.random.fill(&mut random);
        let now = self.clock.now();
        let millis =
            u64::try_from(now.seconds).unwrap_or(0) * 1_000 + u64::from(now.nanos / 1_000_000);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// Random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }
}

/// A right over the console's things, beside the rights over rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Everything, whatever the groups.
    Admin,
    /// Makes connections; changes those of the own groups.
    ConnectionManager,
    /// Makes schemas; changes those of the own groups.
    SchemaManager,
    /// Makes and changes users who are not admins, and groups.
    UserManager,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [
        Self::Admin,
        Self::ConnectionManager,
        Self::SchemaManager,
        Self::UserManager,
    ];

    /// The name in the repository.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::ConnectionManager => "connection_manager",
            Self::SchemaManager => "schema_manager",
            Self::UserManager => "user_manager",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// A user as signed in, frozen for the request.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Who.
    pub user: UserId,
    /// The name that rules and the audit trail use.
    pub username: String,
    /// Groups, "everyone" included.
    pub groups: Vec<Group>,
    /// Roles in the console.
    pub roles: Vec<Role>,
    /// Whether a password, token or identity provider proved the identity (or only a worksheet claimed it).
    pub verified: bool,
    /// The session, if there is one.
    pub session: Option<SessionId>,
    /// Whether the user must set a new password before anything else.
    pub must_change_password: bool,
    /// Whether the request came with an API token that may only read.
    pub read_only: bool,
    /// The schemas to which an API token is limited; `None` is no limit.
    pub only_schemas: Option<Vec<SchemaId>>,
}

/// A group of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Identifier.
    pub id: GroupId,
    /// Name.
    pub name: String,
    /// Whether it is "everyone", in which every user is: being in it makes nobody a manager of anything.
    pub builtin: bool,
}

impl Principal {
    /// Whether the user has the role; an admin has every role. Roles give power over other people's things: a name that
    /// a worksheet merely claims must not bring it.
    pub fn has(&self, role: Role) -> bool {
        self.verified && (self.roles.contains(&role) || self.roles.contains(&Role::Admin))
    }

    /// Whether the user is an admin, and proved to be that user.
    pub fn is_admin(&self) -> bool {
        self.has(Role::Admin)
    }

    /// The groups within which the user's roles count: all but "everyone".
    pub fn own_groups(&self) -> Vec<GroupId> {
        let own = self.groups.iter().filter(|group| !group.builtin);
        own.map(|group| group.id.clone()).collect()
    }

    /// Whether the credentials reach this schema at all, whatever the user may do with it.
    pub fn reaches(&self, schema: &SchemaId) -> bool {
        self.only_schemas
            .as_ref()
            .is_none_or(|only| only.contains(schema))
    }
}

/// One request: passed first to every use-case, named `cx`.
#[derive(Clone)]
pub struct Cx {
    /// Clock and ids.
    pub surroundings: Surroundings,
    /// Who asks; `None` is nobody.
    pub principal: Option<Arc<Principal>>,
    /// Identifier of the request, for logs.
    pub request_id: String,
    /// Milliseconds that work for this request may take in a database; 0 is no limit.
    pub deadline_ms: u32,
}

impl Cx {
    /// Who asks.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody is signed in.
    pub fn principal(&self) -> Result<&Arc<Principal>> {
        self.principal.as_ref().ok_or(Error::Unauthenticated)
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.surroundings.clock.now()
    }

    /// A new identifier.
    pub fn new_id(&self) -> Uuid {
        self.surroundings.new_id()
    }
}
