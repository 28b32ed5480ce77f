//! A descriptor that is readable while somebody has rung and nobody has answered.

pub(crate) use super::doorbell_kind::Doorbell;

/// The type of a doorbell, which stands in a file of its own for each kind.
#[allow(dead_code, reason = "pins the shape of both kinds")]
trait Shape {
    const NEW: fn() -> std::io::Result<Doorbell> = Doorbell::new;
    const RING: fn(&Doorbell) -> std::io::Result<()> = Doorbell::ring;
    const OUTSIDE: for<'a> fn(&'a Doorbell) -> std::os::fd::BorrowedFd<'a> = Doorbell::outside;
    const ANSWER: fn(&Doorbell) -> std::io::Result<()> = Doorbell::answer;
}
