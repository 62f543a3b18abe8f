//! How does a TOML text become a value when more than one thing in it is wrong?
//!
//! serde stops at the first fault. Here the fault is noted and cut out, and the rest is tried again: since every key
//! has a default, what is left is always a whole value, and its own problems can be found in the same run.

use std::{collections::BTreeMap, fmt::Write as _, ops::Range};

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue, Deserializer, Error},
};

use super::problem::Problem;

/// Where each key stands in the file.
#[derive(Debug, Clone, Default)]
pub struct Places {
    spans: BTreeMap<String, Range<usize>>,
    cut: Vec<String>,
    /// Whether the text is no TOML at all, so that nothing of it was read.
    broken: bool,
    /// The end of the file; what begins behind it came from the environment.
    end: usize,
}

impl Places {
    /// Where a key stands, or else the nearest section around it.
    pub fn span(&self, place: &str) -> Option<Range<usize>> {
        let mut place = place;
        loop {
            if let Some(span) = self.spans.get(place) {
                return (span.start < self.end).then(|| span.clone());
            }
            place = place.get(..place.rfind(['.', '['])?)?;
        }
    }

    /// Where secrets, or what is made of them, stand in the file.
    pub fn secrets(&self) -> impl Iterator<Item = Range<usize>> {
        let of_file = self.spans.iter().filter(|(place, span)| is_secret(place) && span.start < self.end);
        of_file.map(|(_, span)| span.clone())
    }

    /// Whether the key was, or may have been, there but could not be read, so that saying it is missing would be wrong.
    pub fn was_cut(&self, place: &str) -> bool {
        self.broken || self.cut.iter().any(|cut| cut == place)
    }
}

/// A text that was read.
pub struct Reading<T> {
    /// The value, without what could not be read.
    pub value: T,
    /// Where its keys stand.
    pub places: Places,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Whether a key, or the list that an entry is in, holds secrets or what is made of them.
pub fn is_secret(place: &str) -> bool {
    let key = place.rsplit('.').next().unwrap_or_default();
    let key = key.split('[').next().unwrap_or_default();
    ["credential", "credentials", "identity_secret", "secret"].contains(&key)
}

/// Reads a text, and over it the keys that the environment sets: pairs of a variable's name and its value, the key's
/// path in the name behind `HABEAS__`, its parts separated by two underscores.
pub fn read<T: DeserializeOwned + Default>(text: &str, environment: &[(String, String)]) -> Reading<T> {
    let (root, faults) = DeTable::parse_recoverable(text);
    if !faults.is_empty() {
        let problems = faults.iter().map(|fault| problem("", fault.message(), fault.span())).collect();
        return Reading { value: T::default(), places: Places { broken: true, ..Places::default() }, problems };
    }
    Reader { root: root.into_inner(), end: text.len(), environment, doubted: Vec::new() }.read()
}

struct Reader<'a> {
    root: DeTable<'a>,
    end: usize,
    environment: &'a [(String, String)],
    /// Variables whose value did not do as a string.
    doubted: Vec<usize>,
}

/// A key or entry of the tree.
struct Node {
    steps: Vec<Step>,
    key: Option<Range<usize>>,
    value: Range<usize>,
}

#[derive(Clone)]
enum Step {
    Key(String),
    Index(usize),
}

impl<'a> Reader<'a> {
    fn read<T: DeserializeOwned + Default>(mut self) -> Reading<T> {
        let (mut problems, mut cut) = (Vec::new(), Vec::new());
        for (number, (name, value)) in self.environment.iter().enumerate() {
            let value = Spanned::new(self.behind(number), DeValue::String(value.as_str().into()));
            if !set(&mut self.root, &path_in(name), value) {
                problems.push(problem("", &format!("{name} in the environment names no key"), None));
            }
        }
        loop {
            let fault = match attempt::<T>(&self.root) {
                Ok(value) => return self.done(value, problems, cut),
                Err(fault) => fault,
            };
            let Some(steps) = fault.span().and_then(|span| self.locate(&span)) else {
                problems.push(problem("", fault.message(), fault.span()));
                return self.done(T::default(), problems, cut);
            };
            let entries = self.entries_at_fault::<T>(&steps, &fault);
            if !entries.is_empty() {
                for (steps, message, span) in entries.into_iter().rev() {
                    problems.push(problem(&written(&steps), &message, Some(span)));
                    remove(&mut self.root, &steps);
                }
                continue;
            }
            let place = written(&steps);
            match fault.span().and_then(|span| self.variable(&span)) {
                Some(number) if self.reread(number) => continue,
                Some(number) => {
                    let name = self.environment.get(number).map_or("", |(name, _)| name);
                    problems.push(problem(&place, &format!("{} ({name} in the environment)", fault.message()), None));
                }
                None => problems.push(problem(&place, fault.message(), fault.span())),
            }
            remove(&mut self.root, &steps);
            cut.push(place);
        }
    }

    /// Of a list, serde does not tell which entry is at fault. Each is tried alone; if the list does not even do when
    /// it is empty, the list itself is at fault.
    fn entries_at_fault<T: DeserializeOwned>(
        &self,
        steps: &[Step],
        fault: &Error,
    ) -> Vec<(Vec<Step>, String, Range<usize>)> {
        let Some(DeValue::Array(list)) = find(&self.root, steps) else { return Vec::new() };
        let alone = |entry: Option<&Spanned<DeValue<'a>>>| {
            let mut root = self.root.clone();
            let mut list = DeArray::new();
            entry.cloned().into_iter().for_each(|entry| list.push(entry));
            replace(&mut root, steps, DeValue::Array(list));
            attempt::<T>(&root).err().filter(|other| other.span() == fault.span())
        };
        if alone(None).is_some() {
            return Vec::new();
        }
        let faults = list.iter().enumerate().filter_map(|(index, entry)| {
            let message = alone(Some(entry))?.message().to_owned();
            Some(([steps, &[Step::Index(index)]].concat(), message, entry.span()))
        });
        faults.collect()
    }

    fn done<T>(self, value: T, problems: Vec<Problem>, cut: Vec<String>) -> Reading<T> {
        let spans = nodes(&self.root).into_iter().map(|node| (written(&node.steps), node.value)).collect();
        Reading { value, places: Places { spans, cut, broken: false, end: self.end }, problems }
    }

    /// What the environment sets has no place in the file; each variable is given one behind its end.
    fn behind(&self, number: usize) -> Range<usize> {
        let start = self.end + 1 + 2 * number;
        start..start + 1
    }

    fn variable(&self, span: &Range<usize>) -> Option<usize> {
        (0..self.environment.len()).find(|number| self.behind(*number) == *span)
    }

    /// Takes a variable's value for what it looks like in TOML, a number say, if it did not do as a string.
    fn reread(&mut self, number: usize) -> bool {
        let Some((name, value)) = self.environment.get(number).filter(|_| !self.doubted.contains(&number)) else {
            return false;
        };
        self.doubted.push(number);
        let span = self.behind(number);
        DeValue::parse(value)
            .is_ok_and(|value| set(&mut self.root, &path_in(name), Spanned::new(span, value.into_inner())))
    }

    /// The deepest key or entry at that very span, else the smallest around it.
    fn locate(&self, span: &Range<usize>) -> Option<Vec<Step>> {
        let nodes = nodes(&self.root);
        let exact = nodes.iter().filter(|node| node.value == *span || node.key.as_ref() == Some(span));
        let around = nodes.iter().filter(|node| node.value.start <= span.start && span.end <= node.value.end);
        let node = exact.max_by_key(|node| node.steps.len()).or_else(|| around.min_by_key(|node| node.value.len()))?;
        Some(node.steps.clone())
    }
}

fn attempt<T: DeserializeOwned>(root: &DeTable<'_>) -> Result<T, Error> {
    T::deserialize(Deserializer::from(Spanned::new(0..0, root.clone())))
}

fn problem(place: &str, message: &str, span: Option<Range<usize>>) -> Problem {
    Problem { place: place.to_owned(), message: message.trim_end().to_owned(), span }
}

fn path_in(variable: &str) -> Vec<String> {
    let path = variable.strip_prefix(super::environment::PREFIX).unwrap_or(variable);
    path.split("__").map(str::to_ascii_lowercase).collect()
}

/// Sets the value at a path; sections that are missing are made, entries of lists are not.
fn set<'a>(table: &mut DeTable<'a>, path: &[String], value: Spanned<DeValue<'a>>) -> bool {
    let Some((key, rest)) = path.split_first().filter(|(key, _)| !key.is_empty()) else { return false };
    let span = value.span();
    let key = || Spanned::new(span.clone(), key.clone().into());
    if rest.is_empty() {
        table.insert(key(), value);
        return true;
    }
    let section = || Spanned::new(value.span(), DeValue::Table(DeTable::new()));
    match table.entry(key()).or_insert_with(section).get_mut() {
        DeValue::Table(section) => set(section, rest, value),
        DeValue::Array(entries) => {
            let Some((index, rest)) = rest.split_first() else { return false };
            match index.parse().ok().and_then(|index: usize| entries.get_mut(index)).map(Spanned::get_mut) {
                Some(DeValue::Table(section)) => set(section, rest, value),
                _ => false,
            }
        }
        _ => false,
    }
}

fn find<'t, 'a>(root: &'t DeTable<'a>, steps: &[Step]) -> Option<&'t DeValue<'a>> {
    let (Step::Key(key), rest) = steps.split_first()? else { return None };
    rest.iter().try_fold(root.get(key.as_str())?.get_ref(), |value, step| match (value, step) {
        (DeValue::Table(table), Step::Key(key)) => table.get(key.as_str()).map(Spanned::get_ref),
        (DeValue::Array(entries), Step::Index(index)) => entries.get(*index).map(Spanned::get_ref),
        _ => None,
    })
}

fn find_mut<'t, 'a>(root: &'t mut DeTable<'a>, steps: &[Step]) -> Option<&'t mut DeValue<'a>> {
    let (Step::Key(key), rest) = steps.split_first()? else { return None };
    rest.iter().try_fold(root.get_mut(key.as_str())?.get_mut(), |value, step| match (value, step) {
        (DeValue::Table(table), Step::Key(key)) => table.get_mut(key.as_str()).map(Spanned::get_mut),
        (DeValue::Array(entries), Step::Index(index)) => entries.get_mut(*index).map(Spanned::get_mut),
        _ => None,
    })
}

fn replace<'a>(root: &mut DeTable<'a>, steps: &[Step], value: DeValue<'a>) {
    if let Some(there) = find_mut(root, steps) {
        *there = value;
    }
}

fn remove(root: &mut DeTable<'_>, steps: &[Step]) {
    let Some((last, above)) = steps.split_last() else { return };
    match (find_mut(root, above), last) {
        (None, Step::Key(key)) if above.is_empty() => {
            root.remove(key.as_str());
        }
        (Some(DeValue::Table(table)), Step::Key(key)) => {
            table.remove(key.as_str());
        }
        (Some(DeValue::Array(entries)), Step::Index(index)) => {
            let mut rest = DeArray::new();
            let others = entries.iter().enumerate().filter(|(other, _)| other != index);
            others.for_each(|(_, entry)| rest.push(entry.clone()));
            *entries = rest;
        }
        _ => {}
    }
}

fn nodes(root: &DeTable<'_>) -> Vec<Node> {
    let mut all = Vec::new();
    walk_table(root, &[], &mut all);
    all
}

fn walk_table(table: &DeTable<'_>, above: &[Step], all: &mut Vec<Node>) {
    for (key, value) in table {
        walk(value, Some(key.span()), [above, &[Step::Key(key.get_ref().to_string())]].concat(), all);
    }
}

fn walk(value: &Spanned<DeValue<'_>>, key: Option<Range<usize>>, steps: Vec<Step>, all: &mut Vec<Node>) {
    match value.get_ref() {
        DeValue::Table(table) => walk_table(table, &steps, all),
        DeValue::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                walk(entry, None, [steps.as_slice(), &[Step::Index(index)]].concat(), all);
            }
        }
        _ => {}
    }
    all.push(Node { steps, key, value: value.span() });
}

fn written(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        let dot = if text.is_empty() { "" } else { "." };
        // Writing to a string does not fail.
        let _ = match step {
            Step::Key(key) => write!(text, "{dot}{key}"),
            Step::Index(index) => write!(text, "[{index}]"),
        };
    }
    text
}
