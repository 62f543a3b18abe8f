//! Databases, crashes, standbys and poolers.

use std::time::Duration;

use habeas_testbed::{Cluster, Options, shared, url_across};
use tokio_postgres::{Client, NoTls};

#[allow(clippy::expect_used, reason = "a test")]
async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}

#[allow(clippy::expect_used, reason = "a test")]
async fn count(client: &Client) -> i64 {
    client.query_one("SELECT count(*) FROM kept", &[]).await.expect("a count").get(0)
}

#[tokio::test]
async fn databases_of_one_cluster_know_nothing_of_each_other() {
    let cluster = shared().unwrap();
    let one = connect(&cluster.create_database("one").unwrap()).await;
    one.batch_execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)").await.unwrap();
    let two = connect(&cluster.create_database("two").unwrap()).await;
    assert!(two.query("SELECT * FROM kept", &[]).await.is_err());
    assert!(cluster.create_database("two").is_err(), "a name is given once");
    assert!(cluster.create_database("x; DROP DATABASE one").is_err());

    drop(one);
    // The server may not have noticed yet that nobody is connected any more.
    cluster
        .sql("postgres", "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'one'")
        .unwrap();
    let three = connect(&cluster.create_database_like("three", "one").unwrap()).await;
    assert_eq!(count(&three).await, 1);
}

#[tokio::test]
async fn what_was_committed_survives_kill_9() {
    let mut cluster = Cluster::start(&Options::default()).unwrap();
    let url = cluster.create_database("kept").unwrap();
    let client = connect(&url).await;
    client.batch_execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1), (2)").await.unwrap();
    cluster.kill_9().unwrap();
    assert!(client.query("SELECT 1", &[]).await.is_err());
    assert!(tokio_postgres::connect(&url, NoTls).await.is_err());
    cluster.restart().unwrap();
    assert_eq!(count(&connect(&url).await).await, 2);
    cluster.restart().unwrap();
    assert_eq!(count(&connect(&url).await).await, 2);
}

#[tokio::test]
async fn a_stopped_cluster_holds_its_breath() {
    let cluster = Cluster::start(&Options::fast()).unwrap();
    let client = connect(&cluster.url("postgres")).await;
    cluster.stop_signal();
    let mut asked = Box::pin(client.query_one("SELECT 1", &[]));
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut asked).await.is_err(), "nobody answers");
    cluster.continue_signal();
    assert!(asked.await.is_ok());
}

#[tokio::test]
async fn a_synchronous_standby_has_everything_when_it_takes_over() {
    let mut first = Cluster::start(&Options::fast()).unwrap();
    let second = first.standby(true).unwrap();
    let url = url_across(&[&first, &second], "postgres");
    let client = connect(&url).await;
    client.batch_execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)").await.unwrap();
    first.kill_9().unwrap();
    assert!(tokio_postgres::connect(&url, NoTls).await.is_err(), "a standby takes no writes");
    second.promote().unwrap();
    let client = connect(&url).await;
    assert_eq!(count(&client).await, 1);
    client.batch_execute("INSERT INTO kept VALUES (2)").await.unwrap();
}

#[tokio::test]
async fn a_pooler_lends_connections_for_a_transaction() {
    let cluster = Cluster::start(&Options::fast()).unwrap();
    let pooler = cluster.pgbouncer().unwrap();
    let client = connect(&pooler.url("postgres")).await;
    let rows = client.simple_query("SELECT pg_backend_pid()").await.unwrap();
    assert!(!rows.is_empty());
    cluster.sql("postgres", "SELECT 1").unwrap();
}
