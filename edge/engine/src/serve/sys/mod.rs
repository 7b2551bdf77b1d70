//! The system calls of the server, each as a function that the rest can call without a C pointer or
//! with a promise that says what it must hold.

mod addresses;
mod calls;
mod datagrams;
mod epoll;
mod interfaces;
mod poll;

pub use addresses::ip_of;
pub use calls::{bind, listen, open_files, receive_drops, set_open_files, set_option, socket};
pub use datagrams::{forget_interface, receive, send};
pub use epoll::{Epoll, Event};
pub use interfaces::local_addresses;
pub use poll::Poll;
