//! Names and namespaces.

/// Whether it is one name: a letter or `_`, then letters, digits and `_`.
pub(super) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether it is names with dots between them.
pub(super) fn is_dotted(text: &str) -> bool {
    text.split('.').all(is_name)
}

/// A full name: a name with dots is one, any other belongs to the namespace.
pub(super) fn full(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

/// What stands before the last dot of a full name.
pub(super) fn namespace(full: &str) -> &str {
    full.rsplit_once('.').map_or("", |(namespace, _)| namespace)
}

/// What stands behind it.
pub(crate) fn short(full: &str) -> &str {
    full.rsplit_once('.').map_or(full, |(_, short)| short)
}
