//! The example server, end to end: started as a program, asked by curl and by raw sockets, on every
//! backend of this system.
#![forbid(unsafe_code)]

mod attacks;
mod client;
mod cost;
mod limits;
mod served;
mod stop;
mod wire;
mod with_curl;
