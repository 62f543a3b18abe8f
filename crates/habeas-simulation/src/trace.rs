//! What happened, in order: the same lines for the same seed, whatever ids and signatures came out.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use habeas_core::clock::Clock as _;

use crate::clock::{ManualClock, NOON};

/// The lines so far.
pub(crate) struct Trace {
    clock: Arc<ManualClock>,
    written: Mutex<Written>,
}

#[derive(Default)]
struct Written {
    lines: Vec<String>,
    names: HashMap<String, usize>,
}

impl Trace {
    pub(crate) fn new(clock: Arc<ManualClock>) -> Self {
        Self { clock, written: Mutex::default() }
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line; ids in it become names.
    pub(crate) fn say(&self, text: &str) {
        let ms = self.clock.now().ms() - NOON;
        let mut written = self.written();
        let text = written.named(text);
        written.lines.push(format!("{} {text}", since(ms)));
    }

    /// The lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.written().lines.clone()
    }

    /// The text with names for ids.
    pub(crate) fn named(&self, text: &str) -> String {
        self.written().named(text)
    }
}

impl Written {
    /// Ids become `#1`, `#2`, … in the order in which they are first seen.
    fn named(&mut self, text: &str) -> String {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(begin) = rest.find(is_part) {
            let (before, word) = rest.split_at(begin);
            let (word, after) = word.split_at(word.find(|c| !is_part(c)).unwrap_or(word.len()));
            out.push_str(before);
            if is_id(word) {
                let next = self.names.len() + 1;
                let number = *self.names.entry(word.to_owned()).or_insert(next);
                out.push_str(&format!("#{number}"));
            } else {
                out.push_str(word);
            }
            rest = after;
        }
        out + rest
    }
}

/// A UUID or a token in hexadecimal.
fn is_id(word: &str) -> bool {
    word.len() >= 32 && word.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// FNV-1a over all lines.
pub fn hash(lines: &[String]) -> u64 {
    let bytes = lines.iter().flat_map(|line| line.bytes().chain([b'\n']));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn since(ms: i64) -> String {
    let (s, m, h, d) = (ms / 1000, ms / 60_000, ms / 3_600_000, ms / 86_400_000);
    format!("{d:>3}d {:02}:{:02}:{:02}.{:03}", h % 24, m % 60, s % 60, ms % 1000)
}
