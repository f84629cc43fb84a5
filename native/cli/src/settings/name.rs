//! The node's own name from `--name` or `--sname`.

use outrigger_node::{NameKind, NodeName};

use super::{HostNames, SettingsError};
use crate::args::NameArgs;

/// Our name, completed and checked like `erl -name` and `erl -sname` do. `None` if neither option is given.
pub(crate) fn own_name(args: &NameArgs, hosts: &HostNames) -> Result<Option<NodeName>, SettingsError> {
    if let Some(text) = &args.name {
        let host = hosts.full.as_deref();
        let text =
            complete(text, host).ok_or_else(|| SettingsError::NoFullHostName { name: text.clone() })?;
        let name = parse("--name", &text)?;
        return match name.kind() {
            NameKind::Long => Ok(Some(name)),
            NameKind::Short => Err(SettingsError::NotLong { name: text }),
        };
    }
    if let Some(text) = &args.sname {
        let text = complete(text, Some(&hosts.short)).unwrap_or_default();
        let name = parse("--sname", &text)?;
        return match name.kind() {
            NameKind::Short => Ok(Some(name)),
            NameKind::Long => Err(SettingsError::NotShort { name: text }),
        };
    }
    Ok(None)
}

/// A node name out of an option.
pub(super) fn parse(option: &'static str, text: &str) -> Result<NodeName, SettingsError> {
    text.parse::<NodeName>().map_err(|error| SettingsError::BadName {
        option,
        name: text.to_owned(),
        why: error.to_string(),
    })
}

/// `name` with `@host` behind it unless it has one. `None` if there is no host to add.
pub(super) fn complete(name: &str, host: Option<&str>) -> Option<String> {
    if name.contains('@') { Some(name.to_owned()) } else { host.map(|host| format!("{name}@{host}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> HostNames {
        HostNames { short: "box".into(), full: Some("box.example.org".into()) }
    }

    fn long(name: &str) -> Result<String, String> {
        let args = NameArgs { name: Some(name.into()), sname: None };
        own_name(&args, &hosts()).map(|name| name.unwrap().to_string()).map_err(|error| error.to_string())
    }

    fn short(name: &str) -> Result<String, String> {
        let args = NameArgs { name: None, sname: Some(name.into()) };
        own_name(&args, &hosts()).map(|name| name.unwrap().to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_completed() {
        assert_eq!(long("a"), Ok("a@box.example.org".into()));
        assert_eq!(long("a@127.0.0.1"), Ok("a@127.0.0.1".into()));
        assert_eq!(short("a"), Ok("a@box".into()));
        assert_eq!(short("a@other"), Ok("a@other".into()));
    }

    #[test]
    fn the_kind_must_fit() {
        assert!(long("a@box").unwrap_err().contains("--sname a@box"));
        assert!(short("a@box.example.org").unwrap_err().contains("--name a@box.example.org"));
    }

    #[test]
    fn no_domain_names_the_remedy() {
        let args = NameArgs { name: Some("a".into()), sname: None };
        let lonely = HostNames { short: "box".into(), full: None };
        assert!(own_name(&args, &lonely).unwrap_err().to_string().contains("--name a@127.0.0.1"));
    }

    #[test]
    fn nonsense_is_refused() {
        for name in ["@box.d", "a@", "a b@box.d", "a@box.d@c", "", "ä@box.d\n"] {
            assert!(long(name).is_err(), "{name}");
        }
    }
}
