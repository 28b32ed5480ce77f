//! Reads one file of poll-sys: every unsafe item and block, with its proof.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::operations::{Operations, path_text};
use super::proof::{self, Proof};
use super::{Entry, Kind, Violation, foreign};
use crate::source::{Source, doc_text};

/// Names of all functions that are unsafe to call, declared in `source`.
pub(super) fn unsafe_functions(source: &Source) -> BTreeSet<String> {
    struct Names(BTreeSet<String>, bool);
    impl<'ast> Visit<'ast> for Names {
        fn visit_item_foreign_mod(&mut self, block: &'ast syn::ItemForeignMod) {
            self.1 = true;
            visit::visit_item_foreign_mod(self, block);
            self.1 = false;
        }
        fn visit_signature(&mut self, signature: &'ast syn::Signature) {
            let foreign = self.1 && !matches!(signature.safety, syn::Safety::Safe(_));
            if foreign || matches!(signature.safety, syn::Safety::Unsafe(_)) {
                self.0.insert(signature.ident.to_string());
            }
        }
    }
    let mut names = Names(BTreeSet::new(), false);
    names.visit_file(&source.file);
    names.0
}

/// Everything unsafe in `source`, and every rule that it breaks.
pub(super) fn scan(source: &Source, own: &BTreeSet<String>) -> (Vec<Entry>, Vec<Violation>) {
    let mut scan = Scan {
        source,
        own,
        place: Vec::new(),
        anchors: Vec::new(),
        fields: BTreeMap::new(),
        proofs: BTreeSet::new(),
        entries: Vec::new(),
        violations: Vec::new(),
    };
    for item in &source.file.items {
        if let syn::Item::Struct(item) = item {
            let names =
                item.fields.iter().filter_map(|f| f.ident.as_ref()).map(ToString::to_string);
            scan.fields.insert(item.ident.to_string(), names.collect());
        }
    }
    scan.visit_file(&source.file);
    (scan.entries, scan.violations)
}

struct Scan<'a> {
    source: &'a Source,
    own: &'a BTreeSet<String>,
    /// Modules, types and functions around the reader.
    place: Vec<String>,
    /// First lines of the statements around the reader: a proof may stand above the innermost.
    anchors: Vec<usize>,
    fields: BTreeMap<String, Vec<String>>,
    /// First lines of proofs already used.
    proofs: BTreeSet<usize>,
    entries: Vec<Entry>,
    violations: Vec<Violation>,
}

impl Scan<'_> {
    fn violate(&mut self, span: Span, message: impl Into<String>) {
        let line = span.start().line;
        self.violations.push(Violation {
            file: self.source.path.clone(),
            line,
            message: message.into(),
        });
    }

    fn within(&mut self, name: String, visit: impl FnOnce(&mut Self)) {
        self.place.push(name);
        let anchors = std::mem::take(&mut self.anchors);
        visit(self);
        self.anchors = anchors;
        self.place.pop();
    }

    fn anchored(&mut self, span: Span, visit: impl FnOnce(&mut Self)) {
        self.anchors.push(span.start().line);
        visit(self);
        self.anchors.pop();
    }

    fn enter(&mut self, kind: Kind, operation: String, span: Span) {
        let line = span.start().line;
        let comment = self
            .source
            .above(line)
            .or_else(|| self.anchors.last().and_then(|anchor| self.source.above(*anchor)));
        if let Some((first, _)) = &comment {
            if !self.proofs.insert(*first) {
                self.violate(span, "two unsafe operations share one proof; give each its own");
            }
        }
        // What is not proved is in the ledger all the same, with no obligation answered.
        let proof = match proof::read(comment.as_ref().map(|(_, text)| text.as_str())) {
            Ok(proof) => proof,
            Err(message) => {
                self.violate(span, format!("`{operation}`: {message}"));
                Proof::default()
            }
        };
        self.entries.push(Entry {
            file: self.source.path.clone(),
            line,
            function: self.place.join("::"),
            kind,
            operation,
            obligations: proof.obligations,
            invariants: proof.invariants.into_iter().collect(),
            proof: proof.text,
        });
    }

    fn declare(&mut self, what: &str, attributes: &[syn::Attribute], span: Span) {
        let documented = attributes.iter().filter_map(doc_text).any(|l| l.trim() == "# Safety");
        if !documented {
            self.violate(
                span,
                format!("`{what}` has no `# Safety` section: what must callers do?"),
            );
        }
        self.entries.push(Entry {
            file: self.source.path.clone(),
            line: span.start().line,
            function: self.place.join("::"),
            kind: Kind::Declaration,
            operation: what.to_owned(),
            obligations: 0,
            invariants: Vec::new(),
            proof: "the caller's: see its `# Safety` section".to_owned(),
        });
    }

    /// `auto-traits`: a proof of Send or Sync that forgets a field is none.
    fn account_for_fields(&mut self, item: &syn::ItemImpl, name: &str) {
        let fields = self.fields.get(name).cloned().unwrap_or_default();
        let proof = self.entries.last().map(|entry| entry.proof.clone()).unwrap_or_default();
        for field in fields.iter().filter(|field| !proof.contains(field.as_str())) {
            let message = format!("the proof for `{name}` says nothing of its field `{field}`");
            self.violate(item.span(), message);
        }
    }
}

impl<'ast> Visit<'ast> for Scan<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.within(item.ident.to_string(), |scan| visit::visit_item_mod(scan, item));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if matches!(item.sig.safety, syn::Safety::Unsafe(_)) {
            self.declare(&format!("unsafe fn {}", item.sig.ident), &item.attrs, item.sig.span());
        }
        self.within(item.sig.ident.to_string(), |scan| visit::visit_item_fn(scan, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if matches!(item.sig.safety, syn::Safety::Unsafe(_)) {
            self.declare(&format!("unsafe fn {}", item.sig.ident), &item.attrs, item.sig.span());
        }
        self.within(item.sig.ident.to_string(), |scan| visit::visit_impl_item_fn(scan, item));
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        if item.unsafety.is_some() {
            self.declare(&format!("unsafe trait {}", item.ident), &item.attrs, item.ident.span());
        }
        self.within(item.ident.to_string(), |scan| visit::visit_item_trait(scan, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let name = match &*item.self_ty {
            syn::Type::Path(path) => path_text(&path.path),
            other => other.span().source_text().unwrap_or_default(),
        };
        if item.unsafety.is_some() {
            let of = item.trait_.as_ref().map(|(path, _)| path_text(path)).unwrap_or_default();
            self.enter(Kind::Impl, format!("unsafe impl {of} for {name}"), item.span());
            if of == "Send" || of == "Sync" {
                self.account_for_fields(item, &name);
            }
        }
        self.within(name, |scan| visit::visit_item_impl(scan, item));
    }

    fn visit_item_foreign_mod(&mut self, item: &'ast syn::ItemForeignMod) {
        let names = item.items.iter().filter_map(|item| match item {
            syn::ForeignItem::Fn(function) => Some(function.sig.ident.to_string()),
            syn::ForeignItem::Static(item) => Some(item.ident.to_string()),
            _ => None,
        });
        let operation = format!("extern {{ {} }}", names.collect::<Vec<_>>().join(", "));
        self.enter(Kind::Extern, operation, item.span());
    }

    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        let operations = Operations::read(&block.block, self.own);
        let span = block.unsafe_token.span();
        if block.block.stmts.len() != 1 {
            self.violate(span, "an unsafe block holds one operation and nothing else");
        } else if operations.known.len() > 1 {
            let all = operations.known.join("`, `");
            self.violate(span, format!("several operations in one unsafe block: `{all}`"));
        }
        if operations.macros {
            self.violate(span, "a macro inside an unsafe block hides what it covers");
        }
        self.enter(Kind::Block, operations.name(), span);
        visit::visit_expr_unsafe(self, block);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if attribute.path().is_ident("unsafe") {
            self.enter(Kind::Attribute, "unsafe attribute".to_owned(), attribute.span());
        }
        if attribute.path().is_ident("macro_export") {
            self.violate(attribute.span(), "poll-sys exports no macro: write a function");
        }
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        if let Some(span) = foreign::keyword(item.tokens.clone()) {
            let name = path_text(&item.path);
            let message = if name == "macro_rules" {
                "a macro body with `unsafe`: one proof cannot cover every expansion; write a \
                 function"
                    .to_owned()
            } else {
                format!("`unsafe` inside `{name}!(…)` is out of the ledger's sight; use a `let`")
            };
            self.violate(span, message);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast syn::Stmt) {
        self.anchored(statement.span(), |scan| visit::visit_stmt(scan, statement));
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.anchored(arm.span(), |scan| visit::visit_arm(scan, arm));
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        self.anchored(field.span(), |scan| visit::visit_field_value(scan, field));
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.anchored(item.span(), |scan| visit::visit_item_static(scan, item));
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.anchored(item.span(), |scan| visit::visit_item_const(scan, item));
    }
}
