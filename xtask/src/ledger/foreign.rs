//! The rules for every crate but poll-sys: no `unsafe` anywhere, `forbid` first in each root.

use proc_macro2::{Span, TokenStream, TokenTree};

use super::Violation;
use crate::source::{Source, doc_text};

/// The first `unsafe` keyword in `tokens`; words in strings and comments are none.
pub(super) fn keyword(tokens: TokenStream) -> Option<Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == "unsafe" => Some(ident.span()),
        TokenTree::Group(group) => keyword(group.stream()),
        _ => None,
    })
}

/// Refuses `unsafe` in a file outside poll-sys, macros and documentation examples included.
pub(super) fn no_unsafe(source: &Source) -> Option<Violation> {
    let violation = |line, what: &str| Violation {
        file: source.path.clone(),
        line,
        message: format!("{what} outside poll-sys; add a safe function there and call it"),
    };
    if let Some(span) = keyword(source.tokens.clone()) {
        return Some(violation(span.start().line, "`unsafe`"));
    }
    let mut docs = Docs::default();
    syn::visit::Visit::visit_file(&mut docs, &source.file);
    docs.found.map(|line| violation(line, "`unsafe` in a documentation example"))
}

/// Demands `#![forbid(unsafe_code)]` as the first attribute of a crate root.
pub(super) fn forbids(source: &Source) -> Option<Violation> {
    let first = source.file.attrs.iter().find(|attribute| doc_text(attribute).is_none());
    let good = first.is_some_and(|attribute| {
        attribute.path().is_ident("forbid")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("unsafe_code"))
    });
    (!good).then(|| Violation {
        file: source.path.clone(),
        line: 1,
        message: "the first attribute of this crate root must be `#![forbid(unsafe_code)]`"
            .to_owned(),
    })
}

/// Looks into the code blocks of documentation, which `forbid` does not reach.
#[derive(Default)]
struct Docs {
    fenced: bool,
    found: Option<usize>,
}

impl<'ast> syn::visit::Visit<'ast> for Docs {
    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        let Some(text) = doc_text(attribute) else {
            return;
        };
        for line in text.lines() {
            let code = line.split("//").next().unwrap_or_default();
            let mut words = code.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            if line.trim_start().starts_with("```") {
                self.fenced = !self.fenced;
            } else if self.fenced && words.any(|word| word == "unsafe") {
                self.found.get_or_insert(attribute.pound_token.span.start().line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Source {
        Source::parse("f.rs", text).unwrap()
    }

    #[test]
    fn unsafe_is_found_wherever_it_hides() {
        let bad = [
            "fn f() { unsafe { g() } }",
            "unsafe fn f() {}",
            "unsafe impl Send for X {}",
            "macro_rules! m { () => { unsafe { g() } } }",
            "fn f() { assert_eq!(unsafe { g() }, 1); }",
            "#[unsafe(no_mangle)] fn f() {}",
            "/// ```\n/// unsafe { g() }\n/// ```\nfn f() {}",
        ];
        for text in bad {
            assert!(no_unsafe(&file(text)).is_some(), "{text}");
        }
    }

    #[test]
    fn the_word_in_strings_comments_and_prose_is_no_unsafe() {
        let good = "#![forbid(unsafe_code)]\n/// An unsafe thing is not here.\nfn f() { // unsafe\n\
                    g(\"unsafe { }\"); }";
        assert!(no_unsafe(&file(good)).is_none());
    }

    #[test]
    fn forbid_must_be_the_first_attribute_after_the_documentation() {
        assert!(forbids(&file("//! Docs.\n#![forbid(unsafe_code)]\n#![no_std]")).is_none());
        for text in
            ["", "//! Docs.", "#![deny(unsafe_code)]", "#![no_std]\n#![forbid(unsafe_code)]"]
        {
            assert!(forbids(&file(text)).is_some(), "{text}");
        }
    }
}
