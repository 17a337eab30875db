//! Proof that the caller may administer something: use-cases take it as a type, so that no check can be forgotten.
//!
//! ```compile_fail,E0451
//! use quillback_core::permit::{Admin, Permit};
//!
//! fn forge(principal: std::sync::Arc<quillback_core::cx::Principal>) -> Permit<Admin> {
//!     Permit { principal, of: std::marker::PhantomData }
//! }
//! ```

mod within;

pub(crate) use within::by_operator;
pub use within::{Homes, Operator, Own, Reach, Within, own_account};

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::cx::{Cx, Principal, Role};
use crate::error::{Error, Result};

/// Everything.
pub enum Admin {}
/// Making and changing connections.
pub enum ManageConnections {}
/// Making and changing schemas.
pub enum ManageSchemas {}
/// Seeing what users may do.
pub enum SeeUsers {}
/// Seeing connections, in order to manage them or to make schemas on them.
pub enum SeeConnections {}
/// Seeing how schemas are managed.
pub enum SeeSchemas {}
/// Making and changing users and groups.
pub enum ManageUsers {}
/// Seeing what the console shows.
pub enum Console {}

/// Proof that the caller may do `A`. Only the functions of this module make one.
///
/// To which things it applies depends on the caller's groups: see [`Within`].
pub struct Permit<A> {
    principal: Arc<Principal>,
    of: PhantomData<fn() -> A>,
}

impl<A> Permit<A> {
    /// Who may do it.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }
}

impl<A> fmt::Debug for Permit<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = std::any::type_name::<A>().rsplit("::").next();
        write!(
            f,
            "Permit<{}>({})",
            what.unwrap_or_default(),
            self.principal.user
        )
    }
}

/// Demands that somebody is signed in who need not set a new password first.
///
/// # Errors
/// `Unauthenticated` or `PasswordDue`.
pub fn signed_in(cx: &Cx) -> Result<Arc<Principal>> {
    let principal = cx.principal()?;
    if principal.must_change_password {
        Err(Error::PasswordDue)
    } else {
        Ok(principal.clone())
    }
}

/// Demands that somebody is signed in who may write at all: not with a token for reading.
///
/// # Errors
/// `Unauthenticated`, `PasswordDue` or `Denied`.
pub fn writer(cx: &Cx) -> Result<Arc<Principal>> {
    let principal = signed_in(cx)?;
    if principal.read_only {
        Err(Error::Denied("write with a token for reading"))
    } else {
        Ok(principal)
    }
}

/// Demands the role of an admin.
///
/// # Errors
/// `Unauthenticated`, `PasswordDue` or `Denied`.
pub fn admin(cx: &Cx) -> Result<Permit<Admin>> {
    change(cx, Role::Admin, "administer this server")
}

/// Demands the right to make connections. Which connections may be changed depends on the caller's groups: see
/// [`Within`].
///
/// # Errors
/// As [`admin`].
pub fn manage_connections(cx: &Cx) -> Result<Permit<ManageConnections>> {
    change(cx, Role::ConnectionManager, "manage connections")
}

/// Demands the right to make schemas. Which schemas may be changed depends on the caller's groups: see [`Within`].
///
/// # Errors
/// As [`admin`].
pub fn manage_schemas(cx: &Cx) -> Result<Permit<ManageSchemas>> {
    change(cx, Role::SchemaManager, "manage schemas")
}

/// As [`manage_schemas`], and for a token for reading too: gives the right to look at what manages a schema.
///
/// # Errors
/// As [`admin`].
pub fn see_schemas(cx: &Cx) -> Result<Permit<SeeSchemas>> {
    let may = |principal: &Principal| principal.has(Role::SchemaManager);
    grant(cx, may, "see how schemas are managed")
}

/// Demands the right to make users and groups. Which of them may be changed depends on the caller's groups: see
/// [`Within`].
///
/// # Errors
/// As [`admin`].
pub fn manage_users(cx: &Cx) -> Result<Permit<ManageUsers>> {
    change(cx, Role::UserManager, "manage users and groups")
}

/// As [`manage_users`], and for a token for reading too: gives the right to look at what users may do.
///
/// # Errors
/// As [`admin`].
pub fn see_users(cx: &Cx) -> Result<Permit<SeeUsers>> {
    let may = |principal: &Principal| principal.has(Role::UserManager);
    grant(cx, may, "see what other users may do")
}

/// Demands the right to make connections or schemas: both need to see what connections there are.
///
/// # Errors
/// As [`admin`].
pub fn connections_or_schemas(cx: &Cx) -> Result<Permit<SeeConnections>> {
    let may = |principal: &Principal| {
        principal.has(Role::ConnectionManager) || principal.has(Role::SchemaManager)
    };
    grant(cx, may, "see connections")
}

/// Demands any role at all: users without one have no business in the console. Gives the right to see, not to change.
///
/// # Errors
/// As [`admin`].
pub fn console(cx: &Cx) -> Result<Permit<Console>> {
    grant(
        cx,
        |principal| !principal.roles.is_empty(),
        "use the console",
    )
}

fn change<A>(cx: &Cx, role: Role, what: &'static str) -> Result<Permit<A>> {
    grant(
        cx,
        |principal| principal.has(role) && !principal.read_only,
        what,
    )
}

fn grant<A>(cx: &Cx, may: impl Fn(&Principal) -> bool, what: &'static str) -> Result<Permit<A>> {
    let principal = cx.principal()?;
    if principal.must_change_password {
        return Err(Error::PasswordDue);
    }
    // A token for some schemas is for their rows, not for what administers them.
    if principal.only_schemas.is_some() {
        return Err(Error::Denied(what));
    }
    // Roles give power over other people's things: a name that a worksheet merely claims must not bring it.
    if !principal.verified || !may(principal) {
        return Err(Error::Denied(what));
    }
    Ok(Permit {
        principal: Arc::clone(principal),
        of: PhantomData,
    })
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::civil::Timestamp;

    use super::*;
    use crate::cx::{Clock, Random, Surroundings};
    use crate::ids::UserId;

    struct Still;
    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp {
                seconds: 0,
                nanos: 0,
            }
        }
    }
    impl Random for Still {
        fn fill(&self, _: &mut [u8]) {}
    }

    fn cx(principal: Option<Principal>) -> Cx {
        Cx {
            surroundings: Surroundings {
                clock: Arc::new(Still),
                random: Arc::new(Still),
                books: crate::audit::MacKeys::default(),
            },
            principal: principal.map(Arc::new),
            request_id: String::new(),
            deadline_ms: 0,
        }
    }

    fn user(roles: &[Role]) -> Principal {
        Principal {
            user: UserId::stored("u".into()),
            username: "u".into(),
            groups: Vec::new(),
            roles: roles.to_vec(),
            verified: true,
            session: None,
            must_change_password: false,
            read_only: false,
            only_schemas: None,
        }
    }

    /// The codes of: admin, connections, schemas, users, console; empty where it is permitted.
    fn answers(cx: &Cx) -> [&'static str; 5] {
        fn code<A>(answer: Result<Permit<A>>) -> &'static str {
            answer.map_or_else(|error| error.code(), |_| "")
        }
        [
            code(admin(cx)),
            code(manage_connections(cx)),
            code(manage_schemas(cx)),
            code(manage_users(cx)),
            code(console(cx)),
        ]
    }

    #[test]
    fn each_role_permits_its_own_and_admin_everything() {
        let no = Error::Denied("").code();
        let table = [
            (vec![], [no, no, no, no, no]),
            (vec![Role::ConnectionManager], [no, "", no, no, ""]),
            (vec![Role::SchemaManager], [no, no, "", no, ""]),
            (vec![Role::UserManager], [no, no, no, "", ""]),
            (
                vec![Role::SchemaManager, Role::UserManager],
                [no, no, "", "", ""],
            ),
            (vec![Role::Admin], ["", "", "", "", ""]),
        ];
        for (roles, expected) in table {
            assert_eq!(answers(&cx(Some(user(&roles)))), expected, "{roles:?}");
        }
        assert_eq!(answers(&cx(None)), [Error::Unauthenticated.code(); 5]);
    }

    #[test]
    fn nothing_is_permitted_while_a_new_password_is_due() {
        let due = Principal {
            must_change_password: true,
            ..user(&[Role::Admin])
        };
        assert_eq!(answers(&cx(Some(due))), [Error::PasswordDue.code(); 5]);
    }

    #[test]
    fn a_claimed_identity_permits_nothing_and_a_token_less_than_its_user() {
        let no = Error::Denied("").code();
        let claimed = Principal {
            verified: false,
            ..user(&[Role::Admin])
        };
        assert_eq!(answers(&cx(Some(claimed))), [no; 5]);
        let reader = Principal {
            read_only: true,
            ..user(&[Role::Admin])
        };
        assert_eq!(answers(&cx(Some(reader))), [no, no, no, no, ""]);
        let limited = Principal {
            only_schemas: Some(Vec::new()),
            ..user(&[Role::Admin])
        };
        assert_eq!(answers(&cx(Some(limited))), [no; 5]);
    }
}
