//! How does a value get into a statement?

use bytes::BytesMut;
use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// What a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Bool,
    Text,
    Blob,
}

/// A value for a column or a parameter. Also where there is none its kind is known, because PostgreSQL asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null(Kind),
    Int(i64),
    Bool(bool),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// The parameters of a statement, in order.
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::sql::ToValue::to_value(&$value)),*] as &[$crate::sql::Value<'_>] };
}

pub(crate) use params;

impl Value<'_> {
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Null(kind) => *kind,
            Self::Int(_) => Kind::Int,
            Self::Bool(_) => Kind::Bool,
            Self::Text(_) => Kind::Text,
            Self::Blob(_) => Kind::Blob,
        }
    }
}

impl Kind {
    /// PostgreSQL's type of it.
    pub(crate) const fn of_postgres(self) -> Type {
        match self {
            Self::Int => Type::INT8,
            Self::Bool => Type::BOOL,
            Self::Text => Type::TEXT,
            Self::Blob => Type::BYTEA,
        }
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null(_) => ValueRef::Null,
            Self::Int(n) => ValueRef::Integer(n),
            Self::Bool(yes) => ValueRef::Integer(i64::from(yes)),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match *self {
            Self::Null(_) => Ok(IsNull::Yes),
            Self::Int(n) => n.to_sql(ty, out),
            Self::Bool(yes) => yes.to_sql(ty, out),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Blob(bytes) => bytes.to_sql(ty, out),
        }
    }

    /// Each value is given with the type that it is sent as.
    fn accepts(ty: &Type) -> bool {
        [Type::INT8, Type::BOOL, Type::TEXT, Type::BYTEA].contains(ty)
    }

    to_sql_checked!();
}

/// What can be a parameter.
pub(crate) trait ToValue<'a> {
    fn to_value(self) -> Value<'a>;
}

macro_rules! copied {
    ($($type:ty: $kind:ident as $variant:ident($into:ty)),* $(,)?) => { $(
        impl<'a> ToValue<'a> for &$type {
            fn to_value(self) -> Value<'a> {
                Value::$variant(<$into>::from(*self))
            }
        }
        impl<'a> ToValue<'a> for &Option<$type> {
            fn to_value(self) -> Value<'a> {
                self.map_or(Value::Null(Kind::$kind), |value| Value::$variant(<$into>::from(value)))
            }
        }
    )* };
}

copied! {
    i64: Int as Int(i64),
    i32: Int as Int(i64),
    u32: Int as Int(i64),
    u16: Int as Int(i64),
    u8: Int as Int(i64),
    bool: Bool as Bool(bool),
}

macro_rules! borrowed {
    ($($kind:ident: $($type:ty),+;)*) => { $($(
        impl<'a> ToValue<'a> for $type {
            fn to_value(self) -> Value<'a> {
                Value::$kind(self.as_ref())
            }
        }
    )+)* };
}

borrowed! {
    Text: &'a String;
    Blob: &'a Vec<u8>, &'a [u8; 32];
}

impl<'a, T> ToValue<'a> for &'_ &'a T
where
    &'a T: ToValue<'a>,
{
    fn to_value(self) -> Value<'a> {
        (*self).to_value()
    }
}

impl<'a> ToValue<'a> for &'_ &'a str {
    fn to_value(self) -> Value<'a> {
        Value::Text(self)
    }
}

impl<'a> ToValue<'a> for &'_ &'a [u8] {
    fn to_value(self) -> Value<'a> {
        Value::Blob(self)
    }
}

macro_rules! optional {
    ($($kind:ident: $($type:ty),+;)*) => { $($(
        impl<'a> ToValue<'a> for $type {
            fn to_value(self) -> Value<'a> {
                self.as_ref().map_or(Value::Null(Kind::$kind), |value| Value::$kind(value.as_ref()))
            }
        }
    )+)* };
}

optional! {
    Text: &'a Option<String>;
    Blob: &'a Option<Vec<u8>>, &'a Option<[u8; 32]>;
}

impl<'a> ToValue<'a> for &'_ Option<&'a str> {
    fn to_value(self) -> Value<'a> {
        self.map_or(Value::Null(Kind::Text), Value::Text)
    }
}

impl<'a> ToValue<'a> for &'_ Option<&'a [u8]> {
    fn to_value(self) -> Value<'a> {
        self.map_or(Value::Null(Kind::Blob), Value::Blob)
    }
}

impl<'a> ToValue<'a> for &'_ Option<&'a [u8; 32]> {
    fn to_value(self) -> Value<'a> {
        self.map_or(Value::Null(Kind::Blob), |bytes| Value::Blob(bytes))
    }
}
