//! Was every promise kept? What clients were promised and what receivers heard, held against what the server knows at
//! the end. Pure, so that made-up histories can show that each broken promise is found.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::protocol::Protocol;

/// What an answer has promised: a signed one of OpenGDPR as it is, of one of DRP the id that it gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) body: String,
    pub(crate) signature: String,
}

/// A request that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Acknowledged {
    pub(crate) protocol: Protocol,
    /// Its `subject_request_id`, or the `request_id` that it was given.
    pub(crate) id: String,
    /// By which its sender knows it before it is answered.
    pub(crate) key: String,
    /// Who was asked and by whom, by their numbers.
    pub(crate) organisation: usize,
    pub(crate) party: usize,
    /// The bytes that were sent.
    pub(crate) asked: String,
    /// Its callback URLs.
    pub(crate) urls: Vec<String>,
    pub(crate) receipt: Receipt,
}

/// A callback that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Callback {
    pub(crate) id: String,
    pub(crate) url: String,
    /// The number of the event that it tells.
    pub(crate) seq: u32,
    pub(crate) status: String,
    pub(crate) body: Vec<u8>,
}

/// The work on a request was asked for. Whoever does it sees a repeated name and does it once.
#[derive(Debug, Clone)]
pub(crate) struct Effect {
    pub(crate) id: String,
    /// The `webhook-id`, by which repeats are known.
    pub(crate) name: String,
    /// The server's own name of the request.
    pub(crate) request: String,
}

/// What the server says of an acknowledged request at the end; `None` where it knows nothing of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub(crate) status: Option<String>,
    /// The answer to the same bytes, sent once more.
    pub(crate) receipt: Option<Receipt>,
}

/// Everything that was seen.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// In the order in which they came.
    pub(crate) callbacks: Vec<Callback>,
    pub(crate) effects: Vec<Effect>,
    /// By its id.
    pub(crate) found: BTreeMap<String, Found>,
    /// The ids of everything that the server lists.
    pub(crate) listed: Vec<String>,
}

/// How many promises were given and broken.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Verdict {
    pub(crate) acknowledged: usize,
    /// Acknowledged, and unknown at the end.
    pub(crate) lost: usize,
    /// Requests that exist twice or are the answer to two wishes, or whose work was asked for twice under different names.
    pub(crate) duplicated: usize,
    /// Acknowledged, known, and not done.
    pub(crate) unfinished: usize,
    /// Callbacks that never came.
    pub(crate) callbacks_missing: usize,
    /// Request and URL at which a later callback came before an earlier one.
    pub(crate) out_of_order: usize,
    /// Callbacks that say something else than one of the same name before, and receipts that changed.
    pub(crate) changed: usize,
    /// Listed, called back or worked on, though nobody was promised it.
    pub(crate) unasked: usize,
}

impl Verdict {
    /// Whether a promise was broken.
    pub(crate) fn is_broken(&self) -> bool {
        *self != Self { acknowledged: self.acknowledged, ..Self::default() }
    }
}

/// Holds one against the other.
pub(crate) fn check(history: &History) -> Verdict {
    let promised: BTreeMap<&str, &Acknowledged> =
        history.acknowledged.iter().map(|one| (one.id.as_str(), one)).collect();
    let mut verdict = Verdict { acknowledged: promised.len(), ..Verdict::default() };
    let told = Told::of(&history.callbacks);
    for (id, one) in &promised {
        let found = history.found.get(*id).cloned().unwrap_or_default();
        match found.status.as_deref() {
            None => verdict.lost += 1,
            Some(status) if status == one.protocol.done() => {}
            Some(_) => verdict.unfinished += 1,
        }
        // What is lost is no changed receipt: it is counted already.
        verdict.changed += usize::from(found.status.is_some() && found.receipt.as_ref() != Some(&one.receipt));
        for url in &one.urls {
            let (missing, ordered) = told.story(one.protocol, id, url);
            verdict.callbacks_missing += missing;
            verdict.out_of_order += usize::from(!ordered);
        }
    }
    verdict.changed += told.contradictions;
    // Each promise is written down once; two of one id are one request for two wishes.
    let shared = history.acknowledged.len() - promised.len();
    verdict.duplicated = shared + twice(&history.listed) + worked_on_twice(&history.effects);
    let seen = history.listed.iter().chain(history.callbacks.iter().map(|one| &one.id));
    let seen: BTreeSet<&String> = seen.chain(history.effects.iter().map(|one| &one.id)).collect();
    verdict.unasked = seen.into_iter().filter(|id| !promised.contains_key(id.as_str())).count();
    verdict
}

/// Callbacks by request and URL; exact repeats are left out.
struct Told<'a> {
    by_place: BTreeMap<(&'a str, &'a str), Vec<&'a Callback>>,
    contradictions: usize,
}

impl<'a> Told<'a> {
    fn of(callbacks: &'a [Callback]) -> Self {
        let mut told = Self { by_place: BTreeMap::new(), contradictions: 0 };
        for callback in callbacks {
            let before = told.by_place.entry((&callback.id, &callback.url)).or_default();
            match before.iter().find(|other| other.seq == callback.seq) {
                None => before.push(callback),
                Some(other) => told.contradictions += usize::from(other.body != callback.body),
            }
        }
        told
    }

    /// How many callbacks are missing at a URL, and whether those that came did so in order.
    fn story(&self, protocol: Protocol, id: &str, url: &str) -> (usize, bool) {
        let came = self.by_place.get(&(id, url)).map_or(&[][..], Vec::as_slice);
        let missing = protocol.story().iter().filter(|status| !came.iter().any(|one| one.status == **status)).count();
        (missing, came.is_sorted_by_key(|one| one.seq))
    }
}

fn twice(listed: &[String]) -> usize {
    listed.len() - listed.iter().collect::<BTreeSet<_>>().len()
}

fn worked_on_twice(effects: &[Effect]) -> usize {
    let mut names: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for effect in effects {
        names.entry(&effect.id).or_default().insert((&effect.name, &effect.request));
    }
    names.values().map(|names| names.len() - 1).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::STORY;

    fn receipt(text: &str) -> Receipt {
        Receipt { body: text.to_owned(), signature: format!("signature of {text}") }
    }

    fn callback(id: &str, url: &str, seq: u32) -> Callback {
        let status = STORY[seq as usize].to_owned();
        Callback { id: id.to_owned(), url: url.to_owned(), seq, body: status.clone().into_bytes(), status }
    }

    fn effect(id: &str, name: &str) -> Effect {
        Effect { id: id.to_owned(), name: name.to_owned(), request: format!("request of {id}") }
    }

    /// Two requests, one with two URLs, told and done as promised; with the repeats that are allowed.
    fn good() -> History {
        let mut history = History::default();
        for (id, urls) in [("a", &["u"][..]), ("b", &["u", "v"])] {
            let urls: Vec<String> = urls.iter().map(|&url| url.to_owned()).collect();
            for (url, seq) in urls.iter().flat_map(|url| (0..3).map(move |seq| (url, seq))) {
                history.callbacks.push(callback(id, url, seq));
            }
            let (id, receipt) = (id.to_owned(), receipt(id));
            let found = Found { status: Some("completed".to_owned()), receipt: Some(receipt.clone()) };
            history.found.insert(id.clone(), found);
            history.listed.push(id.clone());
            history.effects.push(effect(&id, &id));
            history.acknowledged.push(Acknowledged {
                protocol: Protocol::OpenGdpr,
                key: id.clone(),
                id,
                organisation: 0,
                party: 0,
                asked: String::new(),
                urls,
                receipt,
            });
        }
        history.callbacks.push(callback("a", "u", 1));
        history.effects.push(effect("a", "a"));
        history
    }

    /// What is found when something of the good history is spoilt.
    fn spoilt(spoil: impl FnOnce(&mut History)) -> Verdict {
        let mut history = good();
        spoil(&mut history);
        check(&history)
    }

    fn broken(change: impl FnOnce(&mut Verdict)) -> Verdict {
        let mut verdict = Verdict { acknowledged: 2, ..Verdict::default() };
        change(&mut verdict);
        assert!(verdict.is_broken());
        verdict
    }

    #[test]
    fn kept_promises_and_exact_repeats_are_no_fault() {
        let verdict = check(&good());
        assert_eq!(verdict, Verdict { acknowledged: 2, ..Verdict::default() });
        assert!(!verdict.is_broken());
        assert!(!Verdict::default().is_broken());
    }

    #[test]
    fn a_request_that_was_acknowledged_and_is_gone_is_lost() {
        let gone = |history: &mut History| {
            history.found.remove("a");
            history.listed.retain(|id| id != "a");
        };
        assert_eq!(spoilt(gone), broken(|verdict| verdict.lost = 1));
        let unknown = |history: &mut History| {
            history.found.insert("b".to_owned(), Found::default());
        };
        assert_eq!(spoilt(unknown), broken(|verdict| verdict.lost = 1));
    }

    #[test]
    fn a_request_that_exists_twice_is_duplicated() {
        assert_eq!(spoilt(|h| h.listed.push("a".to_owned())), broken(|verdict| verdict.duplicated = 1));
    }

    #[test]
    fn one_request_for_two_wishes_is_found() {
        let shared = |h: &mut History| h.acknowledged.push(h.acknowledged[0].clone());
        assert_eq!(spoilt(shared), broken(|verdict| verdict.duplicated = 1));
    }

    #[test]
    fn work_that_is_asked_for_under_two_names_is_duplicated() {
        assert_eq!(spoilt(|h| h.effects.push(effect("a", "another"))), broken(|verdict| verdict.duplicated = 1));
        let other = Effect { request: "another request".to_owned(), ..effect("b", "b") };
        assert_eq!(spoilt(|h| h.effects.push(other)), broken(|verdict| verdict.duplicated = 1));
    }

    #[test]
    fn a_callback_that_never_comes_is_missing_at_its_url_only() {
        let never = |h: &mut History| h.callbacks.retain(|one| !(one.id == "b" && one.url == "v" && one.seq == 2));
        assert_eq!(spoilt(never), broken(|verdict| verdict.callbacks_missing = 1));
        assert_eq!(spoilt(|h| h.callbacks.clear()), broken(|verdict| verdict.callbacks_missing = 9));
    }

    /// Of older news nobody hears who was told newer ones.
    #[test]
    fn in_drp_the_last_callback_must_come_and_the_others_may() {
        let drp = |spoil: &dyn Fn(&mut History)| {
            spoilt(|history| {
                for one in &mut history.acknowledged {
                    one.protocol = Protocol::Drp;
                }
                for found in history.found.values_mut() {
                    found.status = Some("fulfilled".to_owned());
                }
                history.callbacks.retain(|one| one.seq > 0);
                for one in history.callbacks.iter_mut().filter(|one| one.seq == 2) {
                    one.status = "fulfilled".to_owned();
                }
                spoil(history);
            })
        };
        assert!(!drp(&|_| {}).is_broken());
        assert!(!drp(&|history| history.callbacks.retain(|one| one.seq == 2)).is_broken());
        let never = drp(&|history| history.callbacks.retain(|one| one.seq < 2));
        assert_eq!(never, broken(|verdict| verdict.callbacks_missing = 3));
    }

    #[test]
    fn a_later_callback_before_an_earlier_one_is_out_of_order() {
        assert_eq!(spoilt(|h| h.callbacks.swap(0, 2)), broken(|verdict| verdict.out_of_order = 1));
    }

    #[test]
    fn other_words_under_the_same_name_are_a_change() {
        let changed = Callback { body: b"other".to_vec(), ..callback("a", "u", 1) };
        assert_eq!(spoilt(|h| h.callbacks.push(changed)), broken(|verdict| verdict.changed = 1));
        let signed_anew = |h: &mut History| h.acknowledged[0].receipt.signature.push('x');
        assert_eq!(spoilt(signed_anew), broken(|verdict| verdict.changed = 1));
    }

    #[test]
    fn what_is_not_done_at_the_end_is_unfinished() {
        let open = |h: &mut History| {
            h.found.entry("a".to_owned()).or_default().status = Some("pending".to_owned());
        };
        assert_eq!(spoilt(open), broken(|verdict| verdict.unfinished = 1));
    }

    #[test]
    fn what_nobody_was_promised_is_found_wherever_it_shows() {
        assert_eq!(spoilt(|h| h.listed.push("x".to_owned())), broken(|verdict| verdict.unasked = 1));
        assert_eq!(spoilt(|h| h.effects.push(effect("x", "x"))), broken(|verdict| verdict.unasked = 1));
        assert_eq!(spoilt(|h| h.callbacks.push(callback("x", "u", 0))), broken(|verdict| verdict.unasked = 1));
    }
}
