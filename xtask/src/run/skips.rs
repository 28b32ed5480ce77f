//! Tests that a place cannot run, each with the reason; counted and shown, never silent.

use crate::report::Row;

/// Where suites run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On this CPU and kernel.
    Native,
    /// On this CPU and kernel, with another C library.
    Libc,
    /// On this kernel, as a program of a related CPU.
    Related,
    /// Under qemu's user emulation, of a CPU with this one's byte order.
    QemuUser,
    /// Under qemu's user emulation, of a CPU with the other byte order.
    QemuSwapped,
    /// In an emulated machine with an older kernel and nothing but busybox.
    Kernel,
    /// On this system, over a kqueue in user space.
    UserKqueue,
    /// On somebody's machine, of this system and CPU.
    Remote,
    /// On somebody's machine, of another system or CPU.
    Foreign,
}

/// A test, or a whole program, that is left out at some places.
pub(super) struct Skip {
    places: &'static [Place],
    /// `poll-core/conformance`.
    program: &'static str,
    /// A test's full name, or nothing for the whole program.
    test: Option<&'static str>,
    reason: &'static str,
}

const WIPE: &str = "qemu accepts MADV_WIPEONFORK and does not honour it";

const SWAP: &str = "qemu hands over the contents of IP's and UDP's control messages unswapped";

const FOREIGN: &str = "it starts a program of the other CPU, which this kernel cannot";

const SECCOMP: &str = "qemu refuses PR_SET_SECCOMP: the filter that refuses the call is not there";

const SOCKETCALL: &str =
    "the C library of this CPU makes sockets by socketcall(2), with one number";

const REAL_TIME: &str = "a real-time signal does not come to the program under qemu, or ends it";

const NESTED: &str = "libkqueue's queue is readable for no other queue, nor for poll(2)";

const CLOSED: &str = "libkqueue keeps the knotes of a closed descriptor";

const FORKED: &str = "libkqueue closes numbers in a child that were its own in the parent once";

const TAKEN: &str = "libkqueue takes SO_ERROR when it reports an error";

const FAULT: &str = "libkqueue says EFAULT, whatever kept it from making a knote";

const HANDLER: &str =
    "libkqueue's kevent takes a lock, for which a handler waits that has interrupted its holder";

const LATE: &str =
    "libkqueue closes its descriptors some time after the queue, and this knows which are free";

const SHARED: &str = "libkqueue hands what EV_DISPATCH disables to each of the threads that wait";

const THREAD: &str = "libkqueue makes a thread of its own, and this is about a process of one";

const QEMU: &[Place] = &[Place::QemuUser, Place::QemuSwapped];

const fn skip(
    places: &'static [Place],
    program: &'static str,
    test: Option<&'static str>,
    reason: &'static str,
) -> Skip {
    Skip { places, program, test, reason }
}

const fn wipe(test: &'static str) -> Skip {
    skip(QEMU, "poll-sys/poll_sys", Some(test), WIPE)
}

const fn seccomp(test: &'static str) -> Skip {
    skip(QEMU, "poll-sys/poll_sys", Some(test), SECCOMP)
}

const fn socketcall(test: &'static str) -> Skip {
    skip(&[Place::Related], "poll-sys/poll_sys", Some(test), SOCKETCALL)
}

const fn foreign(program: &'static str, test: &'static str) -> Skip {
    skip(QEMU, program, Some(test), FOREIGN)
}

const fn kqueue(program: &'static str, test: &'static str, reason: &'static str) -> Skip {
    skip(&[Place::UserKqueue], program, Some(test), reason)
}

const fn swap(program: &'static str, test: &'static str) -> Skip {
    skip(&[Place::QemuSwapped], program, Some(test), SWAP)
}

const SKIPS: &[Skip] = &[
    wipe("fork::tests::a_child_is_told_and_its_parent_is_not"),
    wipe("fork::tests::a_child_that_makes_a_mark_of_its_own_still_tells_its_parents"),
    wipe("signal::tests::a_child_marks_and_rings_nothing_and_ends_no_watch_of_its_parents"),
    skip(QEMU, "poll-sys/fork", None, WIPE),
    seccomp("system::refusals::a_pipe_that_is_refused_leaves_nothing_open"),
    seccomp("system::refusals::a_poller_that_is_refused_leaves_nothing_open"),
    seccomp("system::refusals::a_tcp_socket_that_is_refused_leaves_nothing_open"),
    seccomp("system::refusals::a_udp_socket_that_is_refused_leaves_nothing_open"),
    seccomp("system::refusals::a_unix_socket_that_is_refused_leaves_nothing_open"),
    seccomp(
        "system::refusals::fallbacks::a_child_that_cannot_be_watched_comes_back_with_the_reason",
    ),
    seccomp("system::refusals::fallbacks::a_fork_handler_that_finds_no_memory_is_an_error"),
    seccomp("system::refusals::fallbacks::a_kernel_without_busy_polling_says_unsupported"),
    seccomp(
        "system::refusals::fallbacks::a_kernel_without_the_quiet_flag_is_asked_once_and_writes_quietly_all_the_same",
    ),
    seccomp("system::refusals::fallbacks::a_timer_that_cannot_be_set_says_why"),
    seccomp(
        "system::refusals::fallbacks::a_wake_that_the_system_refuses_says_so_and_the_next_one_is_tried",
    ),
    seccomp("system::refusals::fallbacks::another_error_of_a_quiet_write_is_its_callers"),
    seccomp("system::refusals::fallbacks::another_error_of_an_epoll_wait_is_its_callers"),
    seccomp("system::refusals::fallbacks::what_cannot_be_read_says_why"),
    seccomp("system::refusals::fallbacks::without_memory_for_a_page_there_is_no_mark"),
    seccomp(
        "system::refusals::fallbacks::without_nanoseconds_epoll_waits_longer_and_asks_for_them_once",
    ),
    seccomp("system::refusals::fallbacks::without_pages_that_are_wiped_a_handler_tells_the_child"),
    socketcall("system::refusals::a_tcp_socket_that_is_refused_leaves_nothing_open"),
    socketcall("system::refusals::a_udp_socket_that_is_refused_leaves_nothing_open"),
    socketcall("system::refusals::a_unix_socket_that_is_refused_leaves_nothing_open"),
    skip(
        QEMU,
        "poll-sys/poll_sys",
        Some("system::kernel::epoll_params::tests::what_was_set_is_got_or_the_kernel_is_too_old"),
        "qemu does not know this ioctl, which is not what an old kernel says",
    ),
    skip(QEMU, "poll-core/signal", Some("a_real_time_signal_is_an_event_too"), REAL_TIME),
    skip(QEMU, "poll-core/signalfd", None, REAL_TIME),
    foreign("poll-core/sources", "standard_input"),
    skip(QEMU, "poll-core/examples", None, FOREIGN),
    skip(QEMU, "poll-net/httpd", None, FOREIGN),
    foreign("poll-net/descriptors", "accept_says_so_once_ends_and_loses_no_connection"),
    foreign("poll-net/descriptors", "a_body_that_mends_the_cause_goes_on_in_the_same_loop"),
    foreign(
        "poll-net/descriptors",
        "descriptors_that_do_not_fit_the_process_are_told_as_truncated",
    ),
    foreign("poll-net/descriptors", "every_constructor_fails_and_leaves_nothing_open"),
    foreign("poll-net/examples", "tcp_echo_gives_everything_back_even_to_a_slow_reader"),
    foreign("poll-net/examples", "udp_echo_answers_every_datagram"),
    foreign("poll-net/examples", "edge_drain_counts_every_byte_of_every_peer"),
    foreign("poll-net/examples", "proxy_closes_who_is_silent"),
    foreign("poll-net/examples", "proxy_ends_with_its_last_connection_once_it_is_told_to"),
    foreign("poll-net/examples", "proxy_passes_on_every_byte_and_each_half_close"),
    skip(
        &[Place::Related, Place::QemuUser, Place::QemuSwapped, Place::Foreign],
        "poll-net/syscalls",
        None,
        "the documented table is of Linux on x86-64 with glibc",
    ),
    skip(
        &[Place::Libc],
        "poll-net/syscalls",
        None,
        "the documented table is of glibc; musl's sendmmsg(3) is a loop of sendmsg(2)",
    ),
    swap("poll-net/allocations", "batches_with_everything_beside"),
    swap("poll-net/udp", "every_beside_fits_one_datagram"),
    swap("poll-net/udp", "joined_segments_can_be_taken_apart_again"),
    swap("poll-net/udp", "marks_arrive_as_they_were_sent"),
    swap("poll-net/udp", "marks_of_ipv4_cross_a_dual_stack_socket_both_ways"),
    swap("poll-net/udp", "segments_arrive_one_by_one"),
    kqueue(
        "poll-core/allocations",
        "kernel::a_child_is_watched_and_reaped_without_an_allocation",
        NESTED,
    ),
    kqueue(
        "poll-core/allocations",
        "kernel::a_timer_allocates_nothing_from_its_making_to_its_end",
        NESTED,
    ),
    kqueue("poll-core/child", "a_drop_after_the_exit_leaves_no_zombie", NESTED),
    kqueue("poll-core/child", "a_killed_child_tells_its_signal", NESTED),
    kqueue("poll-core/child", "a_signal_reaches_a_child_that_runs", NESTED),
    kqueue("poll-core/child", "a_signal_to_a_child_that_has_exited_changes_nothing", NESTED),
    kqueue("poll-core/child", "an_exit_is_an_event_in_every_mode_and_nothing_is_before", NESTED),
    kqueue("poll-core/child", "of_several_children_the_one_that_exits_is_told", NESTED),
    kqueue(
        "poll-core/child",
        "without_a_descriptor_of_the_process_an_exit_is_told_by_sigchld",
        NESTED,
    ),
    kqueue(
        "poll-core/conformance",
        "accept_limit::a_connection_that_could_not_be_accepted_is_reported_by_level_and_after_an_arm",
        LATE,
    ),
    kqueue(
        "poll-core/conformance",
        "s04_failing_io::a_datagram_that_nobody_took_is_a_readable_error",
        TAKEN,
    ),
    kqueue(
        "poll-core/conformance",
        "s04_failing_io::a_reset_connection_is_readable_and_writable_and_an_error",
        TAKEN,
    ),
    kqueue(
        "poll-core/conformance",
        "s09_errors::without_a_free_descriptor_no_poller_is_made_and_nothing_stays_open",
        FAULT,
    ),
    kqueue(
        "poll-core/conformance",
        "s12_drop::a_closed_guard_is_reported_no_more_unless_a_duplicate_lives",
        CLOSED,
    ),
    kqueue(
        "poll-core/conformance",
        "stale::a_number_that_is_used_again_is_not_reported_under_the_old_token",
        LATE,
    ),
    kqueue(
        "poll-core/conformance",
        "stale::an_event_of_a_connection_that_the_batch_has_outlived_finds_nothing",
        LATE,
    ),
    kqueue(
        "poll-core/conformance",
        "unowned::a_number_that_was_closed_without_a_delete_can_be_added_again",
        CLOSED,
    ),
    kqueue("poll-core/conformance", "waiters::a_oneshot_event_goes_to_one_waiter", SHARED),
    kqueue(
        "poll-core/user",
        "builder::a_level_notifier_inside_keeps_it_readable_until_it_is_cleared",
        NESTED,
    ),
    kqueue(
        "poll-core/user",
        "builder::a_source_inside_makes_the_inner_poller_readable_while_it_is_ready",
        NESTED,
    ),
    kqueue(
        "poll-core/user",
        "builder::an_edge_outside_comes_for_whatever_comes_after_an_empty_batch_inside",
        NESTED,
    ),
    kqueue("poll-core/user", "builder::a_wake_inside_ends_a_wait_outside", NESTED),
    kqueue(
        "poll-core/user",
        "builder::each_wake_inside_is_seen_outside_although_nobody_sleeps_there",
        NESTED,
    ),
    kqueue(
        "poll-core/user",
        "builder::what_does_not_fit_the_inner_batch_keeps_it_readable",
        NESTED,
    ),
    kqueue(
        "poll-sys/c_library",
        "an_abandoned_guard_does_not_touch_the_next_descriptor_of_that_number",
        CLOSED,
    ),
    kqueue("poll-sys/fork", "a_child_closes_its_own_copy_of_a_source", FORKED),
    kqueue(
        "poll-sys/fork",
        "beside::a_child_neither_reaps_nor_kills_its_parent_s_children",
        NESTED,
    ),
    kqueue("poll-sys/fork", "what_a_child_drops_stays_with_its_parent", FORKED),
    kqueue(
        "poll-sys/poll_sys",
        "system::refusals::fallbacks::a_child_that_cannot_be_watched_comes_back_with_the_reason",
        FAULT,
    ),
    kqueue(
        "poll-sys/poll_sys",
        "system::refusals::fallbacks::a_kernel_without_busy_polling_says_unsupported",
        "it asks for epoll",
    ),
    kqueue(
        "poll-sys/poll_sys",
        "system::refusals::fallbacks::a_timer_that_cannot_be_set_says_why",
        "it asks for a clock that timerfd has alone",
    ),
    kqueue(
        "poll-sys/poll_sys",
        "system::refusals::fallbacks::what_cannot_be_read_says_why",
        "it refuses read(2), which takes no timer of a kqueue",
    ),
    kqueue(
        "poll-sys/poll_sys",
        "system::refusals::a_poller_that_is_refused_leaves_nothing_open",
        "it asks for epoll",
    ),
    kqueue("poll-sys/signals", "every_wake_in_a_handler_ends_a_wait_and_keeps_errno", HANDLER),
    skip(&[Place::UserKqueue], "poll-core/examples", None, NESTED),
    skip(&[Place::UserKqueue], "poll-core/one_thread", None, THREAD),
    skip(&[Place::UserKqueue], "poll-core/timer", None, NESTED),
    skip(&[Place::UserKqueue], "poll-sys/one_thread", None, THREAD),
    skip(
        &[Place::UserKqueue],
        "poll-core/signalfd",
        None,
        "libkqueue closes its descriptors some time after the queue, and this counts them",
    ),
];

/// Programs that ask another program, which a machine away from here may not have.
const TOOLS: &[(&str, &str)] = &[("poll-net/httpd", "curl"), ("poll-net/syscalls", "strace")];

/// The program that the test program asks for, if there is one.
pub(super) fn tool(program: &str) -> Option<&'static str> {
    TOOLS.iter().find(|(name, _)| *name == program).map(|(_, tool)| *tool)
}

/// The skips that hold for `program` at `place`.
pub(super) fn of(program: &str, place: Place) -> Vec<&'static Skip> {
    let holds = |skip: &&Skip| skip.program == program && skip.places.contains(&place);
    SKIPS.iter().filter(holds).collect()
}

impl Skip {
    /// Arguments for libtest, or nothing when the whole program is left out.
    pub(super) fn args(skips: &[&Self]) -> Option<Vec<String>> {
        let tests: Option<Vec<&str>> = skips.iter().map(|skip| skip.test).collect();
        let mut args: Vec<String> = Vec::new();
        for test in tests? {
            args.extend(["--skip".to_owned(), test.to_owned()]);
        }
        if !args.is_empty() {
            args.push("--exact".to_owned());
        }
        Some(args)
    }

    /// The row that shows it.
    pub(super) fn row(&self, place: &str) -> Row {
        let test = self.test.unwrap_or("all tests");
        Row::skipped(format!("{place}: {}: {test}", self.program), self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Skip = Skip {
        places: &[Place::QemuUser],
        program: "poll-core/conformance",
        test: Some("waits::eintr"),
        reason: "qemu does not interrupt it",
    };
    const WHOLE: Skip = Skip { test: None, ..ONE };

    #[test]
    fn a_skipped_test_becomes_an_exact_argument_and_a_row() {
        let args = Skip::args(&[&ONE]).unwrap();
        assert_eq!(args, ["--skip", "waits::eintr", "--exact"]);
        assert_eq!(ONE.row("s390x").name, "s390x: poll-core/conformance: waits::eintr");
    }

    #[test]
    fn a_skipped_program_does_not_run() {
        assert_eq!(Skip::args(&[&ONE, &WHOLE]), None);
        assert_eq!(Skip::args(&[]), Some(Vec::new()));
    }
}
