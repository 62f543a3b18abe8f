//! `habeas send --file`: thousands of requests, each of them once, whatever happens meanwhile.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Condvar, Mutex},
};

use serde_json::{Value, json};

use crate::{
    command::{code, command, complained, said},
    patience::until,
    receiver::Receiver,
    world::{ADS, MAIL, PUSH, SHOP, World},
};

const FILE: &str = "requests.jsonl";
const SENDING: [&str; 5] = ["send", "--from", SHOP, "--file", FILE];

fn line(n: usize, more: Value) -> String {
    let person = json!([{ "kind": "email", "format": "raw", "value": format!("canary-{n}@example.org") }]);
    let mut line = json!({ "right": "erasure", "identities": person });
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line.to_string()
}

fn lines(count: usize) -> String {
    (1..=count).map(|n| line(n, json!({})) + "\n").collect()
}

fn journal(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("requests.jsonl.sent")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_default()).collect()
}

/// An operator API that makes requests as long as its door is open, and one for each reference.
struct Api {
    receiver: Receiver,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// What was asked for, by reference, as often as it was.
    asked: Mutex<BTreeMap<String, Vec<Value>>>,
    /// How many are answered before the door closes.
    open: Mutex<usize>,
    opened: Condvar,
}

impl Api {
    fn start(open: usize) -> Self {
        let state = Arc::new(State { open: Mutex::new(open), ..State::default() });
        let of_receiver = Arc::clone(&state);
        let receiver = Receiver::start(move |message| {
            let wish = message.json();
            let reference = wish["reference"].as_str().unwrap().to_owned();
            of_receiver.asked.lock().unwrap().entry(reference.clone()).or_default().push(wish);
            let mut left = of_receiver.open.lock().unwrap();
            while *left == 0 {
                left = of_receiver.opened.wait(left).unwrap();
            }
            *left -= 1;
            (202, story(&reference).to_string())
        });
        Self { receiver, state }
    }

    fn open(&self) {
        *self.state.open.lock().unwrap() = usize::MAX;
        self.state.opened.notify_all();
    }

    fn asked(&self) -> usize {
        self.state.asked.lock().unwrap().values().map(Vec::len).sum()
    }

    fn command(&self, folder: &Path, args: &[&str]) -> Command {
        let mut command = command(folder, args);
        command.env("HABEAS_SERVER", self.receiver.url("")).env("HABEAS_TOKEN", "token-canary");
        command
    }

    fn spawn(&self, folder: &Path) -> Child {
        let mut command = self.command(folder, &SENDING);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn habeas(&self, folder: &Path, args: &[&str]) -> Output {
        self.command(folder, args).output().unwrap()
    }
}

fn story(reference: &str) -> Value {
    let at = "2026-01-01T12:00:00Z";
    json!({
        "request_id": format!("request-of-{reference}"), "organisation": SHOP, "role": "controller",
        "subject_request_id": "x", "rights": ["erasure"], "regime": "gdpr", "state": "received", "received_at": at,
        "expected_by": at, "promised_by": at, "hold_until": at,
        "legs": [], "history": [], "receipts": [], "deliveries": [],
    })
}

#[test]
fn a_run_that_was_killed_is_gone_on_with_and_nothing_is_sent_twice() {
    const LINES: usize = 100;
    const ANSWERED: usize = 20;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), lines(LINES)).unwrap();
    let api = Api::start(ANSWERED);
    let mut child = api.spawn(folder.path());
    // Sixteen are under way behind those that were answered.
    until("no more are sent", || (api.asked() == ANSWERED + 16).then_some(()));
    until("the answers are noted", || (journal(folder.path()).len() == 1 + ANSWERED).then_some(()));
    child.kill().unwrap();
    child.wait().unwrap();
    api.open();

    let again = api.habeas(folder.path(), &SENDING);
    assert_eq!(code(&again), Some(0), "{}", complained(&again));
    assert!(
        said(&again).contains(&format!("all {LINES} were sent, {} of them now", LINES - ANSWERED)),
        "{}",
        said(&again)
    );
    let asked = api.state.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), LINES, "every line has one reference, and each reference one line");
    assert!(asked.values().all(|wishes| wishes.iter().all(|wish| wish == &wishes[0])));
    let twice = asked.values().filter(|wishes| wishes.len() > 1).count();
    assert_eq!(twice, 16, "only those whose answers were lost");
    let people: HashSet<_> = asked.values().map(|wishes| wishes[0]["identities"].to_string()).collect();
    assert_eq!(people.len(), LINES);
    let numbers: HashSet<_> = journal(folder.path()).iter().filter_map(|entry| entry["line"].as_u64()).collect();
    assert_eq!((numbers.len(), journal(folder.path()).len()), (LINES, LINES + 1));

    let before = api.asked();
    let done = api.habeas(folder.path(), &SENDING);
    assert_eq!((code(&done), api.asked()), (Some(0), before));
    assert!(said(&done).contains(&format!("all {LINES} were sent already")), "{}", said(&done));
    for output in [&again, &done] {
        assert!(!(said(output) + &complained(output)).contains("canary"));
    }
    assert!(!std::fs::read_to_string(folder.path().join("requests.jsonl.sent")).unwrap().contains("canary"));
}

#[cfg(unix)]
#[test]
fn who_interrupts_it_is_told_how_to_go_on() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), lines(50)).unwrap();
    let api = Api::start(10);
    let mut child = api.spawn(folder.path());
    until("no more are sent", || (api.asked() == 26).then_some(()));
    until("the answers are noted", || (journal(folder.path()).len() == 11).then_some(()));
    let busy = api.habeas(folder.path(), &SENDING);
    assert_eq!(code(&busy), Some(2));
    assert!(complained(&busy).contains("is being sent by another run"), "{}", complained(&busy));
    // Answers never come, so that it takes a second time to be believed.
    let status = until("it stops", || {
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        child.try_wait().unwrap()
    });
    assert_eq!(status.code(), Some(1));
    let output = child.wait_with_output().unwrap();
    let told = said(&output);
    assert!(told.contains("10 of 50 were sent, 40 are left; the same command"), "{told}");
    let mode = std::fs::metadata(folder.path().join("requests.jsonl.sent")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    api.open();
    let again = api.habeas(folder.path(), &[&SENDING[..], &["--json"]].concat());
    assert_eq!((code(&again), complained(&again)), (Some(0), String::new()));
    let lines: Vec<Value> = said(&again).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 41, "a line for each that was sent, and the summary");
    let summary = lines.last().unwrap();
    assert_eq!(
        (&summary["lines"], &summary["sent"], &summary["sent_before"], &summary["left"], &summary["failed"]),
        (&50.into(), &40.into(), &10.into(), &0.into(), &json!([]))
    );
}

#[test]
fn a_line_whose_answer_was_lost_is_not_sent_twice() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let text = [
        line(1, json!({})),
        line(2, json!({ "to": MAIL })),
        line(3, json!({ "to": [ADS], "reference": "case-3" })),
        String::new(),
        line(5, json!({ "submitted_at": "2026-01-01T12:00:00Z" })),
    ];
    std::fs::write(folder.path().join(FILE), text.join("\n")).unwrap();
    let sent = world.habeas(&[&SENDING[..], &["--to", PUSH]].concat());
    assert_eq!(code(&sent), Some(0), "{}", complained(&sent));
    let first = journal(folder.path());
    let listed = || {
        let listed = world.habeas(&["requests", "list", "--role", "controller", "--json"]);
        crate::command::document(&listed)["requests"].as_array().unwrap().len()
    };
    assert_eq!((first.len(), listed()), (5, 4));

    // The head and the first answer are there; the second was cut short, the others are lost.
    let path = folder.path().join("requests.jsonl.sent");
    let whole = std::fs::read_to_string(&path).unwrap();
    let cut: usize = whole.split_inclusive('\n').take(2).map(str::len).sum();
    std::fs::write(&path, &whole[..cut + 12]).unwrap();
    let again = world.habeas(&[&SENDING[..], &["--to", PUSH]].concat());
    assert_eq!(code(&again), Some(0), "{}", complained(&again));
    assert!(said(&again).contains("all 4 were sent, 3 of them now"), "{}", said(&again));
    let by_line = |journal: Vec<Value>| {
        journal
            .into_iter()
            .skip(1)
            .map(|one| (one["line"].as_u64(), one["request_id"].clone()))
            .collect::<BTreeMap<_, _>>()
    };
    assert_eq!(by_line(journal(folder.path())), by_line(first), "the same requests");
    assert_eq!(listed(), 4);

    let other = world.habeas(&SENDING);
    assert_eq!(code(&other), Some(2));
    assert!(
        complained(&other).contains("began with --from shop.localhost --to push.localhost"),
        "{}",
        complained(&other)
    );
    std::fs::write(folder.path().join(FILE), text.join("\n") + "\n" + &line(6, json!({}))).unwrap();
    let changed = world.habeas(&[&SENDING[..], &["--to", PUSH]].concat());
    assert_eq!((code(&changed), said(&changed)), (Some(2), String::new()));
    assert!(
        complained(&changed).contains("requests.jsonl has changed since its sending began"),
        "{}",
        complained(&changed)
    );
    assert_eq!(listed(), 4, "nothing of it is sent");
}

#[test]
fn a_file_is_read_whole_before_the_first_line_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let api = Api::start(usize::MAX);
    let text = [line(1, json!({})), line(2, json!({ "right": "canary" })), line(3, json!({ "color": "canary" }))];
    std::fs::write(folder.path().join(FILE), text.join("\n")).unwrap();
    let refused = api.habeas(folder.path(), &SENDING);
    assert_eq!((code(&refused), said(&refused)), (Some(2), String::new()));
    let told = complained(&refused);
    for words in ["line 2: right: ", "line 3: ", "there is no member color", "nothing was sent"] {
        assert!(told.contains(words), "{words} is not in {told}");
    }
    assert!(!told.contains("canary"), "{told}");
    let json = api.habeas(folder.path(), &[&SENDING[..], &["--json"]].concat());
    let problems: Value = serde_json::from_str(&complained(&json)).unwrap();
    assert_eq!((&problems["problems"][0]["line"], &problems["problems"][0]["field"]), (&2.into(), &"right".into()));
    assert_eq!(api.asked(), 0);
    assert!(!folder.path().join("requests.jsonl.sent").exists());
    std::fs::write(folder.path().join(FILE), "\n\n").unwrap();
    assert_eq!(code(&api.habeas(folder.path(), &SENDING)), Some(2), "there is nothing to send");
    assert_eq!(code(&api.habeas(folder.path(), &["send", "--from", SHOP, "--file", "nowhere"])), Some(2));
    let both = ["send", "--from", SHOP, "--file", FILE, "--right", "erasure"];
    assert_eq!(code(&api.habeas(folder.path(), &both)), Some(2));
}

#[test]
fn lines_that_fail_are_told_at_the_end_and_tried_again_alone() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let text = [
        line(1, json!({ "to": MAIL })),
        line(2, json!({ "to": "nobody.localhost" })),
        line(3, json!({ "right": "opt-out-of-sale" })),
        line(4, json!({ "to": ADS })),
    ];
    std::fs::write(folder.path().join(FILE), text.join("\n")).unwrap();
    for sent in [2, 0] {
        let ran = world.habeas(&[&SENDING[..], &["--json"]].concat());
        assert_eq!(code(&ran), Some(1));
        let lines: Vec<Value> = said(&ran).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let summary = lines.last().unwrap();
        assert_eq!((lines.len(), &summary["sent"]), (1 + sent, &sent.into()));
        let failed = summary["failed"].as_array().unwrap();
        let fields: Vec<_> = failed.iter().map(|one| (&one["line"], &one["problem"]["field"])).collect();
        assert_eq!(fields, [(&json!(2), &json!("to[0]")), (&json!(3), &json!("right"))]);
    }
    let told = world.habeas(&SENDING);
    for words in ["line 2: ", "line 3: "] {
        assert!(complained(&told).contains(words), "{}", complained(&told));
    }
    assert!(said(&told).contains("2 of 4 were sent, 2 failed; the same command"), "{}", said(&told));
    let nobody = world.habeas(&["send", "--from", "nobody.localhost", "--file", "other.jsonl"]);
    assert_eq!(code(&nobody), Some(2));
    std::fs::write(folder.path().join("other.jsonl"), lines(40)).unwrap();
    let nobody = world.habeas(&["send", "--from", "nobody.localhost", "--file", "other.jsonl"]);
    assert_eq!(code(&nobody), Some(1));
    assert!(complained(&nobody).contains("no such organisation here"), "{}", complained(&nobody));
    let away = command(folder.path(), &[&SENDING[..], &["--server", "http://127.0.0.1:1", "--token", "x"]].concat());
    assert_eq!(code(&{ away }.output().unwrap()), Some(3));
}
