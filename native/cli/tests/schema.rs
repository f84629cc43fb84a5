//! `outrigger schema check` over real repositories and folders: outputs to the letter, exit codes, and that other tools can
//! read what is written for them.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic with its context is how a test reports")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const ORDER: &str = r#"{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "long"}]}"#;
const ORDER_OPTIONAL: &str = r#"{"type": "record", "name": "Order", "fields": [
    {"name": "id", "type": "long"}, {"name": "note", "type": ["null", "string"], "default": null}]}"#;
const ORDER_BROKEN: &str =
    r#"{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "int"}]}"#;
const USER: &str = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 10}}, "additionalProperties": false}"#;
const USER_BROKEN: &str = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 5}}, "additionalProperties": false}"#;
const EVENT: &str =
    "syntax = \"proto3\";\nimport \"common/id.proto\";\nmessage Event { Id id = 1; int32 n = 2; }\n";
const EVENT_BROKEN: &str =
    "syntax = \"proto3\";\nimport \"common/id.proto\";\nmessage Event { Id id = 1; string n = 2; }\n";
const ID: &str = "syntax = \"proto3\";\nmessage Id { string text = 1; }\n";

/// A repository with schemas on its branch `main`.
struct Repository(TempDir);

impl Repository {
    fn new() -> Self {
        let it = Self(tempfile::tempdir().unwrap());
        it.git(&["init", "--quiet", "--initial-branch", "main"]);
        it.write("schemas/order.avsc", ORDER);
        it.write("schemas/user.json", USER);
        it.write("schemas/event.proto", EVENT);
        it.write("schemas/common/id.proto", ID);
        it.write("schemas/package.json", "{}");
        it.commit();
        it
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn git(&self, arguments: &[&str]) {
        let mut command = Command::new("git");
        command.current_dir(self.path()).args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@t",
            "-c",
            "commit.gpgsign=false",
        ]);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        let out = command.args(arguments).output().unwrap();
        assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "change"]);
    }

    /// `main` as `git:main` is shown.
    fn head(&self) -> String {
        let out = Command::new("git").current_dir(self.path()).args(["rev-parse", "main"]).output().unwrap();
        format!("main ({})", &String::from_utf8(out.stdout).unwrap()[..9])
    }

    fn check(&self, arguments: &[&str]) -> (i32, String, String) {
        check(self.path(), arguments)
    }
}

fn check(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_outrigger"));
    let out = command.current_dir(folder).args(["schema", "check"]).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
}

#[test]
fn nothing_changed() {
    let repository = Repository::new();
    let (code, out, error) = repository.check(&["--against", "git:main", "schemas"]);
    let expected = "\
ok    schemas/common/id.proto  (protobuf)
ok    schemas/event.proto  (protobuf)
ok    schemas/order.avsc  (avro)
ok    schemas/user.json  (json-schema)
4 compatible (BACKWARD against git:main)
";
    assert_eq!((code, out.as_str(), error.as_str()), (0, expected, ""));
}

#[test]
fn what_is_incompatible_is_named_with_its_place_and_reason() {
    let repository = Repository::new();
    repository.write("schemas/order.avsc", ORDER_BROKEN);
    repository.write("schemas/user.json", USER_BROKEN);
    repository.write("schemas/event.proto", EVENT_BROKEN);
    repository.write("schemas/new.avsc", ORDER);
    fs::remove_file(repository.path().join("schemas/common/id.proto")).unwrap();
    repository.write("schemas/common/id.proto", ID);
    let head = repository.head();
    let (code, out, error) = repository.check(&["--against", "git:main", "schemas/"]);
    let expected = format!(
        "\
ok    schemas/common/id.proto  (protobuf)
FAIL  schemas/event.proto  (protobuf)
      cannot read what {head} wrote:
        #/Event/2: the field's type is written in another way: Event n: int32 -> string; leave the field, and add another one with a number of its own  [field_scalar_kind_changed]
new   schemas/new.avsc  (avro)
FAIL  schemas/order.avsc  (avro)
      cannot read what {head} wrote:
        $.id: the writer's long cannot be read as int  [type_mismatch]
FAIL  schemas/user.json  (json-schema)
      cannot read what {head} wrote:
        #/properties/name/maxLength: the reader takes shorter texts only: 10 -> 5; keep the old bound or a wider one  [max_length_decreased]
1 compatible, 3 incompatible, 1 new (BACKWARD against git:main)
"
    );
    assert_eq!((code, out, error.as_str()), (1, expected, ""));
}

#[test]
fn the_other_direction_and_no_direction() {
    let repository = Repository::new();
    repository.write("schemas/order.avsc", ORDER_BROKEN);
    // An old reader of longs reads ints.
    assert_eq!(repository.check(&["--against", "git:main", "--level", "FORWARD", "schemas"]).0, 0);
    assert_eq!(repository.check(&["--against", "git:main", "--level", "none", "schemas"]).0, 0);
    repository.write("schemas/order.avsc", ORDER);
    repository.write("schemas/user.json", &USER.replace("10", "20"));
    let (code, out, _) = repository.check(&["--against", "git:main", "--level", "full", "schemas/user.json"]);
    assert!(
        code == 1 && out.contains(&format!("{} cannot read what this writes:", repository.head())),
        "{out}"
    );
}

#[test]
fn transitive_levels_look_at_every_version_of_a_file() {
    let repository = Repository::new();
    // int -> long -> long with a note: the first can be read by the last, and not the other way round.
    repository.write("schemas/order.avsc", ORDER_BROKEN);
    repository.commit();
    repository.write("schemas/order.avsc", ORDER_OPTIONAL);
    let file = "schemas/order.avsc";
    assert_eq!(repository.check(&["--against", "git:main", "--level", "BACKWARD", file]).0, 0);
    assert_eq!(repository.check(&["--against", "git:main", "--level", "BACKWARD_TRANSITIVE", file]).0, 0);
    repository.write("schemas/order.avsc", ORDER_BROKEN);
    assert_eq!(repository.check(&["--against", "git:main", "--level", "BACKWARD", file]).0, 0);
    let (code, out, _) = repository.check(&["--against", "git:main", "--level", "BACKWARD_TRANSITIVE", file]);
    assert!(code == 1 && out.contains("$.id: the writer's long cannot be read as int"), "{out}");
}

#[test]
fn what_is_deleted_is_said_if_asked_for() {
    let repository = Repository::new();
    fs::remove_file(repository.path().join("schemas/user.json")).unwrap();
    let run = |more: &[&str]| repository.check(&[&["--against", "git:main", "schemas"], more].concat());
    let (code, out, _) = run(&[]);
    assert!(code == 0 && !out.contains("user.json"), "{out}");
    let (code, out, _) = run(&["--deleted", "warn"]);
    assert!(code == 0 && out.contains("gone  schemas/user.json"), "{out}");
    let (code, out, _) = run(&["--deleted", "deny"]);
    assert!(code == 1 && out.contains("FAIL  schemas/user.json") && out.contains("[file_deleted]"), "{out}");
    // Named itself it is known, and a file that never was is not.
    assert_eq!(repository.check(&["--against", "git:main", "--deleted", "deny", "schemas/user.json"]).0, 1);
    assert_eq!(repository.check(&["--against", "git:main", "schemas/never.json"]).0, 2);
}

#[test]
fn usage_and_unreadable_input_are_two() {
    let repository = Repository::new();
    for arguments in [
        &["--against", "git:no-such-branch", "schemas"][..],
        &["--against", "git:--output=x", "schemas"],
        &["--against", "main", "schemas"],
        &["schemas"],
        &["--against", "git:main"],
        &["--against", "git:main", "schemas/package.json"],
        &["--against", "file:schemas/order.avsc", "schemas"],
        &["--against", "dir:nowhere", "schemas"],
    ] {
        let (code, out, error) = repository.check(arguments);
        assert_eq!((code, out.as_str(), error.is_empty()), (2, "", false), "{arguments:?}");
    }
    repository.write("schemas/order.avsc", "{");
    let (code, out, _) = repository.check(&["--against", "git:main", "schemas"]);
    assert!(code == 2 && out.contains("ERR   schemas/order.avsc  (avro)\n      "), "{out}");
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("order.avsc"), ORDER).unwrap();
    assert_eq!(check(outside.path(), &["--against", "git:main", "order.avsc"]).0, 2);
}

#[test]
fn a_folder_of_versions_and_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("now/order.avsc", ORDER_BROKEN);
    write("versions/order/2.avsc", ORDER);
    write("versions/order/10.avsc", ORDER_BROKEN);
    let run = |arguments: &[&str]| check(folder.path(), arguments);
    assert_eq!(run(&["--against", "dir:versions", "now"]).0, 0, "10 is the last one");
    let (code, out, _) =
        run(&["--against", "dir:versions", "--level", "BACKWARD_TRANSITIVE", "now/order.avsc"]);
    assert!(code == 1 && out.contains("cannot read what order/2.avsc wrote:"), "{out}");
    assert!(out.starts_with("FAIL  now/order.avsc  (avro)\n"), "{out}");
    assert_eq!(run(&["--against", "file:versions/order/2.avsc", "now/order.avsc"]).0, 1);
    assert_eq!(run(&["--against", "file:versions/order/10.avsc", "now/order.avsc"]).0, 0);
    write("same/order.avsc", ORDER);
    write("same/gone.avsc", ORDER);
    let (code, out, _) = run(&["--against", "dir:same", "--deleted", "warn", "now"]);
    assert!(code == 1 && out.contains("gone  same/gone.avsc"), "{out}");
}

#[test]
fn the_policy_is_for_json_schemas() {
    let repository = Repository::new();
    repository.write("schemas/user.json", &USER.replace(", \"additionalProperties\": false", ""));
    repository.commit();
    repository.write("schemas/user.json", USER);
    let run = |policy: &str| repository.check(&["--against", "git:main", "--policy", policy, "schemas"]).0;
    assert_eq!((run("strict"), run("lenient")), (1, 0));
}

#[test]
fn json_without_a_schema_word_is_one_if_said_so() {
    let repository = Repository::new();
    repository.write("schemas/bare.json", r#"{"type": "string"}"#);
    repository.commit();
    repository.write("schemas/bare.json", r#"{"type": "integer"}"#);
    assert_eq!(repository.check(&["--against", "git:main", "schemas"]).0, 0);
    let (code, out, _) = repository.check(&["--against", "git:main", "--every-json", "schemas"]);
    assert!(code == 1 && out.contains("#: the reader takes another type: string -> integer"), "{out}");
}

#[test]
fn json_holds_all_of_it() {
    let repository = Repository::new();
    repository.write("schemas/order.avsc", ORDER_BROKEN);
    let (code, out, _) = repository.check(&["--against", "git:main", "--format", "json", "schemas"]);
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &value["compatible"], &value["level"]), (1, &Value::Bool(false), &"BACKWARD".into()));
    let order =
        value["files"].as_array().unwrap().iter().find(|file| file["path"] == "schemas/order.avsc").unwrap();
    assert_eq!((&order["status"], &order["format"]), (&"incompatible".into(), &"avro".into()));
    let found = &order["findings"][0];
    assert_eq!(
        (&found["kind"], &found["direction"], &found["path"]),
        (&"type_mismatch".into(), &"backward".into(), &"$.id".into())
    );
    assert_eq!(found["version"], repository.head());
}

#[test]
fn sarif_has_the_shape_of_2_1_0() {
    let repository = Repository::new();
    repository.write("schemas/order.avsc", ORDER_BROKEN);
    repository.write("schemas/user.json", "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", ");
    let (code, out, _) = repository.check(&["--against", "git:main", "--format", "sarif", "schemas"]);
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &value["version"]), (2, &"2.1.0".into()));
    let run = &value["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!((run["tool"]["driver"]["name"].as_str(), results.len()), (Some("outrigger"), 1));
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert_eq!(result["level"], "error");
        assert!(result["message"]["text"].as_str().unwrap().contains("cannot be read as int"));
        let place = &result["locations"][0];
        assert_eq!(place["physicalLocation"]["artifactLocation"]["uri"], "schemas/order.avsc");
        assert!(place["physicalLocation"]["region"]["startLine"].as_u64() >= Some(1));
        assert_eq!(place["logicalLocations"][0]["fullyQualifiedName"], "$.id");
    }
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"].as_array().unwrap().len(), 1);
}

#[test]
fn junit_is_xml_with_a_case_for_each_file() {
    let repository = Repository::new();
    repository.write("schemas/order.avsc", ORDER_BROKEN);
    let (code, out, _) = repository.check(&["--against", "git:main", "--format", "junit", "schemas"]);
    let head = repository.head();
    let expected = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites tests=\"4\" failures=\"1\" errors=\"0\">
  <testsuite name=\"outrigger schema check, BACKWARD against git:main\" tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"0\">
    <testcase classname=\"schema.protobuf\" name=\"schemas/common/id.proto\"/>
    <testcase classname=\"schema.protobuf\" name=\"schemas/event.proto\"/>
    <testcase classname=\"schema.avro\" name=\"schemas/order.avsc\">
      <failure message=\"1 findings\" type=\"type_mismatch\">backward {head}: $.id: the writer's long cannot be read as int [type_mismatch]</failure>
    </testcase>
    <testcase classname=\"schema.json-schema\" name=\"schemas/user.json\"/>
  </testsuite>
</testsuites>
"
    );
    assert_eq!((code, out), (1, expected));
}

#[test]
fn it_can_be_run_from_a_folder_inside_and_with_the_whole_tree() {
    let repository = Repository::new();
    repository.write("schemas/order.avsc", ORDER_BROKEN);
    let inside = repository.path().join("schemas");
    let (code, out, _) = check(&inside, &["--against", "git:main", "order.avsc"]);
    assert!(code == 1 && out.starts_with("FAIL  schemas/order.avsc"), "{out}");
    // The folder of the imports is not among what is given, but it is said where it is.
    let (code, out, _) = repository.check(&["--against", "git:main", "-I", "schemas", "."]);
    assert!(code == 1 && out.contains("ok    schemas/event.proto"), "{out}");
}
