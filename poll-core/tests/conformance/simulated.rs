//! How much of the suite the simulation runs.

/// Every file of the suite with tests.
const FILES: [&str; 22] = [
    include_str!("accept_limit.rs"),
    include_str!("crowd.rs"),
    include_str!("edge_loss.rs"),
    include_str!("equivalence.rs"),
    include_str!("events.rs"),
    include_str!("exclusive.rs"),
    include_str!("guard.rs"),
    include_str!("panics.rs"),
    include_str!("priority.rs"),
    include_str!("s01_modes.rs"),
    include_str!("s02_existing.rs"),
    include_str!("s03_capacity.rs"),
    include_str!("s04_failing_io.rs"),
    include_str!("s05_half_close.rs"),
    include_str!("s06_idle.rs"),
    include_str!("s07_time.rs"),
    include_str!("s09_errors.rs"),
    include_str!("s12_drop.rs"),
    include_str!("stale.rs"),
    include_str!("unowned.rs"),
    include_str!("waiters.rs"),
    include_str!("wakes.rs"),
];

/// The tests that need a kernel, and why: who adds one gives the reason here too.
const NEED_A_KERNEL: [(&str, &str); 8] = [
    ("a_closed_guard_is_reported_no_more_unless_a_duplicate_lives", "it has no duplicates"),
    ("a_datagram_that_nobody_took_is_a_readable_error", "it has no datagrams"),
    (
        "a_dropped_guard_is_silent_although_its_descriptor_is_in_flight",
        "its streams carry no descriptors",
    ),
    ("a_dropped_guard_is_silent_although_a_duplicate_lives", "it has no duplicates"),
    ("a_duplicate_of_a_watched_descriptor_can_be_watched_too", "it has no duplicates"),
    ("a_pipe_without_readers_is_writable_and_the_write_fails", "it has no pipes"),
    ("a_pipe_without_writers_is_readable_and_reads_the_end", "it has no pipes"),
    (
        "a_socket_that_is_not_connected_is_a_hang_up_on_epoll",
        "its streams are connected when they are made",
    ),
];

/// The tests of a file: the text of each from its name on.
fn tests(file: &str) -> impl Iterator<Item = &str> {
    file.split("#[test]\nfn ").skip(1)
}

#[test]
fn the_simulation_leaves_out_what_is_listed_and_nothing_else() {
    let mut left_out: Vec<(&str, &str)> = FILES
        .iter()
        .flat_map(|file| tests(file))
        .filter_map(|test| {
            let (name, body) = test.split_once("()").unwrap();
            let (_, reason) = body.split_once("    for_each_kernel")?;
            Some((name, reason.split('"').nth(1).unwrap()))
        })
        .collect();
    left_out.sort_unstable();
    for (name, reason) in &left_out {
        println!("{name} is not run on Simulated: {reason}");
    }
    let mut listed = NEED_A_KERNEL;
    listed.sort_unstable();
    assert_eq!(left_out, listed);
    let all: usize = FILES.iter().map(|file| tests(file).count()).sum();
    println!("{} of {all} tests run on Simulated", all - left_out.len());
    assert!(left_out.len() * 10 <= all, "{} of {all} are left out", left_out.len());
}
