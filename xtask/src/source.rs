//! A Rust file with its comments: `syn` drops them, and proofs are comments.

use anyhow::{Context, Result};
use proc_macro2::{TokenStream, TokenTree};

/// A parsed file that still knows which of its lines are comments.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) file: syn::File,
    /// For each line, from line 1 at index 0: the text after `//` where no token touches the line.
    comments: Vec<Option<String>>,
    /// Lines on which a statement's attribute may stand between it and its comment.
    attributes: Vec<bool>,
    pub(crate) tokens: TokenStream,
}

impl Source {
    /// Parses `text`.
    ///
    /// # Errors
    /// When it is not Rust, with the path and the line.
    pub(crate) fn parse(path: &str, text: &str) -> Result<Self> {
        let place = |error: &syn::Error| {
            format!("{path}:{}: the ledger cannot read this file", error.span().start().line)
        };
        let tokens: TokenStream = text
            .parse()
            .map_err(syn::Error::from)
            .map_err(|error| anyhow::anyhow!("{}: {error}", place(&error)))?;
        let file = syn::parse2(tokens.clone())
            .map_err(|error| anyhow::anyhow!("{}: {error}", place(&error)))
            .context("every file of the workspace must be plain Rust")?;
        let lines: Vec<&str> = text.lines().collect();
        let mut code = vec![false; lines.len() + 1];
        mark(tokens.clone(), &mut code);
        let comments = lines.iter().zip(&code).map(|(line, code)| comment(line, *code)).collect();
        let attributes = lines.iter().map(|line| line.trim_start().starts_with("#[")).collect();
        Ok(Self { path: path.to_owned(), file, comments, attributes, tokens })
    }

    /// The comment that ends on the line above `line` (attributes between are passed over), as
    /// its first line's number and its text.
    pub(crate) fn above(&self, line: usize) -> Option<(usize, String)> {
        let mut next = line.checked_sub(2)?;
        while *self.attributes.get(next)? {
            next = next.checked_sub(1)?;
        }
        let mut text = Vec::new();
        let mut first = next;
        while let Some(comment) = self.comments.get(next)? {
            text.push(comment.as_str());
            first = next;
            let Some(previous) = next.checked_sub(1) else {
                break;
            };
            next = previous;
        }
        text.reverse();
        (!text.is_empty()).then(|| (first + 1, text.join("\n")))
    }

    /// All comments and inner documentation, where named invariants are defined.
    pub(crate) fn prose(&self) -> String {
        let mut prose: Vec<String> = self.comments.iter().flatten().cloned().collect();
        prose.extend(self.file.attrs.iter().filter_map(doc_text));
        prose.join("\n")
    }
}

/// The text of a documentation attribute, whichever way it was written.
pub(crate) fn doc_text(attribute: &syn::Attribute) -> Option<String> {
    let syn::Meta::NameValue(meta) = &attribute.meta else {
        return None;
    };
    let syn::Expr::Lit(literal) = &meta.value else {
        return None;
    };
    match &literal.lit {
        syn::Lit::Str(text) if meta.path.is_ident("doc") => Some(text.value()),
        _ => None,
    }
}

fn comment(line: &str, code: bool) -> Option<String> {
    let text = line.trim_start().strip_prefix("//")?;
    (!code).then(|| text.trim().to_owned())
}

/// Marks every line that a token touches, so that `//` inside a string is no comment.
fn mark(tokens: TokenStream, code: &mut [bool]) {
    for token in tokens {
        let spans = match &token {
            TokenTree::Group(group) => vec![group.span_open(), group.span_close()],
            other => vec![other.span()],
        };
        for span in spans {
            let lines = span.start().line.saturating_sub(1)..span.end().line;
            if let Some(lines) = code.get_mut(lines) {
                lines.fill(true);
            }
        }
        if let TokenTree::Group(group) = token {
            mark(group.stream(), code);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_found_above_its_line_and_across_attributes() {
        let source = Source::parse("f.rs", "// a\n// b\n#[cold]\nfn f() {}\n").unwrap();
        assert_eq!(source.above(4), Some((1, "a\nb".to_owned())));
    }

    #[test]
    fn slashes_inside_a_string_are_no_comment() {
        let source = Source::parse("f.rs", "const S: &str = \"\n// SAFETY: no\n\";\nfn f() {}\n");
        assert_eq!(source.unwrap().above(4), None);
    }

    #[test]
    fn documentation_is_no_comment() {
        let source = Source::parse("f.rs", "/// SAFETY: no\nfn f() {}\n").unwrap();
        assert_eq!(source.above(2), None);
    }

    #[test]
    fn a_file_that_is_not_rust_is_named_with_its_line() {
        let error = Source::parse("f.rs", "\nfn {}").err().unwrap();
        assert!(format!("{error:#}").contains("f.rs:2"), "{error:#}");
    }
}
