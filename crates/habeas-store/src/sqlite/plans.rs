//! Does the database go to what is asked for, however many legs there are?

use rusqlite::Connection;

use super::schema;
use crate::cases::legs::{late, lease, list};

/// What the database says it will do, a line for each step.
pub(crate) fn plan(conn: &Connection, sql: &str) -> Vec<String> {
    let mut query = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let (mut steps, mut plan) = (query.raw_query(), Vec::new());
    while let Some(step) = steps.next().unwrap() {
        plan.push(step.get(3).unwrap());
    }
    plan
}

pub(crate) fn migrated() -> Connection {
    let mut conn = Connection::open_in_memory().unwrap();
    schema::migrate(&mut conn).unwrap();
    conn
}

#[test]
fn no_query_goes_through_all_legs() {
    let conn = migrated();
    let queries = [
        lease::OLDEST,
        lease::NEXT_HOST,
        lease::REST,
        lease::RAN_OUT,
        late::UNNOTED,
        late::NOTE,
        late::LATE,
        late::STUCK,
        list::OF_REQUEST,
        list::STUCK,
        list::LATE,
        list::ALL_OF_REQUEST,
        list::BY_TOKEN,
        "UPDATE requests SET final_at = 1, promised_by = 2 WHERE id = 'r'",
    ];
    for sql in queries {
        let plan = plan(&conn, sql);
        assert!(plan.iter().any(|step| step.starts_with("SEARCH")), "{plan:#?}");
        assert!(!plan.iter().any(|step| step.starts_with("SCAN")), "{plan:#?}");
    }
}

/// The table is the first that a query opens, the index the next.
#[test]
fn what_is_crowded_and_what_is_counted_is_seen_in_the_index_alone() {
    let conn = migrated();
    for sql in [lease::OLDEST, lease::NEXT_HOST, lease::REST, late::UNNOTED, late::LATE, late::STUCK] {
        let mut query = conn.prepare(&format!("EXPLAIN {sql}")).unwrap();
        let steps = query.raw_query().mapped(|row| Ok((row.get::<_, String>(1)?, row.get::<_, i64>(2)?)));
        let reads_a_row = steps.map(Result::unwrap).any(|(step, cursor)| step == "Column" && cursor == 0);
        assert!(!reads_a_row, "{sql}");
    }
}

#[test]
fn lists_come_in_order_from_the_index() {
    let conn = migrated();
    for sql in [list::LATE, list::WATCHED] {
        let plan = plan(&conn, sql);
        assert!(plan.iter().any(|step| step.contains("legs_watched")), "{plan:#?}");
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
    }
}
