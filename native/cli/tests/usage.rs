//! What can be told without a cluster: help, versions, exit codes, wrong options.

mod common;

use common::{output, outrigger};

fn run(line: &[&str]) -> (i32, String, String) {
    output(outrigger(1).args(line))
}

#[test]
fn version_in_both_forms() {
    let (code, text, _) = run(&["version"]);
    assert_eq!(code, 0);
    assert!(text.starts_with(concat!("outrigger ", env!("CARGO_PKG_VERSION"))), "{text}");
    let (code, text, _) = run(&["version", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (code, &value["version"], &value["protocol"]),
        (0, &env!("CARGO_PKG_VERSION").into(), &2.into())
    );
}

#[test]
fn help_is_an_answer_and_a_wrong_option_is_not() {
    for line in [&["--help"][..], &["node", "--help"], &["doctor", "--help"], &["--version"]] {
        let (code, out, error) = run(line);
        assert_eq!((code, error.as_str()), (0, ""), "{line:?}");
        assert!(!out.is_empty());
    }
    for line in [
        &[][..],
        &["sail"],
        &["node"],
        &["node", "--sname", "a", "--net-ticktime", "0"],
        &["node", "--sname", "a@b.c"],
        &["node", "--name", "a@b"],
        &["node", "--sname", "a", "--join", "b@c.d"],
        &["node", "--sname", "a", "--no-epmd", "--join", "b"],
        &["doctor", "--join", "no name"],
    ] {
        let (code, out, error) = run(line);
        assert_eq!((code, out.as_str()), (2, ""), "{line:?}: {error}");
        assert!(!error.is_empty(), "{line:?}");
    }
}

#[test]
fn a_supervisor_is_told_of_wrong_options_in_its_own_form() {
    let (code, out, _) = run(&["node", "--supervised", "--sail"]);
    assert_eq!(code, 1);
    assert!(out.starts_with("error\tfatal bad_option\terror: unexpected argument '--sail'"), "{out}");
    assert_eq!(out.lines().count(), 1);
}

#[test]
fn a_cookie_on_the_command_line_is_refused_and_not_repeated() {
    let (code, out, error) = run(&["node", "--sname", "a", "--cookie=open-sesame"]);
    assert_eq!(code, 2);
    assert!(!format!("{out}{error}").contains("open-sesame"));
}

#[test]
fn without_a_cookie_the_remedy_is_named() {
    let (code, _, error) = run(&["node", "--sname", "a"]);
    assert_eq!(code, 1);
    assert!(error.contains("fatal bad_option: no cookie"), "{error}");
}

#[test]
fn a_cookie_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cookie");
    std::fs::write(&path, "open-sesame\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, out, error) = run(&["node", "--sname", "a", "--cookie-file", path.to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(error.contains("mode is 0644") && error.contains("chmod 400"), "{error}");
    assert!(!format!("{out}{error}").contains("open-sesame"));
}
