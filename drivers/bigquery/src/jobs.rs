//! Jobs: started under a name of our own, waited for, read page by page, and stopped when nobody waits any more.
//!
//! <https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs>

use std::sync::Arc;

use quillback_plugin_api::DriverError;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::connect::{Call, Failure, Service};
use crate::errors::{self, ErrorProto};
use crate::script::Named;
use crate::tables::Schema;
use crate::types::columns::Field;

/// Milliseconds that the service may take for the first answer, and for each further look at a job.
const FIRST_LOOK: u64 = 1_000;
const LOOK: u64 = 20_000;
/// Rows of a page.
const PAGE: u64 = 5_000;

/// One page of a result.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Page {
    schema: Schema,
    pub(crate) rows: Vec<Row>,
    #[serde(rename = "pageToken")]
    token: Option<String>,
    job_complete: bool,
    job_reference: Reference,
    errors: Vec<ErrorProto>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Row {
    #[serde(rename = "f")]
    pub(crate) cells: Vec<Cell>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Cell {
    #[serde(rename = "v")]
    pub(crate) value: Json,
}

/// The name of a job.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Reference {
    job_id: String,
    location: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Job {
    job_reference: Reference,
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    state: String,
    error_result: Option<ErrorProto>,
}

/// A job that failed, or whose end is not known.
pub(crate) struct Failed {
    pub(crate) error: DriverError,
    /// The line of the script that failed.
    pub(crate) line: Option<usize>,
    /// Whether it may have taken effect all the same.
    pub(crate) is_open: bool,
}

impl Failed {
    fn definite(error: DriverError) -> Self {
        Self {
            error,
            line: None,
            is_open: false,
        }
    }

    /// A job that ended with an error. After a fault of the service itself, or when it was stopped, the commit may have
    /// come first.
    fn of_job(status: u16, proto: &ErrorProto) -> Self {
        let is_open = matches!(
            proto.reason.as_str(),
            "" | "backendError"
                | "internalError"
                | "stopped"
                | "timeout"
                | "jobBackendError"
                | "jobInternalError"
        );
        Self {
            error: errors::from_service(status, proto),
            line: errors::line(&proto.message),
            is_open,
        }
    }

    fn of_call(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::of_job(refusal.status, &refusal.proto),
            Failure::Lost(error) => Self {
                error,
                line: None,
                is_open: true,
            },
        }
    }
}

impl From<Failed> for DriverError {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

/// Stops a job when it is dropped.
struct Guard {
    service: Arc<Service>,
    job: Option<Reference>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(job) = self.job.take() else { return };
        let service = Arc::clone(&self.service);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { cancel(&service, &job).await });
        }
    }
}

/// A result that is read page by page. Dropping it stops its job.
pub(crate) struct Reading {
    guard: Guard,
    pub(crate) fields: Vec<Field>,
    page: Option<Page>,
}

impl Reading {
    /// The next page; nothing after the last.
    ///
    /// # Errors
    /// What the service says.
    pub(crate) async fn next(&mut self) -> Result<Option<Page>, DriverError> {
        let Some(page) = self.page.take() else {
            return Ok(None);
        };
        match (&page.token, &self.guard.job) {
            (Some(token), Some(job)) if !page.rows.is_empty() || !token.is_empty() => {
                self.page = Some(look(&self.guard.service, job, Some(token)).await?);
            }
            // There is nothing left to stop.
            _ => self.guard.job = None,
        }
        Ok(Some(page))
    }
}

/// Starts a read.
///
/// # Errors
/// What the service says.
pub(crate) async fn read(
    service: &Arc<Service>,
    sql: &str,
    params: &[Named],
) -> Result<Reading, DriverError> {
    let mut body = described(service, sql, params);
    body.insert("timeoutMs".into(), json!(FIRST_LOOK));
    body.insert("maxResults".into(), json!(PAGE));
    // The same request is answered once, however often it is sent.
    body.insert("requestId".into(), json!(Service::fresh_id()));
    let formats = json!({ "useInt64Timestamp": true });
    body.insert("formatOptions".into(), formats);
    if let Some(location) = &service.location {
        body.insert("location".into(), json!(location));
    }
    let body = Json::Object(body);
    // A job has no name before the first answer: whoever does not wait for that leaves it to be stopped.
    let (sender, receiver) = oneshot::channel();
    let for_task = Arc::clone(service);
    tokio::spawn(async move {
        let answer = for_task
            .call::<Page>(&Call::post("/queries".into(), &body))
            .await;
        if let Err(Ok(page)) = sender.send(answer)
            && !page.job_complete
        {
            cancel(&for_task, &page.job_reference).await;
        }
    });
    let answer = receiver.await.map_err(|_| {
        let message = "the task that starts a read ended early";
        DriverError::new(quillback_plugin_api::Category::Internal, message)
    })?;
    let mut page = answer?;
    let job = page.job_reference.clone();
    let mut guard = Guard {
        service: Arc::clone(service),
        job: Some(job.clone()),
    };
    if !page.errors.is_empty() {
        has_worked(service, &job).await?;
    }
    while !page.job_complete {
        page = look(service, &job, None).await?;
    }
    if job.job_id.is_empty() {
        guard.job = None;
    }
    Ok(Reading {
        guard,
        fields: std::mem::take(&mut page.schema.fields),
        page: Some(page),
    })
}

/// Errors in an answer may be warnings: the job knows.
async fn has_worked(service: &Service, job: &Reference) -> Result<(), DriverError> {
    let job: Job = service.call(&about(service, job, "/jobs", "")).await?;
    match job.status.error_result {
        Some(proto) => Err(errors::from_service(400, &proto)),
        None => Ok(()),
    }
}

/// Runs a script and answers with its last result.
///
/// # Errors
/// What the service says; [`Failed::is_open`] where it may have taken effect all the same.
pub(crate) async fn run(
    service: &Arc<Service>,
    sql: &str,
    params: &[Named],
    deadline: Option<Instant>,
) -> Result<Page, Failed> {
    // Under a name of our own it is started once, however often it is asked for, and can be stopped at any time.
    let mut job = Reference {
        job_id: Service::fresh_id(),
        location: service.location.clone(),
    };
    let body = starting(service, &job, described(service, sql, params), deadline);
    let mut guard = Guard {
        service: Arc::clone(service),
        job: Some(job.clone()),
    };
    match service
        .call::<Job>(&Call::post("/jobs".into(), &body))
        .await
    {
        Ok(started) => {
            job.location = started.job_reference.location.or(job.location);
            if let Some(proto) = started.status.error_result {
                guard.job = None;
                return Err(Failed::of_job(400, &proto));
            }
        }
        // It was taken when it was sent before.
        Err(Failure::Refused(refusal)) if refusal.status == 409 && refusal.is_repeated => {}
        Err(Failure::Refused(refusal)) if (400..500).contains(&refusal.status) => {
            guard.job = None;
            let error = errors::from_service(refusal.status, &refusal.proto);
            return Err(Failed {
                line: errors::line(&refusal.proto.message),
                ..Failed::definite(error)
            });
        }
        Err(failure) => return Err(Failed::of_call(failure)),
    }
    guard.job = Some(job.clone());
    loop {
        let page = look(service, &job, None).await.map_err(|failure| {
            let refused = matches!(&failure, Failure::Refused(_));
            if refused {
                guard.job = None;
            }
            Failed::of_call(failure)
        })?;
        if page.job_complete {
            guard.job = None;
            return Ok(page);
        }
    }
}

/// Waits for a job, or reads a page of its result.
async fn look(service: &Service, job: &Reference, token: Option<&str>) -> Result<Page, Failure> {
    let mut call = about(service, job, "/queries", "")
        .with("formatOptions.useInt64Timestamp", "true")
        .with("maxResults", PAGE.to_string())
        .with("timeoutMs", LOOK.to_string());
    if let Some(token) = token {
        call = call.with("pageToken", token);
    }
    service.call(&call).await
}

fn about(service: &Service, job: &Reference, path: &str, what: &str) -> Call<'static> {
    let call = Call::get(format!("{path}/{}{what}", job.job_id));
    match job.location.as_ref().or(service.location.as_ref()) {
        Some(location) => call.with("location", location.clone()),
        None => call,
    }
}

/// Asks the service to stop a job. Whether it does shows in the job.
async fn cancel(service: &Service, job: &Reference) {
    if job.job_id.is_empty() {
        return;
    }
    let nothing = json!({});
    let mut call = about(service, job, "/jobs", "/cancel");
    call.method = quillback_family_http::Method::POST;
    call.body = Some(&nothing);
    let _ = service.call::<Json>(&call).await;
}

/// What asks for a job.
fn starting(
    service: &Service,
    job: &Reference,
    query: Map<String, Json>,
    deadline: Option<Instant>,
) -> Json {
    let mut reference = Map::new();
    reference.insert("projectId".into(), json!(service.project));
    reference.insert("jobId".into(), json!(job.job_id));
    if let Some(location) = &job.location {
        reference.insert("location".into(), json!(location));
    }
    let mut configuration = Map::new();
    configuration.insert("query".into(), Json::Object(query));
    if let Some(deadline) = deadline {
        let left = deadline
            .saturating_duration_since(Instant::now())
            .as_millis();
        // The service takes numbers of 64 bits as text.
        configuration.insert("jobTimeoutMs".into(), json!(left.max(1).to_string()));
    }
    json!({ "configuration": configuration, "jobReference": reference })
}

/// What every statement says about itself.
fn described(service: &Service, sql: &str, params: &[Named]) -> Map<String, Json> {
    let mut query = Map::new();
    query.insert("query".into(), json!(sql));
    query.insert("useLegacySql".into(), json!(false));
    let dataset = json!({ "projectId": service.project, "datasetId": service.dataset });
    query.insert("defaultDataset".into(), dataset);
    if service.maximum_bytes_billed > 0 {
        let most = service.maximum_bytes_billed.to_string();
        query.insert("maximumBytesBilled".into(), json!(most));
    }
    if !params.is_empty() {
        query.insert("parameterMode".into(), json!("NAMED"));
        let named = params.iter().map(|(name, parameter)| {
            json!({
                "name": name,
                "parameterType": { "type": parameter.ty },
                "parameterValue": { "value": parameter.value },
            })
        });
        query.insert("queryParameters".into(), named.collect());
    }
    query
}
