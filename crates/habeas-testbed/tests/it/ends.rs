//! Nothing outlives the program that started it.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use habeas_testbed::{Cluster, Options};

/// Says to this program, run again by itself, that it is the one to be killed.
const VICTIM: &str = "HABEAS_TESTBED_VICTIM";

#[test]
fn a_dropped_cluster_is_gone() {
    let cluster = Cluster::start(&Options::fast()).unwrap();
    let data = cluster.data();
    assert!(data.exists());
    drop(cluster);
    assert!(!data.exists());
}

/// Run by the test below.
#[test]
fn victim() {
    if std::env::var_os(VICTIM).is_none() {
        return;
    }
    let cluster = Cluster::start(&Options::fast()).unwrap();
    let id = std::fs::read_to_string(cluster.data().join("postmaster.pid")).unwrap();
    println!("\nstarted {} {}", id.lines().next().unwrap(), cluster.data().display());
    cluster.stop_signal();
    loop {
        thread::park();
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "deadlines of tests are real time")]
fn a_cluster_ends_with_a_program_that_is_killed() {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "ends::victim", "--nocapture"])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines().map(Result::unwrap);
    let started = lines.find_map(|line| line.strip_prefix("started ").map(str::to_owned)).unwrap();
    let (id, data) = started.split_once(' ').unwrap();
    let cluster = Path::new("/proc").join(id);
    assert!(cluster.exists());
    victim.kill().unwrap();
    victim.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while cluster.exists() || Path::new(data).exists() {
        assert!(Instant::now() < deadline, "the cluster outlives its program");
        thread::sleep(Duration::from_millis(20));
    }
}
