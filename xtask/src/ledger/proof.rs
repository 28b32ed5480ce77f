//! What counts as a proof: numbered obligations, each answered, invariants by name.

use std::collections::BTreeSet;

/// Phrases that stand where an argument should.
const EXCUSES: [&str; 16] = [
    "same as",
    "see above",
    "as above",
    "checked above",
    "checked before",
    "checked earlier",
    "ditto",
    "likewise",
    "the kernel behaves",
    "trust me",
    "should be fine",
    "should be safe",
    "this is safe",
    "it is safe",
    "is obvious",
    "obviously",
];

/// A `SAFETY:` comment that passed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proof {
    /// How many obligations it numbers.
    pub(super) obligations: usize,
    /// The invariants that it cites by name.
    pub(super) invariants: BTreeSet<String>,
    /// The whole text in one line.
    pub(super) text: String,
}

/// Reads the comment above an unsafe operation.
///
/// # Errors
/// What is missing, with the remedy.
pub(super) fn read(comment: Option<&str>) -> Result<Proof, String> {
    let missing = "no `// SAFETY:` comment directly above; write one that numbers what the \
                   callee demands and answers each: `// SAFETY: 1. … 2. …`";
    let lines: Vec<&str> = comment.unwrap_or_default().lines().collect();
    let start = lines.iter().position(|line| line.starts_with("SAFETY:")).ok_or(missing)?;
    let text = lines[start..].join(" ");
    let text = text.trim_start_matches("SAFETY:").split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return Err("the SAFETY comment is empty".to_owned());
    }
    let lower = text.to_lowercase();
    if let Some(excuse) = EXCUSES.iter().find(|excuse| lower.contains(*excuse)) {
        return Err(format!("\"{excuse}\" proves nothing; say what was checked and where"));
    }
    let answers = answers(&text);
    if answers.is_empty() {
        return Err("the proof does not number the callee's obligations: `1. …`, even if there \
                    is only one"
            .to_owned());
    }
    for (index, answer) in answers.iter().enumerate() {
        if answer.split(' ').count() < 3 && cited(answer).is_empty() {
            return Err(format!("obligation {} is not answered: \"{answer}\"", index + 1));
        }
    }
    Ok(Proof { obligations: answers.len(), invariants: cited(&text), text })
}

/// The invariants that `prose` defines: a name in capitals with a hyphen, then a colon.
pub(super) fn defined(prose: &str) -> BTreeSet<String> {
    let words = prose.split_whitespace();
    let heads = words.filter(|word| word.trim_end_matches(['*', '`', '_']).ends_with(':'));
    heads.flat_map(cited).collect()
}

/// The invariant names in `text`, such as FD-LIVE.
pub(super) fn cited(text: &str) -> BTreeSet<String> {
    let part = |part: &str| {
        part.len() > 1
            && part.starts_with(|c: char| c.is_ascii_uppercase())
            && part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    };
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    let names = words.filter(|word| word.contains('-') && word.split('-').all(part));
    names.map(str::to_owned).collect()
}

/// Splits at `1.`, `2.`, … (or `(1)`, `1)`), in order, so that a stray number splits nothing.
fn answers(text: &str) -> Vec<String> {
    let mut answers: Vec<Vec<&str>> = Vec::new();
    for word in text.split(' ') {
        let next = answers.len() + 1;
        if [format!("{next}."), format!("({next})"), format!("{next})")].iter().any(|n| n == word) {
            answers.push(Vec::new());
        } else if let Some(answer) = answers.last_mut() {
            answer.push(word);
        }
    }
    answers.iter().map(|answer| answer.join(" ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_numbered_proof_passes_and_its_invariants_are_listed() {
        let proof = read(Some(
            "why\nSAFETY: 1. `fd` is open: FD-LIVE.\n2. the buffer holds n entries, INIT-PREFIX",
        ));
        let proof = proof.unwrap();
        assert_eq!(proof.obligations, 2);
        assert_eq!(proof.invariants.into_iter().collect::<Vec<_>>(), ["FD-LIVE", "INIT-PREFIX"]);
    }

    #[test]
    fn what_is_no_proof_is_refused() {
        let bad = [
            None,
            Some("just a comment"),
            Some("SAFETY:"),
            Some("SAFETY: the pointer is valid for the whole call"),
            Some("SAFETY: 1. same as accept"),
            Some("SAFETY: 1. the length was checked above"),
            Some("SAFETY: 1. the kernel behaves"),
            Some("SAFETY: 1. fine"),
            Some("SAFETY: 1. `fd` is open for the call 2."),
            Some("SAFETY: 2. the second without a first"),
        ];
        for comment in bad {
            assert!(read(comment).is_err(), "{comment:?}");
        }
    }

    #[test]
    fn an_invariant_is_defined_by_a_colon_and_only_names_in_capitals_count() {
        let names = defined("**FD-LIVE**: open.\n`INIT-PREFIX:` n entries. UTF-8: no, MT-Safe: no");
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["FD-LIVE", "INIT-PREFIX"]);
    }
}
