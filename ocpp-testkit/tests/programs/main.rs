//! The programs `station` and `csms` as processes, over real sockets and stores. Every wait is for something printed or
//! received; ports are free ones.

mod client;
mod harness;
mod kill;
mod security;
mod session;
