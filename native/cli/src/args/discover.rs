//! `--discover`: where to look for nodes to join.

use std::str::FromStr;

use outrigger_node::{Discovery, NamePattern};

/// One value of `--discover`.
#[derive(Clone, Debug)]
pub(crate) struct Discover {
    /// As it was given, for error texts.
    pub(crate) text: String,
    /// The places it stands for; several for a list of hosts.
    pub(crate) places: Vec<Discovery>,
}

/// `epmd:HOST[,HOST…][/PATTERN]`, `dns:NAME/BASENAME` or `nodes[/PATTERN]`.
impl FromStr for Discover {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let places = match kind {
            "epmd" => epmd(rest)?,
            "dns" => vec![dns(rest)?],
            _ if text == "nodes" => vec![Discovery::nodes(NamePattern::any())],
            _ => match text.strip_prefix("nodes/") {
                Some(names) => vec![Discovery::nodes(pattern(names)?)],
                None => {
                    return Err(format!(
                        "`{text}` is none of epmd:HOST,…/PATTERN, dns:NAME/BASENAME and nodes/PATTERN"
                    ));
                }
            },
        };
        Ok(Self { text: text.to_owned(), places })
    }
}

fn epmd(rest: &str) -> Result<Vec<Discovery>, String> {
    let (hosts, names) = match rest.rsplit_once('/') {
        Some((hosts, names)) => (hosts, pattern(names)?),
        None => (rest, NamePattern::any()),
    };
    let bare = |host: &str| {
        let host = host.trim();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_owned()
    };
    let hosts: Vec<String> = hosts.split(',').map(bare).collect();
    if hosts.iter().any(String::is_empty) {
        return Err("epmd needs the hosts to ask: epmd:HOST,…/PATTERN".into());
    }
    Ok(hosts.into_iter().map(|host| Discovery::epmd(host, names.clone())).collect())
}

fn dns(rest: &str) -> Result<Discovery, String> {
    match rest.split_once('/') {
        Some((query, basename)) if !query.is_empty() && !basename.is_empty() => {
            Ok(Discovery::dns(query, basename))
        }
        _ => Err(
            "dns needs a name to look up, and the part of the nodes' names before the `@`: dns:NAME/BASENAME"
                .into(),
        ),
    }
}

fn pattern(text: &str) -> Result<NamePattern, String> {
    text.parse().map_err(|error: outrigger_node::NodeError| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Result<String, String> {
        let discover = text.parse::<Discover>()?;
        let shown = discover.places.iter().map(|discovery| format!("{:?}", discovery.place));
        Ok(shown.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_three_kinds() {
        let any = "pattern: NamePattern(\"*\")";
        assert_eq!(places("epmd:h").unwrap(), format!("Epmd {{ host: \"h\", {any} }}"));
        let two = places("epmd:h1,[::1]/app-*").unwrap();
        assert!(
            two.contains("host: \"h1\"") && two.contains("host: \"::1\"") && two.contains("app-*"),
            "{two}"
        );
        assert_eq!(places("dns:app.svc/app").unwrap(), "Dns { query: \"app.svc\", basename: \"app\" }");
        assert_eq!(places("nodes").unwrap(), format!("Nodes {{ {any} }}"));
        assert!(places("nodes/app*").unwrap().contains("app*"));
    }

    #[test]
    fn what_is_wrong_names_the_form() {
        for (text, form) in [
            ("", "none of"),
            ("node", "none of"),
            ("nodes:x", "none of"),
            ("epmd:", "HOST"),
            ("epmd:a,,b", "HOST"),
            ("epmd:a/", "`*`"),
            ("epmd:a/x@y", "before"),
            ("dns:", "BASENAME"),
            ("dns:app.svc", "BASENAME"),
            ("dns:/app", "BASENAME"),
        ] {
            let error = places(text).unwrap_err();
            assert!(error.contains(form), "{text}: {error}");
        }
    }
}
