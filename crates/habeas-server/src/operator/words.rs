//! Which words may stand in a member, for the OpenAPI document? Taken from the domain, so that they stay the same.

use habeas_core::{
    delivery::{DeliveryKind, DeliveryState},
    identity::Format,
    regime::Regime,
    right::Right,
    role::Role,
    state::{Ground, State},
};
use utoipa::openapi::{
    Array, Object, ObjectBuilder,
    schema::{ArrayBuilder, Type},
};

fn one_of(words: impl IntoIterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}

pub(super) fn state() -> Object {
    one_of(State::NAMES)
}

pub(super) fn ground() -> Object {
    one_of(Ground::ALL.map(Ground::as_str))
}

pub(super) fn right() -> Object {
    one_of(Right::ALL.map(Right::as_str))
}

pub(super) fn rights() -> Array {
    ArrayBuilder::new().items(right()).build()
}

pub(super) fn role() -> Object {
    one_of(Role::ALL.map(Role::as_str))
}

pub(super) fn regime() -> Object {
    one_of(Regime::ALL.map(Regime::as_str))
}

pub(super) fn format() -> Object {
    one_of(Format::ALL.map(Format::as_str))
}

pub(super) fn delivery_kind() -> Object {
    one_of(DeliveryKind::ALL.map(DeliveryKind::as_str))
}

pub(super) fn delivery_state() -> Object {
    one_of(DeliveryState::ALL.map(DeliveryState::as_str))
}

pub(super) fn answer() -> Object {
    one_of(["started", "fulfilled", "denied"])
}
