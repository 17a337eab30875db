//! What a case is made of, as data: it can be printed, and made smaller when it fails.

use quillback_core::plugin_api::sql::Direction;
use quillback_core::policy::{Action, Rule};
use quillback_core::read::Filter;

use super::value::{Kind, Val};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// In the groups `north` and `7`.
    Nora,
    /// In the group `7`.
    Olaf,
    /// The administrator, in no group.
    Admin,
}

impl Who {
    pub(super) const ALL: [Self; 3] = [Self::Nora, Self::Olaf, Self::Admin];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nora => "nora",
            Self::Olaf => "olaf",
            Self::Admin => "admin",
        }
    }

    /// The groups, by their positions in [`GROUPS`].
    pub(super) fn groups(self) -> &'static [usize] {
        match self {
            Self::Nora => &[0, 1],
            Self::Olaf => &[1],
            Self::Admin => &[],
        }
    }
}

/// The names of the groups.
pub(super) const GROUPS: [&str; 2] = ["north", "7"];

/// Which table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// One that the server made.
    Managed,
    /// One that was there already, as its database makes tables by default; whoever adds a row gives its key.
    Existing,
    /// One that was there already and numbers its rows.
    Numbered,
}

impl Table {
    pub(super) const ALL: [Self; 3] = [Self::Managed, Self::Existing, Self::Numbered];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::Existing => "existing",
            Self::Numbered => "numbered",
        }
    }

    pub(super) fn key(self) -> Kind {
        match self {
            Self::Managed => Kind::Uuid,
            Self::Existing => Kind::Text,
            Self::Numbered => Kind::Whole,
        }
    }
}

/// The name of the key in each table.
pub(super) const KEY: &str = "id";

/// The other columns, the same in each table. The last one says who added the row.
pub(super) const COLUMNS: [(&str, Kind); 8] = [
    ("label", Kind::Text),
    ("note", Kind::Text),
    ("units", Kind::Whole),
    ("amount", Kind::Money),
    ("approved", Kind::Flag),
    ("due", Kind::Day),
    ("updated", Kind::Moment),
    ("added_by", Kind::Text),
];

/// The position of the column that says who added the row.
pub(super) const OWNER: usize = COLUMNS.len() - 1;

/// The position of a column; `None` for the key.
pub(super) fn column(name: &str) -> Option<usize> {
    COLUMNS.iter().position(|(known, _)| *known == name)
}

/// A row. Its number stays the same whatever becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) number: usize,
    pub(super) key: Val,
    pub(super) cells: Vec<Val>,
}

impl Row {
    pub(super) fn value(&self, name: &str) -> &Val {
        column(name).map_or(&self.key, |at| &self.cells[at])
    }
}

/// Who holds an entitlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    User(Who),
    /// By position in [`GROUPS`].
    Group(usize),
    /// The identifier of a group under the type of users, as a faulty import writes it.
    Mistaken(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entitlement {
    pub(super) holder: Holder,
    pub(super) property: &'static str,
    pub(super) value: String,
}

/// What a group may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Right {
    pub(super) actions: Vec<Action>,
    pub(super) own_only: bool,
}

/// What a change says about the row as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// What is in these columns.
    Now(Vec<usize>),
    /// This value in this column, whatever is there.
    Value(usize, Val),
    /// Nothing.
    Anything,
    /// The version that the row has for who asks.
    Version,
    /// A version that no row has.
    WrongVersion,
}

/// One change of one row, which is named by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Add {
        number: usize,
        values: Vec<(usize, Val)>,
    },
    Edit {
        number: usize,
        values: Vec<(usize, Val)>,
        seen: Seen,
    },
    Delete {
        number: usize,
        seen: Seen,
    },
}

/// Something that is done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Deed {
    /// Reads all pages of so many rows.
    Read {
        filter: Option<Filter>,
        sort: Vec<(&'static str, Direction)>,
        first: u32,
    },
    Write(Vec<Change>),
    /// Gives all rows of a filter new values at once.
    Bulk {
        filter: Option<Filter>,
        values: Vec<(usize, Val)>,
    },
    /// Everybody looks at what the last changes did.
    LookBack,
    /// Takes a change back.
    TakeBack {
        back: Back,
        overwrite: bool,
    },
}

/// Which of the changes that took effect, counted back from the last one; further than there are begins again.
pub(super) type Back = usize;

impl World {
    /// The same without rules.
    pub(super) fn without_rules(&self) -> Self {
        Self {
            policies: Vec::new(),
            edit_when: Vec::new(),
            add_when: Vec::new(),
            ..self.clone()
        }
    }
}

/// A table, its rules, and what is done with it by whom.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) table: Table,
    pub(super) rows: Vec<Row>,
    /// What the administrator does before there are any rules.
    pub(super) prelude: Vec<Vec<Change>>,
    pub(super) policies: Vec<Vec<Rule>>,
    pub(super) edit_when: Vec<Rule>,
    pub(super) add_when: Vec<Rule>,
    pub(super) entitlements: Vec<Entitlement>,
    /// In the order of [`GROUPS`].
    pub(super) rights: [Right; 2],
    pub(super) deeds: Vec<(Who, Deed)>,
}
