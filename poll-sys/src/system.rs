//! A system that nobody has described yet, and how to do it.
//!
//! Copy the `system_*.rs` of the nearest system and name it at the end of `lib.rs`; then name the
//! system in `poll-core/src/backend/mod.rs` and its target in `xtask/src/targets.rs`. Each of these
//! questions needs an answer, in the system's file or in the `family_*.rs` that it includes, if that
//! holds for it. The compiler asks for what is missing. What is `pub` there is public in the crate.
//!
//! | question | answers, beside it what they ask in turn |
//! |---|---|
//! | `errno_location` | the C library's function that says where errno is |
//! | `poll_wait` | `poll_ns.rs`, `poll_ms.rs` |
//! | `born`: `accept`, `pipe`, `socket` | `atomic/`, `plain/` |
//! | `fork_watch` | `fork_wipe.rs`, `fork_handler` |
//! | `threads_told` | `threads_glibc.rs`, `threads_unknown.rs` |
//! | `abstract_name` | `abstract_name.rs` (`SocketAddrExt`), `abstract_name_none.rs` |
//! | `cred_by` | `cred_peercred.rs` (`PeerCred`), `cred_peereid.rs` (`PEER_PROCESS`: level and name of the option that tells the process), `cred_ucred.rs`, `cred_none.rs` |
//! | `mmsg` | `mmsg.rs` (`MmsgCount`: what the calls return), `mmsg_loop.rs` |
//! | `quiet_flag` | `quiet_flag.rs`, `quiet_flag_none.rs` |
//! | `sendfile_by` | `sendfile_offset.rs` (`sendfile64`, whose offsets are of 64 bits), `sendfile_sbytes.rs`, `sendfile_len.rs`, `sendfile_copy.rs` |
//! | `signalfd` | `signalfd.rs`, `signalfd_none.rs` |
//! | `sigpipe_take` | `sigpipe_take.rs`, `sigpipe_take_untimed.rs` |
//! | `splice` | `splice.rs`, `splice_none.rs` |
//! | `udp_v4` | `udp_v4_pktinfo.rs` (`REPORT_PKTINFO`: the option that makes the kernel report it; `PKTINFO_SOURCE_AT`: where the source address stands in one that is sent), `udp_v4_dstaddr.rs`, `udp_v4_none.rs` |
//! | `urgent_mark` | `urgent_mark.rs`, `urgent_mark_ioctl.rs` |
//! | `NAMES` | the fields of `names::Names` |
//! | interfaces of its own | `epoll` (`call`), `epoll_params`, `eventfd`, `pidfd`, `timerfd`; `event_port`; `kqueue` (`kqueue_abi`, `kqueue_create`, `kqueue_local`: the types of `struct kevent` and the words that not every system has) |

compile_error!("poll-sys does not know this system: poll-sys/src/system.rs says how to add it");
