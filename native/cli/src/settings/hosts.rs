//! The names of this machine, found the way `erl` finds them.

use std::fs;

/// What this machine calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostNames {
    /// The host name up to its first dot: the host of a short node name.
    pub(crate) short: String,
    /// The name with its domain, if it has one: the host of a long node name.
    pub(crate) full: Option<String>,
}

impl HostNames {
    /// Asks the system: the host name, then the domain of `/etc/hosts` or `/etc/resolv.conf`.
    pub(crate) fn of_system() -> Self {
        let name = gethostname::gethostname().to_string_lossy().into_owned();
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        Self::new(&name, &read("/etc/hosts"), &read("/etc/resolv.conf"))
    }

    /// The same from the texts of the files.
    pub(crate) fn new(name: &str, hosts: &str, resolv: &str) -> Self {
        let short = name.split('.').next().unwrap_or(name).to_owned();
        let full = if name.contains('.') {
            Some(name.to_owned())
        } else {
            canonical(name, hosts).or_else(|| domain(resolv).map(|domain| format!("{name}.{domain}")))
        };
        Self { short, full }
    }
}

/// The dotted name in the line of `/etc/hosts` that has this name.
fn canonical(name: &str, hosts: &str) -> Option<String> {
    hosts.lines().find_map(|line| {
        let names: Vec<&str> = line.split('#').next()?.split_whitespace().skip(1).collect();
        if !names.contains(&name) {
            return None;
        }
        let prefix = format!("{name}.");
        names.into_iter().find(|other| other.starts_with(&prefix)).map(str::to_owned)
    })
}

/// `domain`, else the first of `search`, of `/etc/resolv.conf`.
fn domain(resolv: &str) -> Option<&str> {
    let value = |key| {
        resolv.lines().rev().find_map(|line| {
            let mut words = line.split_whitespace();
            (words.next() == Some(key)).then(|| words.next()).flatten()
        })
    };
    value("domain")
        .or_else(|| value("search"))
        .map(|name| name.trim_matches('.'))
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(name: &str, hosts: &str, resolv: &str) -> Option<String> {
        HostNames::new(name, hosts, resolv).full
    }

    #[test]
    fn a_dotted_host_name_is_full() {
        let names = HostNames::new("box.example.org", "", "search other.org");
        assert_eq!(names, HostNames { short: "box".into(), full: Some("box.example.org".into()) });
    }

    #[test]
    fn the_hosts_file_comes_before_the_resolver() {
        let hosts = "127.0.0.1 localhost\n127.0.1.1 box.example.org box # mine\n";
        assert_eq!(full("box", hosts, "domain other.org").as_deref(), Some("box.example.org"));
        assert_eq!(full("bo", hosts, ""), None);
    }

    #[test]
    fn the_resolver_names_the_domain() {
        assert_eq!(full("box", "", "search a.org b.org\n").as_deref(), Some("box.a.org"));
        assert_eq!(full("box", "", "search a.org\ndomain b.org.\n").as_deref(), Some("box.b.org"));
        assert_eq!(full("box", "127.0.0.1 box", "nameserver 1.1.1.1\nsearch .\n"), None);
    }
}
