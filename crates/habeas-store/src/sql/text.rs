//! How does a text for SQLite become one for PostgreSQL?

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// The text for PostgreSQL: `$1` for `?1`, and no word about indexes, which its planner chooses. There are as many as
/// there are in this crate, so each is made once and kept.
pub(crate) fn of_postgres(sql: &'static str) -> &'static str {
    static MADE: Mutex<Option<HashMap<(usize, usize), &'static str>>> = Mutex::new(None);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (sql.as_ptr() as usize, sql.len());
    made.get_or_insert_default().entry(key).or_insert_with(|| Box::leak(translated(sql).into()))
}

fn translated(sql: &str) -> String {
    let mut words = sql.split(' ').peekable();
    let mut text = String::with_capacity(sql.len());
    while let Some(word) = words.next() {
        if word == "INDEXED" && words.peek() == Some(&"BY") {
            words.next();
            // The name may be the last word of its line.
            let name = words.next().unwrap_or_default();
            text.push_str(name.find('\n').map_or("", |end| name.get(end..).unwrap_or_default()));
        } else {
            text.push_str(word);
        }
        text.push(' ');
    }
    text.replace('?', "$")
}

#[cfg(test)]
mod tests {
    use super::of_postgres;

    #[test]
    fn parameters_and_indexes_are_written_as_postgresql_has_them() {
        let sql = "SELECT n FROM legs INDEXED BY legs_due\n    WHERE due_at <= ?1 AND host = ?12";
        assert_eq!(of_postgres(sql).split_whitespace().collect::<Vec<_>>().join(" "), {
            "SELECT n FROM legs WHERE due_at <= $1 AND host = $12"
        });
        assert_eq!(of_postgres(sql).as_ptr(), of_postgres(sql).as_ptr());
    }
}
