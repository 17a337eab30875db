//! The owner field: the server writes into it who added a row, and nobody changes it.

use super::draft::{FieldDraft, SchemaDraft};
use crate::error::{Error, Result};
use crate::field::{FieldKind, Rules};
use crate::schema::Definition;

/// Room for every user name.
const LENGTH: u32 = 255;

/// The draft of a table that Quillback keeps, with the owner field among its fields.
pub(super) fn with_owner_field(draft: &SchemaDraft) -> SchemaDraft {
    let mut draft = draft.clone();
    let missing = draft
        .owner
        .clone()
        .filter(|owner| !draft.fields.iter().any(|field| field.name == *owner));
    if let Some(name) = missing {
        draft.fields.push(FieldDraft {
            name,
            label: None,
            column: None,
            kind: Some(FieldKind::Text { length: LENGTH }),
            required: false,
            rules: Rules::default(),
        });
    }
    draft
}

/// The definition with its owner field closed to people.
pub(super) fn with_fixed_owner(mut definition: Definition) -> Result<Definition> {
    let Some(name) = &definition.owner else {
        return Ok(definition);
    };
    let Some(field) = definition
        .fields
        .iter_mut()
        .find(|field| field.name == *name)
    else {
        return Err(Error::invalid(
            "ownerField",
            "UNKNOWN_FIELD",
            format!("The schema has no field called {name}. Name one of its text fields."),
        ));
    };
    if !matches!(field.kind, FieldKind::Text { .. } | FieldKind::Paragraph) {
        return Err(Error::invalid(
            "ownerField",
            "WRONG_TYPE",
            "The owner field holds user names: it must be a text.",
        ));
    }
    field.rules = Rules {
        read_only: true,
        ..Rules::default()
    };
    Ok(definition)
}
