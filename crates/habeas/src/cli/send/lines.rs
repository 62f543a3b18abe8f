//! What does a file of requests ask for? It is read whole before anything of it is sent.

use std::{collections::HashMap, fmt};

use anyhow::anyhow;
use habeas_core::domain::Domain;
use habeas_server::operator::dto::{Send, To};
use serde::Serialize;
use serde_json::json;

use super::{
    super::{
        exit::{Exit, Failure, Outcome},
        output::{Output, complain},
    },
    person::Proof,
};

/// So many problems are shown; who has more has made the same mistake on every line.
const SHOWN: usize = 20;

/// A request of the file.
pub(super) struct Line {
    /// Its number, counted from 1.
    pub(super) number: usize,
    pub(super) wish: Send,
}

/// What is wrong with a line: where, never what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Fault {
    line: usize,
    field: Option<String>,
    message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// The requests of a file; `to` holds for lines that name nobody. Lines without a text are left out.
pub(super) fn read(bytes: &[u8], from: &Domain, to: &[String], proof: &Proof, output: Output) -> Outcome<Vec<Line>> {
    match parse(bytes, from, to, proof) {
        Ok(lines) if lines.is_empty() => Err(Failure::Usage(anyhow!("there is no request in the file"))),
        Ok(lines) => Ok(lines),
        Err(faults) => Err(told(&faults, output)),
    }
}

fn parse(bytes: &[u8], from: &Domain, to: &[String], proof: &Proof) -> Result<Vec<Line>, Vec<Fault>> {
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    let mut references = HashMap::new();
    for (index, text) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let number = index + 1;
        let text = text.trim_ascii();
        if text.is_empty() {
            continue;
        }
        let mut wish = match Send::of_line(from, text) {
            Ok(wish) => wish,
            Err(problem) => {
                let field = problem.field.as_ref().map(ToString::to_string);
                let message = match &problem.detail {
                    Some(detail) => format!("{}: {detail}", problem.code.row().title),
                    None => problem.code.row().title.to_owned(),
                };
                faults.push(Fault { line: number, field, message });
                continue;
            }
        };
        let proved = wish.claims.as_mut().map_or(Ok(()), |claims| proof.complete(claims));
        if let Err(error) = proved {
            faults.push(Fault { line: number, field: Some("claims".to_owned()), message: error.to_string() });
        }
        let earlier = wish.reference.clone().and_then(|reference| references.insert(reference, number));
        if let Some(earlier) = earlier {
            let message = format!("The same as on line {earlier}: only one of them would be sent");
            faults.push(Fault { line: number, field: Some("reference".to_owned()), message });
        }
        if wish.to.is_none() && !to.is_empty() {
            wish.to = Some(To::Many(to.to_vec()));
        }
        lines.push(Line { number, wish });
    }
    if faults.is_empty() { Ok(lines) } else { Err(faults) }
}

fn told(faults: &[Fault], output: Output) -> Failure {
    let error = format!("nothing was sent: {} of the file cannot be read", many(faults.len()));
    if output.is_json() {
        complain(&json!({ "error": error, "problems": faults }).to_string());
        return Failure::Told(Exit::Usage);
    }
    for fault in faults.iter().take(SHOWN) {
        complain(&fault.to_string());
    }
    if faults.len() > SHOWN {
        complain(&format!("and {} more", faults.len() - SHOWN));
    }
    Failure::Usage(anyhow!(error))
}

fn many(lines: usize) -> String {
    if lines == 1 { "a line".to_owned() } else { format!("{lines} lines") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<(usize, Option<To>)>, Vec<String>> {
        let to = ["mail".to_owned()];
        let lines = parse(text.as_bytes(), &"shop.localhost".parse().unwrap(), &to, &Proof::default());
        lines
            .map(|lines| lines.into_iter().map(|line| (line.number, line.wish.to)).collect())
            .map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    const ANN: &str = r#""identities":[{"kind":"email","format":"raw","value":"canary"}]"#;

    #[test]
    fn lines_keep_their_numbers_and_name_their_own_parties() {
        let text = format!("{{\"right\":\"erasure\",{ANN}}}\r\n\n{{\"right\":\"access\",{ANN},\"to\":\"ads\"}}");
        let expected = vec![(1, Some(To::Many(vec!["mail".to_owned()]))), (3, Some(To::One("ads".to_owned())))];
        assert_eq!(parsed(&text), Ok(expected));
    }

    #[test]
    fn every_fault_is_named_by_line_and_field_and_never_by_value() {
        let text = [
            format!("{{\"right\":\"erasure\",{ANN},\"reference\":\"a\"}}"),
            format!("{{\"right\":\"canary\",{ANN}}}"),
            "{\"right\":\"erasure\",\"identities\":[{\"kind\":\"email\",\"format\":\"canary\",\"value\":\"canary\"}]}"
                .to_owned(),
            "canary".to_owned(),
            format!("{{\"right\":\"erasure\",{ANN},\"from\":\"canary\"}}"),
            format!("{{\"right\":\"erasure\",{ANN},\"reference\":\"a\"}}"),
            format!("{{\"right\":\"erasure\",{ANN},\"submitted_at\":\"canary\"}}"),
            format!("{{\"right\":\"erasure\",{ANN},\"to\":[]}}"),
            format!("{{\"right\":\"erasure\",{ANN},\"claims\":{{\"name\":\"canary\",\"email_verified\":true}}}}"),
        ];
        let faults = parsed(&text.join("\n")).unwrap_err();
        let begins = [
            "line 2: right: ",
            "line 3: identities[0].format: ",
            "line 4: The body is not valid JSON",
            "line 5: A field is not what it should be: there is no member from here",
            "line 6: reference: The same as on line 1",
            "line 7: submitted_at: ",
            "line 8: to: ",
            "line 9: claims: email_verified is claimed: say with --verified",
        ];
        assert_eq!(faults.len(), begins.len(), "{faults:#?}");
        for (fault, begin) in faults.iter().zip(begins) {
            assert!(fault.starts_with(begin) && !fault.contains("canary"), "{fault}");
        }
    }
}
