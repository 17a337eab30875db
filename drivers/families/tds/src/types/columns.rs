//! What a column of the database is, in neutral types.

use quillback_plugin_api::types::LogicalType;

/// What the catalog of the server says about the type of a column (`sys.columns`).
#[derive(Debug, Default)]
pub(crate) struct Described<'a> {
    /// Name of the system type, such as `nvarchar`.
    pub(crate) name: &'a str,
    /// Bytes; -1 is `max`.
    pub(crate) length: i32,
    pub(crate) precision: i32,
    pub(crate) scale: i32,
}

impl Described<'_> {
    /// Bytes of text types by two where a character takes two.
    fn characters(&self) -> Option<u32> {
        let wide = self.name.starts_with('n');
        u32::try_from(self.length)
            .ok()
            .map(|bytes| if wide { bytes / 2 } else { bytes })
    }

    /// The neutral type.
    pub(crate) fn ty(&self) -> LogicalType {
        let int = |bits, unsigned| LogicalType::Int { bits, unsigned };
        let precision = u8::try_from(self.scale).unwrap_or(0);
        match self.name {
            "bit" => LogicalType::Bool,
            "tinyint" => int(8, true),
            "smallint" => int(16, false),
            "int" => int(32, false),
            "bigint" => int(64, false),
            "decimal" | "numeric" => LogicalType::Decimal {
                precision: u32::try_from(self.precision).ok(),
                scale: Some(self.scale),
            },
            "money" => LogicalType::decimal(19, 4),
            "smallmoney" => LogicalType::decimal(10, 4),
            "real" => LogicalType::Float { bits: 32 },
            "float" => LogicalType::Float { bits: 64 },
            "char" | "varchar" | "nchar" | "nvarchar" => LogicalType::Text {
                length: self.characters(),
            },
            "text" | "ntext" | "xml" => LogicalType::Text { length: None },
            "binary" | "varbinary" => LogicalType::Bytes {
                length: u32::try_from(self.length).ok(),
            },
            "image" => LogicalType::Bytes { length: None },
            "timestamp" | "rowversion" => LogicalType::Bytes { length: Some(8) },
            "uniqueidentifier" => LogicalType::Uuid,
            "date" => LogicalType::Date,
            "time" => LogicalType::Time { precision },
            // Thirds of a hundredth of a second, and whole minutes.
            "datetime" => LogicalType::Timestamp { precision: 3 },
            "smalldatetime" => LogicalType::Timestamp { precision: 0 },
            "datetime2" => LogicalType::Timestamp { precision },
            "datetimeoffset" => LogicalType::OffsetInstant { precision },
            _ => LogicalType::Other,
        }
    }

    /// The server's own text of the type.
    pub(crate) fn native(&self) -> String {
        let name = self.name;
        match name {
            "decimal" | "numeric" => format!("{name}({},{})", self.precision, self.scale),
            "char" | "varchar" | "nchar" | "nvarchar" | "binary" | "varbinary" => {
                match self.characters() {
                    Some(length) => format!("{name}({length})"),
                    None => format!("{name}(max)"),
                }
            }
            "time" | "datetime2" | "datetimeoffset" => format!("{name}({})", self.scale),
            "timestamp" => "rowversion".into(),
            _ => name.to_owned(),
        }
    }
}
