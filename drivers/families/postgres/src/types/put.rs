//! Writes fitted values into messages: binary where the type has a binary form here, else as text.

use bytes::{BufMut as _, BytesMut};
use quillback_plugin_api::{Category, DriverError};

use super::fit::Form;
use super::{literal, numeric};

/// How a parameter was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Binary,
}

impl Format {
    /// The number that stands for it in messages.
    pub(crate) fn code(self) -> i16 {
        match self {
            Self::Text => 0,
            Self::Binary => 1,
        }
    }
}

/// Appends the length and the bytes of a value.
///
/// # Errors
/// `InvalidData` when a number has more digits than the database holds, or a value more bytes than a message.
pub(crate) fn field(form: &Form<'_>, out: &mut BytesMut) -> Result<Format, DriverError> {
    if *form == Form::Null {
        out.put_i32(-1);
        return Ok(Format::Text);
    }
    let at = out.len();
    out.put_i32(0);
    let format = body(form, out)?;
    let length = i32::try_from(out.len() - at - 4)
        .map_err(|_| DriverError::new(Category::InvalidData, "a value is longer than 2 GB"))?;
    if let Some(place) = out.get_mut(at..at + 4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
    Ok(format)
}

/// Appends the length and the text of a value.
///
/// # Errors
/// `InvalidData` when a value has more bytes than a message.
pub(crate) fn spelled(form: &Form<'_>, out: &mut BytesMut) -> Result<Format, DriverError> {
    match form {
        Form::Null => field(form, out),
        other => field(&Form::Literal(literal::of_form(other)), out),
    }
}

fn body(form: &Form<'_>, out: &mut BytesMut) -> Result<Format, DriverError> {
    match form {
        Form::Null => {}
        Form::Bool(flag) => out.put_u8(u8::from(*flag)),
        Form::I16(number) => out.put_i16(*number),
        Form::I32(number) | Form::Date(number) => out.put_i32(*number),
        Form::U32(number) => out.put_u32(*number),
        Form::I64(number)
        | Form::Time(number)
        | Form::Timestamp(number)
        | Form::Money(number, _) => {
            out.put_i64(*number);
        }
        Form::F32(number) => out.put_f32(*number),
        Form::F64(number) => out.put_f64(*number),
        Form::Numeric(text) => numeric::encode(text, out).ok_or_else(|| {
            let message = "a number has more digits than type numeric holds";
            DriverError::new(Category::InvalidData, message)
        })?,
        Form::Text(text) => out.put_slice(text.as_bytes()),
        Form::Jsonb(text) => {
            out.put_u8(1);
            out.put_slice(text.as_bytes());
        }
        Form::Bytes(bytes) => out.put_slice(bytes),
        Form::Uuid(uuid) => out.put_slice(uuid),
        Form::TimeTz(micros, offset) => {
            out.put_i64(*micros);
            // The database counts seconds west of UTC.
            out.put_i32(offset.saturating_neg());
        }
        Form::Interval(micros, days, months) => {
            out.put_i64(*micros);
            out.put_i32(*days);
            out.put_i32(*months);
        }
        Form::Literal(text) => {
            out.put_slice(text.as_bytes());
            return Ok(Format::Text);
        }
    }
    Ok(Format::Binary)
}

/// Appends a value as one field of the text form of COPY, with its escapes.
pub(crate) fn copy_text(form: &Form<'_>, out: &mut BytesMut) {
    if *form == Form::Null {
        out.put_slice(b"\\N");
        return;
    }
    for byte in literal::of_form(form).bytes() {
        match byte {
            b'\\' => out.put_slice(b"\\\\"),
            b'\n' => out.put_slice(b"\\n"),
            b'\r' => out.put_slice(b"\\r"),
            b'\t' => out.put_slice(b"\\t"),
            other => out.put_u8(other),
        }
    }
}
