//! Estimates of how large values are in memory on a 64-bit machine, to decide what is boxed.

use crate::model::{Field, Kind, Model};

/// An optional member of a larger type is boxed.
pub const BOXED_MEMBER: usize = 128;
/// A payload larger than this is boxed in the enumerations of payloads.
pub const BOXED_PAYLOAD: usize = 200;

/// The size of a payload or struct with these members.
pub fn fields(model: &Model, fields: &[Field]) -> usize {
    fields.iter().map(|field| self::field(model, field)).sum()
}

fn field(model: &Model, field: &Field) -> usize {
    if field.list.is_some() {
        return 24;
    }
    let size = kind(model, &field.kind);
    match field.kind {
        _ if field.required => size,
        _ if boxed(model, field) => 8,
        Kind::Integer(..) => 16,
        _ => size,
    }
}

/// Whether the member is kept in a box.
pub fn boxed(model: &Model, field: &Field) -> bool {
    !field.required && field.list.is_none() && kind(model, &field.kind) > BOXED_MEMBER
}

fn kind(model: &Model, kind: &Kind) -> usize {
    match kind {
        Kind::Text(..) | Kind::Uri => 24,
        Kind::Integer(..) | Kind::CustomData => 8,
        Kind::Decimal(..) | Kind::Tenths | Kind::Time | Kind::Json => 16,
        Kind::Boolean => 1,
        Kind::Named(name) => model.find_struct(name).map_or(4, |item| fields(model, &item.fields)),
    }
}
