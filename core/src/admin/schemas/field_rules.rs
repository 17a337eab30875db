//! Whether the rules of a field can work: checked when its schema is saved.

use crate::error::Problem;
use crate::field::{DefaultSource, Field, FieldKind};
use crate::row_json;

/// What is wrong with the place that a value comes from when nobody sends one.
fn check_source(field: &Field, fault: &mut impl FnMut(&str, &'static str, String)) {
    let Some(source) = &field.rules.default_from else {
        if field.rules.on_edit {
            let message =
                "Say where the value comes from that every edit writes: the user name, or now.";
            fault("onEdit", "REQUIRED", message.into());
        }
        return;
    };
    if field.rules.default.is_some() {
        let message = "A field has one default: a constant, or a value from somewhere.";
        fault("default", "TWICE", message.into());
    }
    if let DefaultSource::Mark(name) | DefaultSource::Parameter(name) = source
        && (name.trim().is_empty() || name.chars().count() > 255)
    {
        let message = "Name the mark's field, or the parameter, with 1 to 255 characters.";
        fault("defaultFrom.name", "NAME", message.into());
    }
    if !source.fits(&field.kind) {
        let message = match source {
            DefaultSource::Username => "A user name is a text: choose a text field.",
            DefaultSource::Now => "Choose a field for a date, a time or a moment.",
            DefaultSource::Mark(_) | DefaultSource::Parameter(_) => {
                "Fields of this type cannot be written."
            }
        };
        fault("defaultFrom", "WRONG_TYPE", message.into());
    }
    if field.rules.on_edit && !source.is_known_to_server() {
        let message =
            "Every edit can write the user name or now, but nothing that the dashboard passes.";
        fault("onEdit", "UNSUPPORTED", message.into());
    }
}

/// Adds what is wrong with the type and the rules of a field.
pub(super) fn check_rules(field: &Field, path: &str, problems: &mut Vec<Problem>) {
    let mut fault = |rule: &str, code, message: String| {
        problems.push(Problem::new(format!("{path}.{rule}"), code, message));
    };
    match &field.kind {
        FieldKind::Decimal { precision, scale } if *precision == 0 || scale > precision => {
            fault(
                "type",
                "PRECISION",
                "A decimal needs at least one digit, and no more after the point than in all."
                    .into(),
            );
        }
        FieldKind::Text { length: 0 } | FieldKind::Dropdown { length: 0 } => {
            fault(
                "type",
                "LENGTH",
                "A text needs room for at least one character.".into(),
            );
        }
        _ => {}
    }
    for (rule, value) in [
        ("min", &field.rules.min),
        ("max", &field.rules.max),
        ("default", &field.rules.default),
    ] {
        if let Some(Err(problem)) = value
            .as_ref()
            .map(|value| row_json::read(value, &field.kind))
        {
            fault(rule, problem.code, problem.message);
        }
    }
    check_source(field, &mut fault);
    let broken = field
        .rules
        .pattern
        .as_ref()
        .map(|pattern| regex_lite::Regex::new(&format!("^(?:{pattern})$")));
    if let Some(Err(error)) = broken {
        fault(
            "pattern",
            "PATTERN",
            format!("This is not a regular expression: {error}."),
        );
    }
    if matches!(field.kind, FieldKind::Dropdown { .. })
        && field.rules.options.as_ref().is_some_and(Vec::is_empty)
    {
        fault(
            "options",
            "REQUIRED",
            "A dropdown needs at least one option.".into(),
        );
    }
}
