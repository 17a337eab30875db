//! The demo's schemas: one for each module, with the rows that the first two start with.

use quillback_core::{
    admin::schemas::{FieldDraft, SchemaDraft},
    field::{DefaultSource, FieldKind, Rules},
    ids::ConnectionId,
    schema::Module,
    write::Values,
};
use serde_json::{Value as Json, json};

use super::{
    rows::{self, Weather},
    weather,
};

/// Reads one column of a day.
type Column = fn(&Weather) -> &str;

/// A schema to make, and its first rows.
pub(super) struct Plan {
    pub(super) draft: SchemaDraft,
    pub(super) rows: Vec<Values>,
}

/// The three schemas, in the order in which they are told.
pub(super) fn plans(connection: &ConnectionId) -> anyhow::Result<[Plan; 3]> {
    Ok([
        targets(connection)?,
        notes(connection)?,
        corrections(connection),
    ])
}

/// Add Data: what was generated is the start of a table in which people plan.
fn targets(connection: &ConnectionId) -> anyhow::Result<Plan> {
    let data = rows::electricity()?;
    let mut sources: Vec<String> = data.iter().map(|row| row.source.clone()).collect();
    sources.sort();
    sources.dedup();
    let options = Rules {
        options: Some(sources),
        ..Rules::default()
    };
    let not_negative = Rules {
        min: Some(json!(0)),
        ..Rules::default()
    };
    let fields = vec![
        required("year", "Year", FieldKind::Date, Rules::default()),
        required(
            "source",
            "Source",
            FieldKind::Dropdown { length: 40 },
            options,
        ),
        required(
            "net_generation",
            "Net generation (1000 MWh)",
            FieldKind::Integer,
            not_negative,
        ),
        optional("comment", "Comment", FieldKind::Paragraph),
        kept(
            "changed_by",
            "Changed by",
            FieldKind::Text { length: 255 },
            DefaultSource::Username,
        ),
        kept(
            "changed_at",
            "Changed at",
            FieldKind::DateTime { zoned: true },
            DefaultSource::Now,
        ),
    ];
    let rows = data.into_iter().map(|row| {
        values([
            ("year", json!(row.year)),
            ("source", json!(row.source)),
            ("net_generation", json!(row.net_generation)),
        ])
    });
    Ok(Plan {
        draft: draft(
            "Electricity targets",
            Module::AddData,
            connection,
            "electricity_targets",
            fields,
        ),
        rows: rows.collect(),
    })
}

/// Data Helper: notes on days of the weather table, which itself stays as it is.
fn notes(connection: &ConnectionId) -> anyhow::Result<Plan> {
    let data = rows::weather()?;
    let records: [(Column, &str); 3] = [
        (|day| &day.temp_max, "Hottest day of these years"),
        (|day| &day.precipitation, "Wettest day of these years"),
        (|day| &day.wind, "Windiest day of these years"),
    ];
    let number = |text: &str| text.parse::<f64>().unwrap_or(f64::MIN);
    let days = records.iter().filter_map(|(column, note)| {
        let day = data
            .iter()
            .max_by(|a, b| number(column(a)).total_cmp(&number(column(b))))?;
        Some(values([
            ("date", json!(day.date)),
            ("note", json!(note)),
            ("checked", json!(false)),
        ]))
    });
    let fields = vec![
        required("date", "Date", FieldKind::Date, Rules::default()),
        required(
            "note",
            "Note",
            FieldKind::Text { length: 200 },
            Rules::default(),
        ),
        optional("checked", "Checked", FieldKind::Boolean),
    ];
    Ok(Plan {
        draft: draft(
            "Weather notes",
            Module::DataHelper,
            connection,
            "weather_notes",
            fields,
        ),
        rows: days.collect(),
    })
}

/// Data Correction: the table that is there, with all its columns.
fn corrections(connection: &ConnectionId) -> Plan {
    Plan {
        draft: draft(
            "Weather corrections",
            Module::DataCorrection,
            connection,
            weather::TABLE,
            Vec::new(),
        ),
        rows: Vec::new(),
    }
}

fn draft(
    label: &str,
    module: Module,
    connection: &ConnectionId,
    table: &str,
    fields: Vec<FieldDraft>,
) -> SchemaDraft {
    SchemaDraft {
        label: label.to_owned(),
        module,
        connection: connection.clone(),
        table_schema: None,
        table: table.to_owned(),
        key: Vec::new(),
        fields,
        owner: None,
        allow_data_loss: false,
    }
}

fn required(name: &str, label: &str, kind: FieldKind, rules: Rules) -> FieldDraft {
    FieldDraft {
        required: true,
        rules,
        ..optional(name, label, kind)
    }
}

fn optional(name: &str, label: &str, kind: FieldKind) -> FieldDraft {
    FieldDraft {
        name: name.to_owned(),
        label: Some(label.to_owned()),
        column: None,
        kind: Some(kind),
        required: false,
        rules: Rules::default(),
    }
}

/// A field that the server keeps up to date.
fn kept(name: &str, label: &str, kind: FieldKind, source: DefaultSource) -> FieldDraft {
    FieldDraft {
        rules: Rules {
            default_from: Some(source),
            on_edit: true,
            ..Rules::default()
        },
        ..optional(name, label, kind)
    }
}

fn values<const N: usize>(members: [(&str, Json); N]) -> Values {
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
