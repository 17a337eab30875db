//! The column types that are created for neutral types.

use quillback_family_tds::types::create::{self, Unlimited};
use quillback_plugin_api::sql::RenderError;
use quillback_plugin_api::types::LogicalType;

const UNLIMITED: Unlimited = Unlimited {
    text: Some("nvarchar(max)"),
    bytes: Some("varbinary(max)"),
};

/// The type to create.
///
/// # Errors
/// `RenderError` where no type holds every value.
pub(crate) fn to_create(ty: &LogicalType) -> Result<String, RenderError> {
    create::to_create(ty, UNLIMITED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_database_lacks_is_refused_before_anything_is_sent() {
        for ty in [
            LogicalType::Interval,
            LogicalType::OffsetTime { precision: 3 },
            LogicalType::decimal(39, 0),
            LogicalType::Decimal {
                precision: None,
                scale: None,
            },
            LogicalType::Timestamp { precision: 9 },
            LogicalType::List {
                element: Box::new(LogicalType::Bool),
            },
        ] {
            assert!(to_create(&ty).is_err(), "{ty:?}");
        }
        let long = LogicalType::text(4_001);
        assert!(to_create(&long).unwrap().starts_with("nvarchar(max)"));
        let long = LogicalType::Bytes {
            length: Some(8_001),
        };
        assert_eq!(to_create(&long).unwrap(), "varbinary(max)");
    }
}
