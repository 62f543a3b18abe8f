//! `habeas demo` shows the main job from end to end.

use std::path::Path;

use serde_json::Value;

use crate::command::{code, command, complained, said};

/// Runs it with a folder for passing things of its own, which must be empty afterwards.
fn demo(args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let passing = folder.path().join("passing");
    std::fs::create_dir(&passing).unwrap();
    let shown = command(folder.path(), args).env("TMPDIR", &passing).output().unwrap();
    assert_eq!(code(&shown), Some(0), "{}{}", said(&shown), complained(&shown));
    assert_eq!(complained(&shown), "");
    let left =
        |folder: &Path| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    assert_eq!(left(&passing), Vec::<std::path::PathBuf>::new());
    assert_eq!(left(folder.path()), [passing], "nothing is left in the user's folder");
    said(&shown)
}

#[test]
fn every_step_is_shown_to_people() {
    let shown = demo(&["demo"]);
    let is_shown = |act: &str, step: &str, what: &str| {
        let wanted = |line: &str| {
            let mut words = line.split("ms").nth(1).unwrap_or_default().split_whitespace();
            words.next() == Some(act) && words.next() == Some(step) && line.contains(what)
        };
        assert!(shown.lines().any(wanted), "{act} {step} {what} is not in {shown}");
    };
    is_shown("sandbox", "ready", "http://127.0.0.1:");
    for (act, party) in [("erasure", "mail.localhost"), ("access", "ads.localhost"), ("agent", "agent.localhost")] {
        is_shown(act, "discovery", &format!("{party} serves access, portability, erasure"));
        is_shown(act, "submitted", &format!("shop.localhost asks {party}"));
        is_shown(act, "receipt", &format!("to shop.localhost, verified: signed by {party}"));
        is_shown(act, "callback", &format!("to shop.localhost, verified: signed by {party}"));
        is_shown(act, "evidence", "of shop.localhost: the exported file");
        for status in ["pending", "in_progress", "completed"] {
            is_shown(act, status, &format!("says {party}"));
        }
    }
    is_shown("agent", "distributed", "says agent.localhost to shop.localhost");
    for processor in ["mail.localhost", "ads.localhost"] {
        is_shown("agent", "receipt", &format!("to agent.localhost, verified: signed by {processor}"));
        is_shown("agent", "callback", &format!("to shop.localhost, verified: signed by {processor}"));
        is_shown("agent", "completed", &format!("says {processor} to agent.localhost"));
    }
    is_shown("agent", "evidence", "of agent.localhost: the exported file");
    is_shown("access", "results", "401 without a credential");
    is_shown("access", "results", "200 with it");
    is_shown("road", "discovery", "shop.localhost grants opt-out-of-sale, opt-in-to-sale, erasure, access");
    is_shown("road", "submitted", "helper.localhost asks shop.localhost");
    for processor in ["mail.localhost", "ads.localhost"] {
        is_shown("road", "receipt", &format!("to shop.localhost, verified: signed by {processor}"));
        is_shown("road", "completed", &format!("says {processor} to shop.localhost"));
    }
    is_shown("road", "in_progress", "says shop.localhost to helper.localhost");
    is_shown("road", "fulfilled", "to helper.localhost: mail.localhost is done; ads.localhost is done");
    is_shown("road", "evidence", "of shop.localhost: the exported file");
    assert!(shown.lines().last().unwrap().contains("all four requests completed, everything verified"));
}

#[test]
fn every_step_is_a_line_of_json_for_machines() {
    let shown = demo(&["demo", "--json"]);
    let lines: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let of = |act: &str| lines.iter().filter(|line| line["act"] == act).collect::<Vec<_>>();
    assert_eq!(lines[0]["step"], "ready");
    assert_eq!((&lines[lines.len() - 1]["act"], &lines[lines.len() - 1]["step"]), (&"demo".into(), &"done".into()));
    for (act, results) in [("erasure", 0), ("access", 2)] {
        let steps = of(act);
        let at = |step: &str| steps.iter().position(|line| line["step"] == step).expect(step);
        let order = ["discovery", "submitted", "receipt", "in_progress", "completed"].map(at);
        assert!(order.is_sorted(), "{steps:?}");
        let signed: Vec<_> = steps.iter().filter(|line| line["verified"] == true).collect();
        let statuses: Vec<_> = signed.iter().map(|line| line["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["pending", "pending", "in_progress", "completed"], "a receipt and three callbacks");
        let again = signed.iter().filter(|line| line["checked_again"] == true).count();
        assert_eq!(again, 3, "every callback's signature is checked once more");
        assert_eq!(steps.iter().filter(|line| line["step"] == "results").count(), results);
    }
    let of_agent = |to: &str, signer: &str| {
        let steps = of("agent");
        let said =
            steps.iter().filter(|line| line["step"] == "callback" && line["to"] == to && line["signer"] == signer);
        said.map(|line| line["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let statuses = of_agent("shop.localhost", "agent.localhost");
    assert_eq!(statuses, ["pending", "distributed", "in_progress", "completed"]);
    for processor in ["mail.localhost", "ads.localhost"] {
        assert_eq!(of_agent("agent.localhost", processor), ["pending", "in_progress", "completed"]);
        assert_eq!(of_agent("shop.localhost", processor), ["pending", "in_progress", "completed"], "past the agent");
    }
    let receipts = of("agent").into_iter().filter(|line| line["step"] == "receipt" && line["verified"] == true).count();
    assert_eq!(receipts, 3, "of the agent, and to it of each processor");
    assert_eq!(of("erasure")[0]["capabilities"]["rights"], serde_json::json!(["access", "portability", "erasure"]));
}
