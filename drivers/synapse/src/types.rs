//! The column types that are created for neutral types.

use quillback_family_tds::types::create::{self, Unlimited};
use quillback_plugin_api::sql::RenderError;
use quillback_plugin_api::types::LogicalType;

/// For heaps; a clustered columnstore index takes no such columns:
/// <https://learn.microsoft.com/azure/synapse-analytics/sql-data-warehouse/sql-data-warehouse-tables-index>
const UNLIMITED: Unlimited = Unlimited {
    text: Some("nvarchar(max)"),
    bytes: Some("varbinary(max)"),
};
const LIMITED: Unlimited = Unlimited {
    text: None,
    bytes: None,
};

/// The type to create.
///
/// # Errors
/// `RenderError` where no type holds every value.
pub(crate) fn to_create(ty: &LogicalType) -> Result<String, RenderError> {
    create::to_create(ty, UNLIMITED)
}

/// Whether a clustered columnstore index can hold the type.
pub(crate) fn fits_columnstore(ty: &LogicalType) -> bool {
    create::to_create(ty, LIMITED).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_limit_does_not_fit_a_columnstore() {
        for ty in [
            LogicalType::Text { length: None },
            LogicalType::text(4_001),
            LogicalType::Json,
            LogicalType::Bytes { length: None },
            LogicalType::Bytes {
                length: Some(8_001),
            },
        ] {
            assert!(!fits_columnstore(&ty), "{ty:?}");
            assert!(to_create(&ty).unwrap().contains("(max)"), "{ty:?}");
        }
        for ty in [
            LogicalType::text(4_000),
            LogicalType::Uuid,
            LogicalType::decimal(38, 38),
            LogicalType::INSTANT,
        ] {
            assert!(fits_columnstore(&ty), "{ty:?}");
        }
    }

    #[test]
    fn what_this_database_lacks_is_refused_before_anything_is_sent() {
        for ty in [
            LogicalType::Interval,
            LogicalType::OffsetTime { precision: 3 },
            LogicalType::decimal(39, 0),
            LogicalType::Timestamp { precision: 9 },
        ] {
            assert!(to_create(&ty).is_err(), "{ty:?}");
        }
    }
}
