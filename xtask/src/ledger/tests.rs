//! Good and bad snippets of poll-sys.

use super::*;

fn findings(text: &str) -> Findings {
    let file = SourceFile { path: "poll-sys/src/f.rs".to_owned(), text: text.to_owned() };
    examine(&[file], &BTreeSet::new()).unwrap()
}

fn refused(text: &str, because: &str) {
    let violations = findings(text).violations;
    assert!(
        violations.iter().any(|violation| violation.message.contains(because)),
        "{text}\nwanted: {because}\ngot: {violations:?}"
    );
}

const PROOF: &str = "// SAFETY: 1. `fd` is open for the whole call.\n";

fn accepted(text: &str) -> Findings {
    let findings = findings(text);
    assert!(findings.violations.is_empty(), "{text}\n{:?}", findings.violations);
    findings
}

#[test]
fn a_proved_block_is_entered_with_its_function_and_operation() {
    let text = format!("impl Q {{ fn f() {{\n{PROOF}let n = unsafe {{ libc::dup(fd) }}; }} }}");
    let entry = &accepted(&text).entries[0];
    assert_eq!(
        (entry.function.as_str(), entry.operation.as_str(), entry.obligations),
        ("Q::f", "libc::dup", 1)
    );
}

#[test]
fn a_proof_may_stand_above_the_statement_or_above_the_block() {
    accepted(&format!("fn f() {{\n{PROOF}let n =\n check(unsafe {{ libc::dup(fd) }}); }}"));
    accepted(&format!("fn f() {{ let n = check(\n{PROOF} unsafe {{ libc::dup(fd) }}); }}"));
    accepted(&format!(
        "fn f() {{ match n {{\n{PROOF}0 => unsafe {{ libc::dup(fd) }}, _ => 1 }} }}"
    ));
}

#[test]
fn a_block_without_proof_is_refused() {
    refused("fn f() { unsafe { libc::dup(fd) }; }", "no `// SAFETY:`");
    refused(
        "// SAFETY: 1. for the function, not the block.\nfn f() {\nunsafe { libc::dup(fd) }; }",
        "no `// SAFETY:`",
    );
}

#[test]
fn two_blocks_cannot_share_a_proof() {
    let two = "check(unsafe { libc::dup(a) }).and(unsafe { libc::dup(b) });";
    refused(&format!("fn f() {{\n{PROOF}{two} }}"), "share one proof");
}

#[test]
fn more_than_one_operation_in_a_block_is_refused() {
    refused(&format!("fn f() {{\n{PROOF}unsafe {{ libc::a(libc::b()) }}; }}"), "several");
    refused(&format!("fn f() {{\n{PROOF}unsafe {{ libc::a(); libc::b(); }} }}"), "one operation");
    refused(&format!("fn f() {{\n{PROOF}unsafe {{ vec![libc::a()] }}; }}"), "hides");
}

#[test]
fn macros_with_unsafe_and_exported_macros_are_refused() {
    refused("macro_rules! m { () => { unsafe { f() } } }", "one proof cannot cover");
    refused("#[macro_export] macro_rules! m { () => {} }", "exports no macro");
    refused("fn f() { assert!(unsafe { g() }); }", "out of the ledger's sight");
}

#[test]
fn an_auto_trait_accounts_for_every_field() {
    let item = "struct Q { fd: i32, list: *const u8 }\n";
    let proof = "// SAFETY: 1. `fd` is an integer and may go anywhere.\nunsafe impl Send for Q {}";
    refused(&format!("{item}{proof}"), "its field `list`");
    let proof = proof.replace("anywhere.", "anywhere; `list` is never dereferenced.");
    assert_eq!(accepted(&format!("{item}{proof}")).entries[0].kind, Kind::Impl);
}

#[test]
fn an_unsafe_function_needs_a_safety_section() {
    refused("/// Does.\npub unsafe fn f() {}", "`# Safety`");
    accepted("/// Does.\n/// # Safety\n/// `fd` is open.\npub unsafe fn f() {}");
}

#[test]
fn declarations_by_hand_need_a_proof() {
    refused("unsafe extern \"C\" { fn kqueue1(flags: i32) -> i32; }", "no `// SAFETY:`");
}

#[test]
fn a_cited_invariant_must_be_defined() {
    let block = "fn f() {\n// SAFETY: 1. FD-LIVE.\nlet n = unsafe { libc::dup(fd) }; }";
    refused(block, "FD-LIVE is cited but not defined");
    let entry =
        &accepted(&format!("//! FD-LIVE: a borrowed descriptor is open.\n{block}")).entries[0];
    assert_eq!(entry.invariants, ["FD-LIVE"]);
}

#[test]
fn the_ledger_does_not_change_when_lines_move() {
    let block = format!("fn f() {{\n{PROOF}let n = unsafe {{ libc::dup(fd) }}; }}");
    let moved = format!("//! Docs.\n\n\n{block}");
    assert_eq!(ledger(&findings(&block)), ledger(&findings(&moved)));
    assert!(ledger(&findings(&block)).contains("| f | `libc::dup` | 1 |  |"));
}

#[test]
fn a_root_outside_poll_sys_must_forbid() {
    let file = SourceFile { path: "poll-net/src/lib.rs".to_owned(), text: String::new() };
    let roots = BTreeSet::from([file.path.clone()]);
    assert_eq!(examine(&[file], &roots).unwrap().violations.len(), 1);
}
