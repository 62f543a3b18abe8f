//! What does a lease cost where much is due and nothing of it may be taken?

use std::rc::Rc;

use habeas_core::clock::Instant;
use rusqlite::{Connection, StatementStatus};

use super::plans::{migrated, plan};
use crate::{
    Result,
    cases::{deliveries, legs::lease as legs, slots::Ask},
    model::Slots,
    sql,
};

const NOW: i64 = 10_000;
const LIMIT: u32 = 10;

type Leased = (usize, Option<String>);

/// A table from which something is leased.
struct Table {
    /// Adds `?1` rows of host `?2`, due from `?3` on, one after another.
    fill: &'static str,
    /// Leases all rows of host `?1` until `?2`.
    hold: &'static str,
    /// Says how many rows are leased, and with which host the next lease begins.
    lease: fn(&sql::Connection, &Ask) -> Result<Leased>,
    all: &'static [&'static str],
}

const TABLES: [Table; 2] = [
    Table {
        fill: "WITH RECURSIVE c (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i + 1 < ?1)
            INSERT INTO legs (id, request_id, organisation, party, dialect, right_name, wire_id, token_mac, state, cancel,
                host, due_at)
            SELECT ?2 || '/' || i, ?2, 'us.example', i, 'd', 'erasure', 'w', CAST(?2 || '/' || i AS BLOB), 'waiting', 'no', ?2, ?3 + i FROM c",
        hold: "UPDATE legs SET leased_until = ?2 WHERE host = ?1",
        lease: |conn, ask| legs::lease(conn, ask).map(|(taken, next)| (taken.len(), next)),
        all: &legs::ALL,
    },
    Table {
        fill: "WITH RECURSIVE c (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i + 1 < ?1)
            INSERT INTO deliveries (request_id, lane, seq, organisation, kind, host, state, head, due_at)
            SELECT ?2 || '/' || i, 0, 0, 'us.example', 'callback', ?2, 'due', 1, ?3 + i FROM c",
        hold: "UPDATE deliveries SET state = 'leased', leased_until = ?2 WHERE host = ?1",
        lease: |conn, ask| deliveries::lease(conn, ask).map(|(taken, next)| (taken.len(), next)),
        all: &deliveries::ALL,
    },
];

/// The connection as the use cases have it.
fn ours(conn: &Rc<Connection>) -> sql::Connection {
    sql::Connection::Sqlite(Rc::clone(conn))
}

fn fill(conn: &Connection, table: &Table, rows: u32, host: &str, from: i64) {
    conn.execute(table.fill, (rows, host, from)).unwrap();
}

fn ask(per_host: u32, left: &[(&str, u32)]) -> Ask {
    let left = left.iter().map(|(host, left)| ((*host).to_owned(), *left)).collect();
    let (now, until) = (Instant::from_ms(NOW), Instant::from_ms(NOW + 60));
    Ask::new(now, until, LIMIT, &Slots { per_host, left }, String::new())
}

/// Leases; says how many rows, and in how many steps of the database.
fn lease(conn: &Rc<Connection>, table: &Table, ask: &Ask) -> (usize, i32) {
    let steps = || {
        let status = |sql: &&str| {
            let statement = conn.prepare_cached(sql).unwrap();
            assert_eq!(statement.reset_status(StatementStatus::FullscanStep), 0, "{sql}");
            assert_eq!(statement.reset_status(StatementStatus::Sort), 0, "{sql}");
            statement.reset_status(StatementStatus::VmStep)
        };
        table.all.iter().map(status).sum::<i32>()
    };
    steps();
    let leased = (table.lease)(&ours(conn), ask).unwrap().0;
    (leased, steps())
}

#[test]
fn what_waits_for_a_host_that_rests_costs_the_others_nothing() {
    for table in &TABLES {
        let costs = [100, 2_000, 20_000].map(|waiting| {
            let conn = Rc::new(migrated());
            fill(&conn, table, waiting, "m.rests", -20_000);
            fill(&conn, table, 3, "a.example", 1);
            fill(&conn, table, 3, "z.example", 1);
            let rests = ask(5, &[("m.rests", 0)]);
            let (leased, steps) = lease(&conn, table, &rests);
            assert_eq!(leased, 6);
            let (nothing, idle) = lease(&conn, table, &rests);
            assert_eq!(nothing, 0);
            assert!(steps < 4_000 && idle < 500, "{steps} {idle}");
            (steps, idle)
        });
        assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
    }
}

#[test]
fn leases_that_ran_out_are_looked_at_once() {
    for table in &TABLES {
        let costs = [100, 2_000].map(|waiting| {
            let conn = Rc::new(migrated());
            fill(&conn, table, waiting, "m.rests", 0);
            conn.execute(table.hold, ("m.rests", NOW)).unwrap();
            let rests = ask(5, &[("m.rests", 0)]);
            let (_, first) = lease(&conn, table, &rests);
            let (leased, second) = lease(&conn, table, &rests);
            assert_eq!(leased, 0);
            assert!(first > second);
            assert_eq!(lease(&conn, table, &ask(5, &[])).0, 5, "they are due like the rest");
            second
        });
        assert_eq!(costs[0], costs[1]);
    }
}

#[test]
fn where_no_stranger_may_be_tried_none_is_looked_for() {
    for table in &TABLES {
        let costs = [100, 2_000].map(|hosts| {
            let conn = Rc::new(migrated());
            (0..hosts).for_each(|n| fill(&conn, table, 1, &format!("s{n}"), -20_000));
            fill(&conn, table, 3, "z.example", 1);
            let (leased, steps) = lease(&conn, table, &ask(0, &[("known.example", 2), ("z.example", 2)]));
            assert_eq!(leased, 2);
            steps
        });
        assert_eq!(costs[0], costs[1]);
    }
}

/// One seek for each host, whether it rests, has nothing due yet, or could be served.
#[test]
fn a_host_costs_one_seek() {
    for table in &TABLES {
        let costs = [100, 200, 300].map(|hosts| {
            let conn = Rc::new(migrated());
            for n in 0..hosts {
                fill(&conn, table, 3, &format!("h{n}"), if n % 2 == 0 { NOW + 1 } else { 0 });
            }
            let names: Vec<_> = (0..hosts).map(|n| format!("h{n}")).collect();
            let rest: Vec<_> = names.iter().map(|name| (name.as_str(), 0)).collect();
            lease(&conn, table, &ask(5, &rest)).1
        });
        assert_eq!(costs[2] - costs[1], costs[1] - costs[0], "{costs:?}");
        assert!((costs[1] - costs[0]) / 100 < 40, "{costs:?}");
    }
}

#[test]
fn what_is_due_is_found_by_its_indexes() {
    let conn = Rc::new(migrated());
    for table in &TABLES {
        for sql in table.all {
            let plan = plan(&conn, sql);
            assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{plan:#?}");
        }
    }
}

/// Whoever is served and has more is passed over until all the others were served too.
#[test]
fn hosts_take_turns() {
    for table in &TABLES {
        let conn = Rc::new(migrated());
        for n in 0..35 {
            // The one that has most has waited longest.
            let (rows, from) = if n == 7 { (2_000, -20_000) } else { (20, 0) };
            fill(&conn, table, rows, &format!("h{n}"), from);
        }
        let mut from = String::new();
        for _ in 0..4 {
            let mut ask = ask(8, &[]);
            ask.from = from;
            let (leased, next) = (table.lease)(&ours(&conn), &ask).unwrap();
            assert_eq!(leased, 10);
            from = next.unwrap();
        }
        let served = "SELECT count(*) FROM (SELECT host FROM legs WHERE fence > 0
            UNION SELECT host FROM deliveries WHERE fence > 0)";
        assert_eq!(conn.query_row(served, [], |row| row.get::<_, i32>(0)).unwrap(), 35);
    }
}
