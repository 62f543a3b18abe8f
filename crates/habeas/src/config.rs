//! How is this server set up? One TOML file, the environment over it, every problem listed at once.

pub mod business;
pub mod duration;
pub mod environment;
pub mod model;
pub mod organisation;
pub mod party;
pub mod problem;
pub mod reference;
pub mod source;
pub mod text;

use std::{
    io,
    path::{Path, PathBuf},
};

pub use model::Config;
use problem::{Problem, Problems};
use source::Places;

/// The file looked for where none is named.
pub const FILE: &str = "habeas.toml";
/// The commented configuration that `habeas init` writes.
pub const DEFAULT: &str = include_str!("config/default.toml");

/// A configuration as it was read, with what is wrong with it so far.
pub struct Loaded {
    /// What it says; where something could not be read, the default.
    pub config: Config,
    name: String,
    folder: PathBuf,
    text: String,
    places: Places,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

/// Reads a file, and over it the environment.
///
/// # Errors
/// When the file cannot be read at all. What is wrong inside is noted in the result.
pub fn load(path: &Path) -> io::Result<Loaded> {
    let text = std::fs::read_to_string(path)?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    Ok(Loaded::of(&path.display().to_string(), folder, text, &environment::overrides()))
}

impl Loaded {
    /// What a text says, as if it stood in a file of that name and folder.
    pub fn of(name: &str, folder: PathBuf, text: String, environment: &[(String, String)]) -> Self {
        let source::Reading { value: config, places, problems } = source::read(&text, environment);
        Self { config, name: name.to_owned(), folder, text, places, problems, warnings: Vec::new() }
    }

    /// A path as the configuration means it.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// Notes that a key's value is wrong.
    pub fn object(&mut self, place: &str, message: impl Into<String>) {
        let problem = self.problem(place, message.into());
        self.problems.push(problem);
    }

    /// Notes that a key is not there; says nothing where it was and could not be read.
    pub fn missing(&mut self, place: &str) {
        self.missing_because(place, "is required");
    }

    /// The same, in words of its own.
    pub fn missing_because(&mut self, place: &str, message: &str) {
        if !self.places.was_cut(place) {
            self.object(place, message);
        }
    }

    /// Notes what stops nothing but should be known.
    pub fn warn(&mut self, place: &str, message: impl Into<String>) {
        let problem = self.problem(place, message.into());
        self.warnings.push(problem);
    }

    fn problem(&self, place: &str, message: String) -> Problem {
        Problem { place: place.to_owned(), message, span: self.places.span(place) }
    }

    /// Whether nothing is wrong so far.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// What is wrong so far, in the order of the file.
    pub fn problems(&self) -> Problems {
        Problems::new(&self.name, &self.shown(), self.problems.clone())
    }

    /// What should be known, in the order of the file.
    pub fn warnings(&self) -> Problems {
        Problems::new(&self.name, &self.shown(), self.warnings.clone())
    }

    /// The text as it may be printed beside a problem: where a sealed secret or a hash belongs, somebody may have
    /// written the secret itself.
    fn shown(&self) -> String {
        let at_fault = self.problems.iter().filter(|problem| source::is_secret(&problem.place));
        let spans = self.places.secrets().chain(at_fault.filter_map(|problem| problem.span.clone()));
        let mut text = self.text.clone();
        for span in spans {
            if let Some(value) = text.get(span.clone()).filter(|value| value.starts_with(['"', '\''])) {
                let hidden: String = value.chars().map(hide).collect();
                text.replace_range(span, &hidden);
            }
        }
        text
    }
}

/// As many bytes as the character has, so that every place stays where it is.
fn hide(character: char) -> String {
    if character == '\n' { "\n".to_owned() } else { "*".repeat(character.len_utf8()) }
}

#[cfg(test)]
mod tests;
