//! `_rls_entitlements`: values that row rules compare with, by user or group. Other people's ETL writes here as well.

use std::collections::BTreeSet;

use quillback_plugin_api::batch::{Batch, Expect, StepOutcome};
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Compare, Direction, Expr, Order, Select};
use quillback_plugin_api::{Ident, Value};

use super::{Record, Table, groups, is, one_number, read, records, select};
use crate::cx::Principal;
use crate::error::Result;
use crate::ids::{GroupId, UserId};
use crate::permit::{ManageSchemas, Reach, Within};

const ENTITLEMENTS: Table = Table {
    name: "_rls_entitlements",
    columns: &["assignable_type", "assignable_id", "property", "value"],
};

/// What `assignable_type` is for a user.
pub const USER: &str = "user";
/// What `assignable_type` is for a group.
pub const GROUP: &str = "group";

/// An entitlement as stored. The table has no key: the same one may be there twice, which means the same as once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entitlement {
    /// `user` or `group`; what is neither has no effect.
    pub assignable_type: String,
    /// Identifier of the user or group.
    pub assignable_id: String,
    /// Name that row rules use.
    pub property: String,
    /// Value.
    pub value: String,
}

fn record(record: &mut Record<'_>) -> Result<Entitlement> {
    Ok(Entitlement {
        assignable_type: record.text()?,
        assignable_id: record.text()?,
        property: record.text()?,
        value: record.text()?,
    })
}

fn values(entitlement: &Entitlement) -> Vec<Value> {
    vec![
        entitlement.assignable_type.as_str().into(),
        entitlement.assignable_id.as_str().into(),
        entitlement.property.as_str().into(),
        entitlement.value.as_str().into(),
    ]
}

/// Which entitlements to read or to remove; what is `None` or empty does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntitlementFilter {
    /// `assignable_type` and `assignable_id`.
    pub assignable: Option<(&'static str, String)>,
    /// `assignable_type` alone.
    pub assignable_type: Option<&'static str>,
    /// One of these properties.
    pub properties: Vec<String>,
    /// Value.
    pub value: Option<String>,
}

impl EntitlementFilter {
    fn condition(&self) -> Expr {
        let mut all = Vec::new();
        if let Some((kind, id)) = &self.assignable {
            all.push(is("assignable_type", *kind).and(is("assignable_id", id.as_str())));
        }
        all.extend(self.assignable_type.map(|kind| is("assignable_type", kind)));
        if !self.properties.is_empty() {
            let names = self.properties.iter().map(String::as_str);
            all.push(Expr::In {
                column: Ident::literal("property"),
                values: names.map(Value::from).collect(),
            });
        }
        all.extend(self.value.as_deref().map(|value| is("value", value)));
        Expr::all(all)
    }
}

/// Entitlements of the groups within reach and of their members.
fn within(reach: &Reach) -> Expr {
    let Reach::Groups(own) = reach else {
        return Expr::True;
    };
    let id = || Ident::literal("assignable_id");
    let of_groups = is("assignable_type", GROUP).and(Expr::In {
        column: id(),
        values: own.iter().map(Value::from).collect(),
    });
    let of_members = is("assignable_type", USER).and(Expr::InSelect {
        column: id(),
        select: Box::new(groups::members_of(own)),
    });
    Expr::Or(vec![of_groups, of_members])
}

/// The entitlements of a user and of all the user's groups; of these properties, where there are some.
pub(crate) fn of_principal(principal: &Principal, properties: Option<&BTreeSet<String>>) -> Select {
    let groups = principal.groups.iter();
    let mine = is("assignable_type", USER).and(is("assignable_id", &principal.user));
    let ours = is("assignable_type", GROUP).and(Expr::In {
        column: Ident::literal("assignable_id"),
        values: groups.map(|group| Value::from(&group.id)).collect(),
    });
    let mut filter = Expr::Or(vec![mine, ours]);
    if let Some(properties) = properties {
        filter = filter.and(Expr::In {
            column: Ident::literal("property"),
            values: properties.iter().map(|name| name.as_str().into()).collect(),
        });
    }
    ENTITLEMENTS.select(filter)
}

/// Reads the answer of [`of_principal`]: properties and values.
pub(crate) fn pairs(outcome: &StepOutcome) -> Result<Vec<(String, String)>> {
    let all = records(outcome, record)?.into_iter();
    Ok(all.map(|one| (one.property, one.value)).collect())
}

/// All entitlements within reach that hold the filter, in no order.
pub(crate) async fn list_all<A>(
    repo: &RemoteInstance,
    reach: &Within<A, Reach>,
    filter: &EntitlementFilter,
) -> Result<Vec<Entitlement>> {
    let filter = filter.condition().and(within(reach));
    select(repo, ENTITLEMENTS.select(filter), record).await
}

/// At most `limit` different entitlements within reach that hold the filter, in the order of their columns, from after
/// `after` on.
pub(crate) async fn list_page<A>(
    repo: &RemoteInstance,
    reach: &Within<A, Reach>,
    filter: &EntitlementFilter,
    after: Option<&Entitlement>,
    limit: u64,
) -> Result<Vec<Entitlement>> {
    let mut filter = filter.condition().and(within(reach));
    if let Some(after) = after {
        filter = filter.and(behind(after));
    }
    let order = ENTITLEMENTS.columns.iter().map(|column| Order {
        column: Ident::literal(column),
        direction: Direction::Asc,
        nullable: false,
    });
    let page = Select {
        distinct: true,
        order: order.collect(),
        limit: Some(limit),
        ..ENTITLEMENTS.select(filter)
    };
    select(repo, page, record).await
}

/// Later in the first column, or the same there and later in the next.
fn behind(after: &Entitlement) -> Expr {
    let mut same = Expr::True;
    let mut later = Vec::new();
    for (column, value) in ENTITLEMENTS.columns.iter().zip(values(after)) {
        let column = Ident::literal(column);
        let greater = Expr::compare(&column, Compare::Gt, value.clone());
        later.push(same.clone().and(greater));
        same = same.and(Expr::eq(&column, value));
    }
    Expr::Or(later)
}

/// How many entitlements within reach hold the filter; the same one twice counts twice.
pub(crate) async fn count<A>(
    repo: &RemoteInstance,
    reach: &Within<A, Reach>,
    filter: &EntitlementFilter,
) -> Result<u64> {
    let filter = filter.condition().and(within(reach));
    let counts = select(
        repo,
        Select::count(ENTITLEMENTS.table(), filter),
        one_number,
    )
    .await?;
    let count = counts.first().and_then(|count| u64::try_from(*count).ok());
    Ok(count.unwrap_or(0))
}

/// Removes the entitlements within reach that hold the filter.
pub(crate) fn delete(
    batch: &mut Batch,
    reach: &Within<ManageSchemas, Reach>,
    filter: &EntitlementFilter,
) {
    let filter = filter.condition().and(within(reach));
    batch.write(ENTITLEMENTS.delete(filter), Expect::Any);
}

/// Adds entitlements to those whom `receivers` found, in one statement however many there are.
pub(crate) fn insert(batch: &mut Batch, _receivers: &Receivers, entitlements: &[&Entitlement]) {
    if entitlements.is_empty() {
        return;
    }
    let rows: Vec<_> = entitlements.iter().map(|one| values(one)).collect();
    let count = rows.len() as u64;
    batch.write(ENTITLEMENTS.insert(&rows), Expect::Rows(count));
}

/// The users and groups within reach that entitlements can be given to, with what makes their names the same.
pub(crate) struct Receivers {
    users: super::people::NamesById,
    groups: super::people::NamesById,
}

impl Receivers {
    /// Those within reach.
    pub(crate) async fn load<A>(repo: &RemoteInstance, reach: &Within<A, Reach>) -> Result<Self> {
        let (users, known) = match &**reach {
            Reach::All => (Expr::True, Expr::True),
            Reach::Groups(own) => {
                let column = || Ident::literal("id");
                let values = own.iter().map(Value::from).collect();
                let members = Box::new(groups::members_of(own));
                (
                    Expr::InSelect {
                        column: column(),
                        select: members,
                    },
                    Expr::In {
                        column: column(),
                        values,
                    },
                )
            }
        };
        let selects = vec![
            super::people::select_names(users),
            groups::select_names(known),
        ];
        let outcomes = read(repo, selects).await?;
        let names = |at: usize| match outcomes.get(at) {
            Some(outcome) => super::people::read_names(outcome),
            None => Ok(super::people::NamesById::default()),
        };
        Ok(Self {
            users: names(0)?,
            groups: names(1)?,
        })
    }

    /// The user of that identifier or name.
    pub(crate) fn user(&self, text: &str) -> Option<UserId> {
        self.users.find(text).map(UserId::stored)
    }

    /// The group of that identifier or name.
    pub(crate) fn group(&self, text: &str) -> Option<GroupId> {
        self.groups.find(text).map(GroupId::stored)
    }
}
