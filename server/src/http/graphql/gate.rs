//! The gate in front of GraphQL: refuses documents that are too large, too deep or too expensive before they cost anything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::{
    Variables,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
    },
};

use super::{
    Envelope,
    cost::{Measure, Measurer},
    lexer, limit_exceeded,
};
use crate::{config::LimitsSection, http::PublicError};

/// Longest part of a parser message that is passed on, in characters; the parser quotes whole documents.
const LONGEST_MESSAGE: usize = 300;

/// A document that may be executed.
#[derive(Debug)]
pub struct Admitted {
    /// The parsed document.
    pub document: Arc<ExecutableDocument>,
    /// What the chosen operation does.
    pub kind: OperationType,
    /// Whether any part of the document asks for the schema.
    pub introspects: bool,
    /// Estimated cost of the chosen operation.
    pub cost: u64,
}

/// The gate of an endpoint.
pub struct Gate {
    limits: LimitsSection,
    single: &'static [&'static str],
    known: Documents,
}

impl Gate {
    /// A gate with these limits; `single` names top-level fields of which one document may have only one, such as
    /// `signIn`, so that aliases cannot multiply attempts to guess a password.
    pub fn new(limits: LimitsSection, single: &'static [&'static str]) -> Self {
        Self {
            limits,
            single,
            known: Documents::default(),
        }
    }

    /// Parses a document and judges it with its variables.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED` with the name of the limit, or `BAD_REQUEST`.
    pub fn admit(&self, envelope: &Envelope) -> Result<Admitted, PublicError> {
        let known = self.known.find(&envelope.query);
        let is_new = known.is_none();
        let document = known.map_or_else(|| self.parse(&envelope.query), Ok)?;
        let executed = choose(&document, envelope.operation_name.as_deref())?;
        let kind = executed.ty;
        let measured = measure(
            &document,
            executed,
            &envelope.variables,
            &self.limits,
            self.single,
        )?;
        if is_new {
            self.known.keep(&envelope.query, &document);
        }
        Ok(Admitted {
            document,
            kind,
            introspects: measured.introspects,
            cost: measured.cost,
        })
    }

    fn parse(&self, query: &str) -> Result<Arc<ExecutableDocument>, PublicError> {
        let limits = &self.limits;
        lexer::check(query, limits)?;
        let document = parse_query(query).map_err(|error| syntax_error(&error))?;
        let operations = document.operations.iter().len();
        within(
            "fragments",
            document.fragments.len() as u64,
            limits.fragments as u64,
        )?;
        within("operations", operations as u64, limits.operations as u64)?;
        Ok(Arc::new(document))
    }
}

/// Documents that were admitted lately: a program sends the same few again and again, only with other variables.
#[derive(Default)]
struct Documents(Mutex<HashMap<Box<str>, Arc<ExecutableDocument>>>);

impl Documents {
    /// Most documents, and bytes of the longest: together with their trees they take a few megabytes at most.
    const MOST: usize = 128;
    const LONGEST: usize = 4 * 1_024;

    fn find(&self, query: &str) -> Option<Arc<ExecutableDocument>> {
        self.lock().get(query).cloned()
    }

    fn keep(&self, query: &str, document: &Arc<ExecutableDocument>) {
        if query.len() > Self::LONGEST {
            return;
        }
        let mut known = self.lock();
        if known.len() >= Self::MOST {
            // Who sends ever new documents makes the others be parsed again, and nothing worse.
            known.clear();
        }
        known.insert(query.into(), Arc::clone(document));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<ExecutableDocument>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn syntax_error(error: &async_graphql::parser::Error) -> PublicError {
    let position = error.positions().next();
    let message: String = error.to_string().chars().take(LONGEST_MESSAGE).collect();
    let error = PublicError::graphql(
        "BAD_REQUEST",
        format!("the document is not valid GraphQL: {}", message.trim()),
    );
    match position {
        Some(at) => error.detail("line", at.line).detail("column", at.column),
        None => error,
    }
}

/// The operation that is meant.
fn choose<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, PublicError> {
    let refused = |message: &str| PublicError::graphql("BAD_REQUEST", message);
    // An empty name is what some clients send when there is none.
    let name = name.filter(|name| !name.is_empty());
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => operation,
        (DocumentOperations::Single(_), Some(_)) => {
            return Err(refused(
                "operationName is set, but the operation of the document has no name",
            ));
        }
        (DocumentOperations::Multiple(all), Some(name)) => all
            .get(name)
            .ok_or_else(|| refused("operationName names no operation of the document"))?,
        (DocumentOperations::Multiple(all), None) => {
            let mut operations = all.values();
            match (operations.next(), operations.next()) {
                (Some(only), None) => only,
                _ => {
                    return Err(refused(
                        "the document has several operations: set operationName to one of them",
                    ));
                }
            }
        }
    };
    Ok(&operation.node)
}

/// Checks the size of all operations and fragments, because validation visits them all.
/// Answers the cost of the one that is executed, and whether any of them asks for the schema.
fn measure(
    document: &ExecutableDocument,
    executed: &OperationDefinition,
    variables: &Variables,
    limits: &LimitsSection,
    single: &[&str],
) -> Result<Measure, PublicError> {
    let mut measurer = Measurer::new(document, executed, variables, single);
    let mut total = Measure::default();
    let mut cost = 0;
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        let one = measurer.operation(operation)?;
        within("nodes", one.nodes, limits.nodes)?;
        within("root_fields", one.width, limits.root_fields)?;
        if operation.ty == OperationType::Subscription && one.width > 1 {
            let message = "a subscription has one field at the top: start several instead";
            return Err(PublicError::graphql("BAD_REQUEST", message));
        }
        within(
            "variables",
            operation.variable_definitions.len() as u64,
            limits.variables as u64,
        )?;
        if std::ptr::eq(operation, executed) {
            within("cost", one.cost, limits.cost)?;
            cost = one.cost;
        }
        total.beside(one);
    }
    for name in document.fragments.keys() {
        let one = measurer.fragment(name)?;
        within("nodes", one.nodes, limits.nodes)?;
        within("depth", one.depth, limits.depth)?;
        total.introspects |= one.introspects;
    }
    within("nodes", total.nodes, limits.nodes)?;
    within("depth", total.depth, limits.depth)?;
    within("aliases", total.aliases, limits.aliases)?;
    within("directives", total.directives, limits.directives)?;
    if total.single > 1 {
        let message = format!(
            "a document may have only one of these fields: {}",
            single.join(", ")
        );
        return Err(PublicError::graphql("LIMIT_EXCEEDED", message).detail("limit", "single"));
    }
    Ok(Measure { cost, ..total })
}

fn within(limit: &'static str, value: u64, maximum: u64) -> Result<(), PublicError> {
    if value > maximum {
        return Err(limit_exceeded(
            limit,
            usize::try_from(maximum).unwrap_or(usize::MAX),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(query: &str, variables: serde_json::Value) -> Envelope {
        Envelope {
            query: query.to_owned(),
            operation_name: None,
            variables: Variables::from_json(variables),
        }
    }

    #[test]
    fn a_document_is_parsed_once_and_judged_each_time() {
        let limits = LimitsSection {
            cost: 1_000,
            ..LimitsSection::default()
        };
        let gate = Gate::new(limits, &[]);
        let query = "query($first: Int) { rows(first: $first) { nodes { a b c } } }";
        let one = gate
            .admit(&envelope(query, serde_json::json!({ "first": 1 })))
            .unwrap();
        let other = gate
            .admit(&envelope(query, serde_json::json!({ "first": 2 })))
            .unwrap();
        assert!(Arc::ptr_eq(&one.document, &other.document));
        assert!(one.cost < other.cost);
        let dear = gate.admit(&envelope(query, serde_json::json!({ "first": 5_000 })));
        assert!(dear.is_err());
        let named = Envelope {
            operation_name: Some("other".into()),
            ..envelope(query, serde_json::json!({}))
        };
        assert!(gate.admit(&named).is_err());
    }

    #[test]
    fn what_is_kept_of_documents_is_bounded() {
        let gate = Gate::new(LimitsSection::default(), &[]);
        for number in 0..Documents::MOST * 2 {
            gate.admit(&envelope(
                &format!("{{ a{number} }}"),
                serde_json::json!({}),
            ))
            .unwrap();
        }
        let long = format!("{{ a {} }}", " ".repeat(Documents::LONGEST));
        gate.admit(&envelope(&long, serde_json::json!({}))).unwrap();
        assert!(gate.known.lock().len() <= Documents::MOST);
        assert!(gate.known.find(&long).is_none());
    }
}
