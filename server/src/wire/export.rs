//! Joins the export of rows to the HTTP side: who calls, what is taken out, and what errors look like outside GraphQL.

use futures_util::{FutureExt as _, future::BoxFuture};
use hyper::StatusCode;
use quillback_auth::Auth;
use quillback_core::{
    App, Cx, Error,
    export::{self, Export, ExportCommand},
    ids::SchemaId,
};
use serde_json::{Value as Json, json};

use super::authenticate;
use crate::{
    http::{
        PublicError, RequestMeta,
        export::{Ended, Open, Source, Wanted},
    },
    ids,
};

/// Makes the hook that every export goes through.
pub(super) fn open(app: App, auth: Auth) -> Open {
    std::sync::Arc::new(move |meta, wanted| {
        let (app, auth) = (app.clone(), auth.clone());
        async move { opened(&app, &auth, meta, wanted).await }.boxed()
    })
}

async fn opened(
    app: &App,
    auth: &Auth,
    meta: RequestMeta,
    wanted: Wanted,
) -> Result<Box<dyn Source>, PublicError> {
    let cx = authenticate::caller(app, auth, &meta).await?;
    let export = start(&cx, app, wanted)
        .await
        .map_err(|error| public(&error))?;
    Ok(Box::new(Rows(export)))
}

async fn start(cx: &Cx, app: &App, wanted: Wanted) -> Result<Export, Error> {
    // Before anything of the request is looked at: nobody learns from faults what there is.
    cx.principal()?;
    let (filter, sort) = quillback_graphql::selection(wanted.filter, wanted.sort)?;
    let command = ExportCommand {
        schema: SchemaId::parse(&wanted.schema)?,
        filter,
        sort,
        byte_order_mark: wanted.byte_order_mark,
        keep_formulas: wanted.keep_formulas,
    };
    export::open(cx, app, command).await
}

struct Rows(Export);

impl Source for Rows {
    fn name(&self) -> String {
        self.0.label().to_owned()
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Option<String>, ()>> {
        let next = async {
            let piece = self.0.next().await;
            piece.map_err(|error| {
                tracing::error!(code = error.code(), %error, rows = self.0.rows(), "an export broke off");
            })
        };
        next.boxed()
    }

    fn end(self: Box<Self>, how: Ended) -> BoxFuture<'static, ()> {
        let how = match how {
            Ended::Complete => export::Ended::Complete,
            Ended::Abandoned => export::Ended::Abandoned,
            Ended::Failed => export::Ended::Failed,
        };
        let end = async move {
            let rows = self.0.rows();
            if let Err(error) = self.0.end(how).await {
                // The start is in the trail already.
                tracing::error!(%error, rows, ?how, "the end of an export is missing in the audit trail");
            }
        };
        end.boxed()
    }
}

/// An error of core as an answer of HTTP. Faults of ours are logged here, once; their text goes no further.
fn public(error: &Error) -> PublicError {
    let status = match error {
        Error::Unauthenticated => StatusCode::UNAUTHORIZED,
        Error::PasswordDue | Error::Denied(_) => StatusCode::FORBIDDEN,
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::Invalid(_) => StatusCode::BAD_REQUEST,
        Error::Target(_) => StatusCode::BAD_GATEWAY,
        Error::Repository(_) | Error::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut public = PublicError::http(status, error.code(), error.public_message());
    if error.is_fault() {
        let incident = ids::incident();
        tracing::error!(incident, code = error.code(), %error, "an export could not be started");
        public = public.detail("incident", incident);
    }
    let problems: Vec<Json> = error
        .problems()
        .iter()
        .map(|one| json!({ "path": one.path, "code": one.code, "message": one.message }))
        .collect();
    if problems.is_empty() {
        public
    } else {
        public.detail("problems", problems)
    }
}
