//! How is a value read from a row?

use tokio_postgres::types::{FromSql, Type};

use super::{Error, Result};

/// A row that a statement found.
pub(crate) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    /// The value of a column.
    pub(crate) fn get<T: Column>(&self, index: usize) -> Result<T> {
        T::get(self, index)
    }

    /// The text of a column.
    pub(crate) fn text(&self, index: usize) -> Result<&str> {
        self.text_or_null(index)?.ok_or(Error::Odd("a column"))
    }

    /// The text of a column, or NULL.
    pub(crate) fn text_or_null(&self, index: usize) -> Result<Option<&str>> {
        match self {
            Self::Sqlite(row) => row.get_ref(index)?.as_str_or_null().map_err(|_| Error::Odd("a column")),
            Self::Postgres(row) => row.try_get(index).map_err(|_| Error::Odd("a column")),
        }
    }
}

/// What a column can be read as.
pub(crate) trait Column: Sized {
    fn get(row: &Row<'_>, index: usize) -> Result<Self>;
}

macro_rules! columns {
    ($($type:ty as $postgres:ty => $convert:expr;)*) => { $(
        impl Column for $type {
            fn get(row: &Row<'_>, index: usize) -> Result<Self> {
                match row {
                    Row::Sqlite(row) => Ok(row.get(index)?),
                    Row::Postgres(row) => {
                        let value: $postgres = row.try_get(index).map_err(|_| Error::Odd("a column"))?;
                        ($convert)(value).ok_or(Error::Odd("a column"))
                    }
                }
            }
        }
        impl Column for Option<$type> {
            fn get(row: &Row<'_>, index: usize) -> Result<Self> {
                match row {
                    Row::Sqlite(row) => Ok(row.get(index)?),
                    Row::Postgres(row) => {
                        let value: Option<$postgres> = row.try_get(index).map_err(|_| Error::Odd("a column"))?;
                        value.map(|value| ($convert)(value).ok_or(Error::Odd("a column"))).transpose()
                    }
                }
            }
        }
    )* };
}

columns! {
    i64 as Whole => |n: Whole| Some(n.0);
    i32 as Whole => |n: Whole| n.0.try_into().ok();
    u32 as Whole => |n: Whole| n.0.try_into().ok();
    u16 as Whole => |n: Whole| n.0.try_into().ok();
    bool as Whole => |n: Whole| Some(n.0 != 0);
    String as String => Some;
    Vec<u8> as Vec<u8> => Some;
    [u8; 32] as &[u8] => |bytes: &[u8]| bytes.try_into().ok();
}

/// Any of PostgreSQL's whole numbers and truth values.
struct Whole(i64);

impl<'a> FromSql<'a> for Whole {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        match *ty {
            Type::INT2 => i16::from_sql(ty, raw).map(|n| Self(n.into())),
            Type::INT4 => i32::from_sql(ty, raw).map(|n| Self(n.into())),
            Type::BOOL => bool::from_sql(ty, raw).map(|yes| Self(yes.into())),
            _ => i64::from_sql(ty, raw).map(Self),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT2, Type::INT4, Type::INT8, Type::BOOL].contains(ty)
    }
}
