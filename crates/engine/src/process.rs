//! Who owns a lease: this process, named so that another one on the same machine can see when it has died.
//!
//! A killed process leaves its leases behind. Waiting until they run out is always right; where the
//! kernel can tell that the owner is gone, the wait is spared.

use std::fs;

/// A process as text: kernel and process namespace, process id, start time, and a random part.
#[derive(Debug, Clone)]
pub(crate) struct ProcessName(String);

impl ProcessName {
    pub(crate) fn current() -> Self {
        let id = std::process::id();
        let place = place().unwrap_or_else(|| "elsewhere".to_owned());
        let started = start_time(id).unwrap_or_default();
        Self(format!("{place}/{id}/{started}/{}", uuid::Uuid::now_v7()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// True if and only if `owner` was a process of this kernel and namespace, and has ended.
pub(crate) fn has_died(owner: &str) -> bool {
    let mut parts = owner.split('/');
    let (Some(place_of_owner), Some(id), Some(started)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let Some(place) = place() else { return false };
    let Ok(id) = id.parse() else { return false };
    place == place_of_owner && start_time(id).as_deref() != Some(started)
}

/// Process ids mean the same only within one boot of one kernel and one process namespace (`proc(5)`).
fn place() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{}.{}", boot.trim(), namespace.display()))
}

/// Ids are used again, so the start time tells two processes of one id apart (field 22 of `/proc/<id>/stat`).
fn start_time(id: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The second field is the program's name in parentheses, and may hold blanks itself.
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_of_this_machine_that_ended_is_dead() {
        let current = ProcessName::current();
        assert!(!has_died(current.as_str()));

        let mut child = std::process::Command::new("true").spawn().unwrap();
        let id = child.id();
        child.wait().unwrap();
        let place = place().expect("these tests run on Linux");
        assert!(has_died(&format!("{place}/{id}/1/x")));
        assert!(has_died(&format!("{place}/{}/1/x", std::process::id())), "the id was used again");
        assert!(!has_died("another-kernel.pid:[1]/1/1/x"));
        assert!(!has_died("w1"));
    }
}
