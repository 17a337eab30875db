//! Ways to sign in, one file each.

pub mod password;
