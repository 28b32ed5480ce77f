//! The branches of a file: where they are, whether the tests took them, which nobody can take here.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use proc_macro2::Span;
use syn::spanned::Spanned;

use super::unreachable::Unreachable;

/// One way out of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Branch {
    line: u64,
    column: u64,
    /// Whether the condition holds on this way.
    holds: bool,
}

/// The branches of one file.
#[derive(Debug, Default)]
pub(super) struct Branches {
    pub(super) taken: usize,
    /// As a person would look them up, with the line's text.
    pub(super) missed: Vec<String>,
    /// Not counted, each with its reason.
    pub(super) left_out: Vec<(String, &'static str)>,
    /// Exceptions that are none: the tests take the branch, or it is not there.
    pub(super) stale: Vec<String>,
}

impl Branches {
    /// Sums up what LLVM exported of `path`: for each condition its place, four numbers, and how often
    /// it held and did not. A generic function is there once for each of its types; a branch that one
    /// of them took is taken. Unit tests within the file are left out.
    ///
    /// # Errors
    /// When `text` is not Rust.
    pub(super) fn of(
        path: &str,
        text: &str,
        exported: &[Vec<u64>],
        exceptions: &[Unreachable],
    ) -> Result<Self> {
        let tests = test_modules(text).with_context(|| format!("reading {path}"))?;
        let mut all: BTreeMap<Branch, bool> = BTreeMap::new();
        for numbers in exported {
            let [line, column, _, _, held, did_not, ..] = numbers[..] else { continue };
            if tests.iter().any(|(first, last)| (*first..=*last).contains(&line)) {
                continue;
            }
            for (holds, count) in [(true, held), (false, did_not)] {
                *all.entry(Branch { line, column, holds }).or_default() |= count > 0;
            }
        }
        let lines: Vec<&str> = text.lines().collect();
        let code = |branch: &Branch| {
            let index = usize::try_from(branch.line).unwrap_or(0);
            lines.get(index.saturating_sub(1)).map_or("", |line| line.trim())
        };
        let mut sum = Self::default();
        let mut used = vec![false; exceptions.len()];
        for (branch, taken) in &all {
            let told = format!("{path}:{}: never {}: {}", branch.line, branch.holds, code(branch));
            let exception = exceptions.iter().position(|exception| {
                exception.path == path
                    && exception.holds == branch.holds
                    && code(branch).contains(exception.code)
            });
            match (taken, exception) {
                (true, _) => sum.taken += 1,
                (false, Some(index)) => {
                    used[index] = true;
                    sum.left_out.push((told, exceptions[index].reason));
                }
                (false, None) => sum.missed.push(told),
            }
        }
        let unused = exceptions.iter().zip(used).filter(|(of, used)| of.path == path && !used);
        sum.stale = unused.map(|(of, _)| format!("{path}: {}: {}", of.holds, of.code)).collect();
        Ok(sum)
    }
}

/// The lines of the modules that are compiled for tests alone, first and last.
fn test_modules(text: &str) -> Result<Vec<(u64, u64)>> {
    let file = syn::parse_file(text)?;
    let line = |span: Span| (span.start().line as u64, span.end().line as u64);
    let modules = file.items.iter().filter_map(|item| match item {
        syn::Item::Mod(module) if module.attrs.iter().any(is_for_tests) => {
            Some(line(module.span()))
        }
        _ => None,
    });
    Ok(modules.collect())
}

/// Whether it is `cfg(test)` or `cfg(all(test, …))`.
fn is_for_tests(attribute: &syn::Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else { return false };
    let tokens = list.tokens.to_string().replace(' ', "");
    list.path.is_ident("cfg") && (tokens == "test" || tokens.starts_with("all(test,"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "fn f(a: bool) {\n    if a {}\n}\n#[cfg(all(test, not(loom)))]\nmod tests {\n    fn g() {}\n}\n";

    fn sum(exported: &[Vec<u64>], exceptions: &[Unreachable]) -> Branches {
        Branches::of("a.rs", TEXT, exported, exceptions).unwrap()
    }

    #[test]
    fn a_branch_that_one_instance_takes_is_taken() {
        let sum = sum(&[vec![2, 8, 2, 9, 1, 0, 0], vec![2, 8, 2, 9, 0, 3, 0]], &[]);
        assert_eq!((sum.taken, sum.missed.len()), (2, 0));
    }

    #[test]
    fn the_branches_of_unit_tests_do_not_count() {
        let sum = sum(&[vec![6, 8, 6, 9, 1, 0, 0]], &[]);
        assert_eq!((sum.taken, sum.missed.len()), (0, 0));
    }

    #[test]
    fn an_exception_is_left_out_with_its_reason_and_a_stale_one_is_told() {
        let exception = |holds| Unreachable { path: "a.rs", code: "if a", holds, reason: "why" };
        let sum = sum(&[vec![2, 8, 2, 9, 1, 0, 0]], &[exception(false), exception(true)]);
        assert_eq!((sum.taken, sum.missed.len()), (1, 0));
        assert_eq!(sum.left_out, [("a.rs:2: never false: if a {}".to_owned(), "why")]);
        assert_eq!(sum.stale, ["a.rs: true: if a"]);
    }
}
