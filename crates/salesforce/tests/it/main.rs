//! The client against answers that real orgs, proxies and broken networks give.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod bulk_pages;
#[cfg(test)]
mod connect;
#[cfg(test)]
mod query_pages;
#[cfg(test)]
mod server;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod simulated_org;
