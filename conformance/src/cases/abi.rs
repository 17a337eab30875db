//! The boundary itself: what a driver says about itself, and calls that come in any number and any order.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::future::join_all;
use quillback_plugin_api::abi::{MAGIC, MAJOR, op};
use quillback_plugin_api::batch::Batch;
use quillback_plugin_api::catalog::Introspect;
use quillback_plugin_api::sql::Expr;
use quillback_plugin_api::{Category, DriverError, message};
use serde_json::Value as Json;

use crate::case::{Bare, Case, bare, live};
use crate::lab::Lab;
use crate::tables::{by_id, n, read};
use crate::verify::{equal, fails, poll_once};

pub(crate) const CASES: &[Case] = &[
    bare!(the_header_is_of_this_version),
    bare!(the_driver_describes_itself),
    bare!(the_options_schema_is_valid),
    bare!(secrets_are_marked),
    bare!(options_are_described),
    bare!(claims_do_not_contradict_each_other),
    live!(an_unknown_operation_is_unsupported),
    live!(an_operation_of_another_object_is_unsupported),
    live!(a_request_cut_anywhere_is_refused),
    live!(a_request_with_more_than_it_says_is_refused),
    live!(a_request_of_nonsense_is_refused),
    live!(a_request_with_changed_bytes_never_breaks_the_driver),
    live!(a_thousand_calls_run_at_once),
    live!(calls_may_be_dropped_in_any_order),
    live!(a_call_may_move_between_threads),
    live!(calls_outlive_their_handles),
    live!(an_empty_introspection_page_is_answered),
];

async fn the_header_is_of_this_version(bare: &Bare) -> Result<()> {
    equal("magic", bare.plugin.magic, MAGIC)?;
    equal("version", bare.plugin.abi_major, MAJOR)
}

async fn the_driver_describes_itself(bare: &Bare) -> Result<()> {
    let info = bare.driver.info();
    equal("the identifier", info.id.as_str(), bare.target.id)?;
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    ensure!(
        !info.id.is_empty() && info.id.chars().all(is_plain),
        "the identifier is {:?}",
        info.id
    );
    ensure!(
        !info.name.is_empty() && info.name != info.id,
        "the name is for people: {:?}",
        info.name
    );
    for (what, text) in [
        ("version", &info.version),
        ("api version", &info.api_version),
    ] {
        ensure!(
            text.starts_with(|c: char| c.is_ascii_digit()),
            "the {what} is {text:?}"
        );
    }
    ensure!(
        !info.build.is_empty(),
        "the compiler and target are missing"
    );
    Ok(())
}

async fn the_options_schema_is_valid(bare: &Bare) -> Result<()> {
    let schema = &bare.driver.info().options_schema;
    equal("the type", schema.get("type"), Some(&Json::from("object")))?;
    jsonschema::meta::validate(schema)
        .map_err(|error| anyhow::anyhow!("not a JSON Schema: {error}"))?;
    let validator =
        jsonschema::validator_for(schema).map_err(|error| anyhow::anyhow!("{error}"))?;
    if let Some(options) = &bare.options {
        let errors: Vec<_> = validator
            .iter_errors(options)
            .map(|error| error.instance_path().to_string())
            .collect();
        ensure!(
            errors.is_empty(),
            "options that work do not follow the schema at {errors:?}"
        );
    }
    ensure!(
        !validator.is_valid(&serde_json::json!({"no_such_option": 1})),
        "the schema takes unknown options"
    );
    Ok(())
}

fn properties(schema: &Json) -> Result<&serde_json::Map<String, Json>> {
    schema
        .get("properties")
        .and_then(Json::as_object)
        .context("the schema has no properties")
}

async fn secrets_are_marked(bare: &Bare) -> Result<()> {
    for (name, property) in properties(&bare.driver.info().options_schema)? {
        let is_secret = ["password", "secret", "token", "passphrase", "private_key"]
            .iter()
            .any(|word| name.contains(word));
        let is_marked = property.get("writeOnly") == Some(&Json::Bool(true));
        ensure!(
            !is_secret || is_marked,
            "the option {name} is not marked writeOnly"
        );
    }
    let access = bare.target.access.map(|access| access.password);
    if let Some(password) = access {
        let found = properties(&bare.driver.info().options_schema)?.get(password);
        ensure!(found.is_some(), "there is no option {password}");
    }
    Ok(())
}

async fn options_are_described(bare: &Bare) -> Result<()> {
    let info = bare.driver.info();
    let properties = properties(&info.options_schema)?;
    for (name, property) in properties {
        let text = property
            .get("description")
            .and_then(Json::as_str)
            .unwrap_or_default();
        ensure!(text.len() > 5, "the option {name} is not described");
    }
    ensure!(
        !info.address_options.is_empty(),
        "no option names the host or file"
    );
    for name in &info.address_options {
        ensure!(
            properties.contains_key(name),
            "the address option {name} is not in the schema"
        );
    }
    Ok(())
}

async fn claims_do_not_contradict_each_other(bare: &Bare) -> Result<()> {
    let can = &bare.driver.info().capabilities;
    ensure!(
        !can.serializable || can.transactions,
        "isolation needs transactions"
    );
    ensure!(
        !can.row_locks || can.transactions,
        "locks need transactions"
    );
    ensure!(
        !can.foreign_keys || can.enforced_keys,
        "foreign keys need keys"
    );
    ensure!(
        !can.ddl.transactional || can.transactions,
        "transactional changes need transactions"
    );
    let fit = can.transactions && can.row_counts && can.enforced_keys && can.ddl.create_table;
    ensure!(
        !can.repository || fit,
        "a repository needs transactions, row counts, keys and tables"
    );
    Ok(())
}

async fn a_thousand_calls_run_at_once(lab: &Lab) -> Result<()> {
    let table = lab.numbers("thousand", &[1, 2, 3]).await?;
    let batch = Batch::of(vec![read(by_id(&table, [n()], Expr::True))]);
    let calls = (0..1_000).map(|_| lab.instance.apply(&batch));
    let outcomes = tokio::time::timeout(Duration::from_mins(1), join_all(calls)).await;
    for outcome in outcomes.context("a thousand calls do not end")? {
        let done = crate::lab::committed(outcome?)?;
        equal("rows", done.first().map(|step| step.found), Some(3))?;
    }
    Ok(())
}

async fn calls_may_be_dropped_in_any_order(lab: &Lab) -> Result<()> {
    for keep in 0..8 {
        let mut calls: Vec<_> = (0..8).map(|_| Box::pin(lab.instance.ping())).collect();
        let mut kept = calls.swap_remove(keep);
        for call in &mut calls {
            let _ = poll_once(call).await;
        }
        let first = poll_once(&mut kept).await;
        if keep % 2 == 0 {
            calls.reverse();
        }
        drop(calls);
        if first.is_ready() {
            continue;
        }
        tokio::time::timeout(Duration::from_secs(20), kept)
            .await
            .context("the call that was kept hangs")??;
    }
    Ok(())
}

async fn a_call_may_move_between_threads(lab: &Lab) -> Result<()> {
    let mut calls = Vec::new();
    for _ in 0..40 {
        let instance = lab.instance.clone();
        let mut call = Box::pin(async move { instance.ping().await });
        let first = poll_once(&mut call).await;
        if first.is_pending() {
            calls.push(tokio::spawn(call));
        }
    }
    for call in calls {
        tokio::time::timeout(Duration::from_secs(20), call)
            .await
            .context("a moved call hangs")???;
    }
    Ok(())
}

async fn calls_outlive_their_handles(lab: &Lab) -> Result<()> {
    let instance = lab.another().await?;
    let call = {
        let copy = instance.clone();
        async move { copy.ping().await }
    };
    let mut call = Box::pin(call);
    let first = poll_once(&mut call).await;
    drop(instance);
    if first.is_pending() {
        let answer = tokio::time::timeout(Duration::from_secs(20), call).await;
        answer.context("the call hangs")??;
    }
    drop(Box::pin(lab.driver.open(lab.options.clone())));
    Ok(())
}

async fn an_empty_introspection_page_is_answered(lab: &Lab) -> Result<()> {
    let what = Introspect::Tables {
        schema: None,
        search: lab.fresh("none"),
        offset: 1_000_000,
        limit: 1_000,
    };
    lab.instance.introspect(&what).await?;
    Ok(())
}

async fn an_unknown_operation_is_unsupported(lab: &Lab) -> Result<()> {
    for unknown in [0, 11, 77, u32::MAX] {
        fails(
            "an unknown operation",
            lab.instance.probe(unknown, b"{}").await,
            Category::Unsupported,
        )?;
    }
    lab.instance.ping().await?;
    Ok(())
}

async fn an_operation_of_another_object_is_unsupported(lab: &Lab) -> Result<()> {
    for foreign in [op::OPEN, op::NEXT] {
        fails(
            "another object's operation",
            lab.instance.probe(foreign, b"{}").await,
            Category::Unsupported,
        )?;
    }
    Ok(())
}

/// A batch with every kind of request in it, encoded.
async fn request(lab: &Lab) -> Result<Vec<u8>> {
    let table = lab.numbers("request", &[1]).await?;
    let batch = Batch::of(vec![
        read(by_id(
            &table,
            [n()],
            Expr::In {
                column: n(),
                values: vec![1.into(), "x".into()],
            },
        )),
        crate::tables::insert_pair(&table, 1, 1)?,
    ]);
    Ok(message::encode_batch(&batch)?)
}

fn is_refused(what: &str, result: Result<Vec<u8>, DriverError>) -> Result<()> {
    fails(what, result, Category::Protocol).map(drop)
}

async fn a_request_cut_anywhere_is_refused(lab: &Lab) -> Result<()> {
    let request = request(lab).await?;
    for cut in 0..request.len() {
        let part = request.get(..cut).unwrap_or_default();
        is_refused(
            &format!("the first {cut} bytes of a batch"),
            lab.instance.probe(op::RENDER, part).await,
        )?;
        is_refused(
            &format!("the first {cut} bytes of a batch"),
            lab.instance.probe(op::APPLY, part).await,
        )?;
    }
    lab.instance.probe(op::RENDER, &request).await?;
    Ok(())
}

async fn a_request_with_more_than_it_says_is_refused(lab: &Lab) -> Result<()> {
    let mut request = request(lab).await?;
    request.extend([0; 3]);
    is_refused(
        "a batch with more bytes",
        lab.instance.probe(op::APPLY, &request).await,
    )?;
    let more = vec![b' '; 4 << 20];
    is_refused(
        "four megabytes of nothing",
        lab.instance.probe(op::APPLY, &more).await,
    )
}

async fn a_request_of_nonsense_is_refused(lab: &Lab) -> Result<()> {
    for bytes in [
        &b"\xff\xfe\xfd\xfc\xfb"[..],
        b"null",
        b"[1,2",
        &[255; 64],
        "{\"x\":\"\u{1f680}".as_bytes(),
    ] {
        for op in [
            op::INTROSPECT,
            op::APPLY,
            op::STREAM,
            op::DEFINE,
            op::RENDER,
            op::RENDER_DDL,
        ] {
            is_refused(
                &format!("nonsense for operation {op}"),
                lab.instance.probe(op, bytes).await,
            )?;
        }
    }
    lab.instance.ping().await?;
    Ok(())
}

/// Whatever a flipped byte means, the driver answers and does not fail inside.
async fn a_request_with_changed_bytes_never_breaks_the_driver(lab: &Lab) -> Result<()> {
    let request = request(lab).await?;
    for at in 0..request.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut broken = request.clone();
            if let Some(byte) = broken.get_mut(at) {
                *byte ^= change;
            }
            let result = lab.instance.probe(op::RENDER, &broken).await;
            let is_internal = matches!(&result, Err(error) if error.category == Category::Internal);
            ensure!(!is_internal, "byte {at} changed by {change:#x}: {result:?}");
        }
    }
    Ok(())
}
