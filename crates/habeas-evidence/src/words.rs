//! How is what was found out told to people?
//!
//! Names and words come from peers and exporters: before they are shown, letters that steer a terminal or reorder a
//! line are replaced.

use std::fmt;

use habeas_wire::time;

use crate::{
    examine::{Caveat, Lacking, Report, Unproved},
    judge::{Finding, Grade},
    said::Kind,
};

/// As much of a stranger's word as anybody needs to see.
const LONGEST: usize = 200;

/// A stranger's text, safe to print on one line.
#[must_use]
pub fn plain(text: &str) -> String {
    let steers = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let shown = |letter: char| if steers(letter) { char::REPLACEMENT_CHARACTER } else { letter };
    text.chars().take(LONGEST).map(shown).collect()
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InFull => "in full",
            Self::InFullWithRequest => "in full with the original request",
            Self::ByDigest => "by digest",
            Self::NotProved(_) => "not proved",
        })
    }
}

impl Finding {
    /// What it says and how much of that is proved, in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let (signer, said) = (plain(&self.signer), self.claim());
        let another = if self.by_another { "; by another than the leg's party" } else { "" };
        match self.grade {
            Grade::InFull | Grade::InFullWithRequest => format!("{signer} signed that {said}{another}"),
            Grade::ByDigest => {
                let misfit = if self.misfit { "; the request given is not the one it repeats" } else { "" };
                format!("{signer} signed bytes of this digest; the exporter says they say that {said}{misfit}{another}")
            }
            Grade::NotProved(doubt) => format!("{doubt}; it would say that {said}{another}"),
        }
    }

    fn claim(&self) -> String {
        let said = &self.said;
        let request = said.request.as_ref().map_or("a request it does not name".to_owned(), |id| {
            let id = plain(id);
            format!("request {id}")
        });
        let by = said.expected_by.map_or(String::new(), |at| format!(", to be done by {}", time::format(at.ms())));
        let refused = if said.denied { ", and that it refuses it" } else { "" };
        match (&said.status, said.kind) {
            (Some(status), _) => format!("{request} is {}{refused}{by}", plain(status)),
            (None, Kind::Cancellation) => format!("it takes back {request}"),
            (None, Kind::Submission) => format!("it has {request}{by}"),
            (None, Kind::Status | Kind::Unclear) => format!("it knows {request}{by}"),
        }
    }
}

impl fmt::Display for Unproved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (party, state) = (plain(&self.party), plain(&self.state));
        match self.lacking {
            Lacking::Party => {
                write!(f, "{party} is {state} by the exporter's record only: it does not say whose signature would do")
            }
            Lacking::Receipt => write!(f, "{party} is {state} by the exporter's record only: nothing it signed holds"),
            Lacking::Content => write!(f, "{party} is {state} by the exporter's record, and by a receipt by digest"),
            Lacking::Word => {
                write!(f, "{party} is {state} by the exporter's record only: what it signed does not say so")
            }
        }
    }
}

impl fmt::Display for Caveat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Times => "when messages arrived: signatures cover no time, so these are the exporter's word",
            Self::Course => {
                "the request's course: history and states are the exporter's record where no receipt says so"
            }
            Self::Completeness => "that nothing was left out before the export was sealed",
            Self::Revocation => "that no certificate had been revoked: nobody was asked",
            Self::Digests => "what receipts by digest say, until the original request is given",
            Self::MadeUp => {
                "that receipts by digest with ECDSA were signed at all: such a digest and signature can be made up \
                 without the key"
            }
        })
    }
}

impl Report {
    /// What the seal is worth, in words that follow it.
    #[must_use]
    pub fn seal_words(&self) -> String {
        let organisation = &self.organisation;
        match self.seal.trust {
            Ok(()) => format!("holds and is {organisation}'s, {}", self.seal.scheme),
            Err(error) => {
                let at = time::format(self.seal.judged_at.ms());
                format!("holds, but that it is {organisation}'s is not proved: {error} (as of {at})")
            }
        }
    }

    /// The whole in a sentence.
    #[must_use]
    pub fn verdict(&self) -> String {
        let count = |wanted: fn(&Grade) -> bool| self.findings.iter().filter(|found| wanted(&found.grade)).count();
        let full = count(|grade| matches!(grade, Grade::InFull | Grade::InFullWithRequest));
        let by_digest = count(|grade| *grade == Grade::ByDigest);
        let not = count(|grade| matches!(grade, Grade::NotProved(_)));
        let opening = if self.holds() { "everything holds" } else { "not everything holds" };
        let mut parts = vec![format!("{full} in full")];
        parts.extend((by_digest > 0).then(|| format!("{by_digest} by digest")));
        parts.extend((not > 0).then(|| format!("{not} not proved")));
        let mut verdict = match self.findings.len() {
            0 => format!("{opening}; no party signed anything"),
            1 => format!("{opening}; 1 receipt: {}", parts.join(", ")),
            many => format!("{opening}; {many} receipts: {}", parts.join(", ")),
        };
        match self.findings.iter().filter(|found| found.by_another).count() {
            0 => {}
            others => verdict.push_str(&format!("; {others} by another than the leg's party")),
        }
        match self.unproved.len() {
            0 => {}
            1 => verdict.push_str("; the state of 1 leg is not proved in full"),
            many => verdict.push_str(&format!("; the state of {many} legs is not proved in full")),
        }
        if self.seal.trust.is_err() {
            verdict.push_str("; the seal's certificate is not trusted");
        }
        if self.unfit > 0 {
            verdict.push_str("; a request given is repeated by no receipt");
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_strangers_word_cannot_steer_the_terminal() {
        assert_eq!(plain("done\u{1b}[2J\r\n\u{202e}x"), "done\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}x");
        assert_eq!(plain(&"a".repeat(1_000)).len(), 200);
        assert_eq!(plain("café"), "café");
    }
}
