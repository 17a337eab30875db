//! Measures a parsed document in linear time: every fragment is measured once, however often it is spread.
//!
//! The validation of the GraphQL library follows every spread, so a short chain of fragments that spread each other
//! several times costs it exponential time. Sums here saturate instead of overflowing.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::types::{
        ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
    },
};

use crate::http::PublicError;

/// What a piece of a document amounts to once its fragments are unfolded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Measure {
    /// Fields at all levels.
    pub nodes: u64,
    /// Fields at the top level.
    pub width: u64,
    /// Levels of fields.
    pub depth: u64,
    /// Fields, times the page sizes around them.
    pub cost: u64,
    /// Fields with an alias.
    pub aliases: u64,
    /// Directives.
    pub directives: u64,
    /// Top-level fields of which only one may be asked for in one document.
    pub single: u64,
    /// Whether it asks for the schema.
    pub introspects: bool,
}

impl Measure {
    /// Adds what stands beside `self`.
    pub(super) fn beside(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.width = self.width.saturating_add(other.width);
        self.depth = self.depth.max(other.depth);
        self.cost = self.cost.saturating_add(other.cost);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.single = self.single.saturating_add(other.single);
        self.introspects |= other.introspects;
    }

    fn add_directives(&mut self, count: usize) {
        self.directives = self.directives.saturating_add(count as u64);
    }
}

/// State of the measurement of one fragment.
enum Fragment {
    /// Its selections are being measured; meeting it again is a cycle.
    Open,
    Done(Measure),
}

/// Measures the parts of one document.
pub(super) struct Measurer<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    measured: HashMap<&'a str, Fragment>,
    variables: &'a Variables,
    defaults: HashMap<&'a str, &'a Value>,
    single: &'a [&'a str],
}

impl<'a> Measurer<'a> {
    /// A measurer for `document`; `executed` is the operation whose variables say how large pages are, `single` names
    /// the top-level fields of which only one may be asked for.
    pub(super) fn new(
        document: &'a ExecutableDocument,
        executed: &'a OperationDefinition,
        variables: &'a Variables,
        single: &'a [&'a str],
    ) -> Self {
        let definitions = executed
            .variable_definitions
            .iter()
            .map(|definition| &definition.node);
        let defaults = definitions.filter_map(|definition| {
            Some((
                definition.name.node.as_str(),
                &definition.default_value.as_ref()?.node,
            ))
        });
        Self {
            fragments: &document.fragments,
            measured: HashMap::new(),
            variables,
            defaults: defaults.collect(),
            single,
        }
    }

    /// Measures an operation.
    ///
    /// # Errors
    /// A fragment contains itself.
    pub(super) fn operation(
        &mut self,
        operation: &'a OperationDefinition,
    ) -> Result<Measure, PublicError> {
        let mut measure = self.selections(&operation.selection_set.node)?;
        measure.add_directives(operation.directives.len());
        for variable in &operation.variable_definitions {
            measure.add_directives(variable.node.directives.len());
        }
        Ok(measure)
    }

    /// Measures the fragment `name`; one that does not exist counts nothing and is left to validation.
    ///
    /// # Errors
    /// It contains itself.
    pub(super) fn fragment(&mut self, name: &'a str) -> Result<Measure, PublicError> {
        match self.measured.get(name) {
            Some(Fragment::Done(measure)) => return Ok(*measure),
            Some(Fragment::Open) => {
                let message = format!("the fragment `{name}` contains itself");
                return Err(PublicError::graphql("BAD_REQUEST", message));
            }
            None => {}
        }
        let Some(definition) = self.fragments.get(name) else {
            return Ok(Measure::default());
        };
        self.measured.insert(name, Fragment::Open);
        let mut measure = self.selections(&definition.node.selection_set.node)?;
        measure.add_directives(definition.node.directives.len());
        self.measured.insert(name, Fragment::Done(measure));
        Ok(measure)
    }

    fn selections(&mut self, set: &'a SelectionSet) -> Result<Measure, PublicError> {
        let mut sum = Measure::default();
        for selection in &set.items {
            let measure = match &selection.node {
                Selection::Field(field) => self.field(&field.node)?,
                Selection::FragmentSpread(spread) => {
                    let mut measure = self.fragment(&spread.node.fragment_name.node)?;
                    measure.add_directives(spread.node.directives.len());
                    measure
                }
                Selection::InlineFragment(inline) => {
                    let mut measure = self.selections(&inline.node.selection_set.node)?;
                    measure.add_directives(inline.node.directives.len());
                    measure
                }
            };
            sum.beside(measure);
        }
        Ok(sum)
    }

    fn field(&mut self, field: &'a Field) -> Result<Measure, PublicError> {
        let below = self.selections(&field.selection_set.node)?;
        let name = field.name.node.as_str();
        let mut measure = Measure {
            nodes: below.nodes.saturating_add(1),
            width: 1,
            depth: below.depth.saturating_add(1),
            cost: below
                .cost
                .saturating_mul(self.page_size(field))
                .saturating_add(1),
            aliases: below
                .aliases
                .saturating_add(u64::from(field.alias.is_some())),
            directives: below.directives,
            single: u64::from(self.single.contains(&name)),
            introspects: below.introspects || matches!(name, "__schema" | "__type"),
        };
        measure.add_directives(field.directives.len());
        Ok(measure)
    }

    /// How many times the selections of the field may be answered.
    fn page_size(&self, field: &Field) -> u64 {
        let pages = field
            .arguments
            .iter()
            .filter(|(name, _)| matches!(name.node.as_str(), "first" | "last"));
        let sizes = pages.filter_map(|(_, argument)| {
            let value = argument
                .node
                .clone()
                .into_const_with(|name| self.variable(&name));
            match value {
                Ok(Value::Number(number)) => Some(whole(number.as_f64())),
                _ => None,
            }
        });
        sizes.max().unwrap_or(1).max(1)
    }

    /// The value that a variable of the executed operation has.
    fn variable(&self, name: &Name) -> Result<Value, ()> {
        let sent = self.variables.get(name);
        let value = sent.or_else(|| self.defaults.get(name.as_str()).copied());
        value.cloned().ok_or(())
    }
}

/// The whole part of a number; page sizes are far below what a float holds exactly, and larger ones are refused.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates: negative numbers become 0, huge ones the largest integer"
)]
fn whole(number: Option<f64>) -> u64 {
    number.unwrap_or_default() as u64
}
