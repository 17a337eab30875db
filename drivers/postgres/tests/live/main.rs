//! What only this driver promises, against a real server; what all drivers promise is in the conformance suite.

#[cfg(test)]
mod columns;
#[cfg(test)]
mod copy;
#[cfg(test)]
mod flights;
#[cfg(test)]
mod pool;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod tls;
