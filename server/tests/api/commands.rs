//! The commands of the real program: what they print, and how they fail.

use crate::support::{Client, PASSWORD, Program};

#[test]
fn a_second_server_on_the_same_repository_is_refused() {
    let program = Program::install();
    let first = program.serve(&[]);
    let said = program.fail(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(said.contains("in use by another Quillback"), "{said}");
    assert!(
        said.contains("quillback.db") && said.contains("--data-folder"),
        "{said}"
    );
    drop(first);
    program.serve(&[]);
}

#[cfg(unix)]
#[test]
fn a_server_that_is_told_to_stop_ends_well() {
    let program = Program::install();
    assert_eq!(program.serve(&[]).terminate(), Some(0));
}

#[test]
fn a_missing_driver_is_fatal_only_for_the_repository() {
    let program = Program::without_drivers();
    let said = program.fail(&["serve"]);
    for part in [
        "drivers",
        "libquillback_driver_sqlite",
        "quillback plugins list",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(!program.file("data").exists(), "nothing was begun");

    let program = Program::install();
    let broken = program
        .file("drivers")
        .join(quillback_plugin_host::file_name("broken"));
    std::fs::write(&broken, "not a library").unwrap();
    let served = program.serve(&[]);
    assert!(served.banner.contains("refused     "), "{}", served.banner);
    assert!(served.banner.contains("broken"), "{}", served.banner);
}

#[tokio::test]
async fn users_are_made_listed_and_let_back_in_while_the_server_runs() {
    let program = Program::install();
    let served = program.serve(&[]);
    let made = program.print(&["user", "create", "ada", "--admin"]);
    let password = made.trim().rsplit(' ').next().unwrap();
    let first = sign_in(&served.address, "ada", password).await;
    assert_eq!(viewer(&first).await, "ada");
    let again = program.fail(&["user", "create", "ADA"]);
    assert!(again.contains("already"), "{again}");

    let listed = program.print(&["user", "list"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(
        listed.contains("ada ") && listed.contains("must change password  admin"),
        "{listed}"
    );

    std::fs::write(program.file("new"), format!("{PASSWORD}\n")).unwrap();
    let reset = program.print(&["user", "reset-password", "ada", "--password-file", "new"]);
    assert!(!reset.contains(PASSWORD), "{reset}");
    let second = sign_in(&served.address, "ada", PASSWORD).await;
    assert_eq!(viewer(&second).await, "ada");
    // The server remembers who calls, and hears of what the command did.
    assert_eq!(viewer(&first).await, serde_json::Value::Null);
    std::fs::write(program.file("new"), "password1234").unwrap();
    let easy = program.fail(&["user", "reset-password", "ada", "--password-file", "new"]);
    assert!(
        easy.contains("first passwords that others would try"),
        "{easy}"
    );
    let nobody = program.fail(&["user", "reset-password", "nobody"]);
    assert!(nobody.contains("quillback user list"), "{nobody}");
}

async fn sign_in(address: &std::net::SocketAddr, username: &str, password: &str) -> Client {
    let input = serde_json::json!({ "input": { "username": username, "password": password } });
    let document = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
    let mut client = Client::new(*address);
    let signed = client.run(document, input).await;
    client.token = signed["signIn"]["token"].as_str().map(str::to_owned);
    client
}

async fn viewer(client: &Client) -> serde_json::Value {
    let answer = client
        .run("{ viewer { username } }", serde_json::json!({}))
        .await;
    answer["viewer"]["username"].clone()
}

#[test]
fn migrations_are_shown_run_and_refused_where_they_are_missing() {
    let program = Program::install();
    let dry = program.print(&["migrate", "--dry-run"]);
    assert!(
        dry.contains("to run") && dry.contains("nothing was changed"),
        "{dry}"
    );
    let missing = program.fail(&["serve", "--no-migrate", "--listen", "127.0.0.1:0"]);
    assert!(missing.contains("quillback migrate"), "{missing}");
    let ran = program.print(&["migrate"]);
    assert!(ran.contains("done now"), "{ran}");
    let again = program.print(&["migrate"]);
    assert!(
        again.contains("It is up to date.\n") && !again.contains("done now"),
        "{again}"
    );
    program.serve(&["--no-migrate"]);
}

#[test]
fn keys_are_rotated_and_a_foreign_key_file_is_refused() {
    let program = Program::install();
    drop(program.serve(&[]));
    let before = std::fs::read_to_string(program.file("data/keys")).unwrap();
    let listed = program.print(&["keys", "list"]);
    assert!(listed.contains("encrypts"), "{listed}");
    let rotated = program.print(&["keys", "rotate"]);
    assert!(
        rotated.starts_with("2 secrets are now encrypted"),
        "{rotated}"
    );
    let listed = program.print(&["keys", "list"]);
    assert!(listed.contains("decrypts only"), "{listed}");
    for secret in before.lines().filter_map(|line| line.split_once(':')) {
        assert!(!listed.contains(secret.1) && !rotated.contains(secret.1));
    }
    let served = program.serve(&[]);
    let busy = program.fail(&["keys", "rotate"]);
    assert!(busy.contains("in use by another Quillback"), "{busy}");
    drop(served);

    let own = std::fs::read_to_string(program.file("data/keys")).unwrap();
    let foreign = program.print(&["keys", "generate"]);
    std::fs::write(program.file("data/keys"), &foreign).unwrap();
    let said = program.fail(&["serve"]);
    assert!(said.contains("do not fit the repository"), "{said}");
    std::fs::remove_file(program.file("data/keys")).unwrap();
    program.fail(&["serve"]);
    assert!(
        !program.file("data/keys").exists(),
        "no new key file hides that the old one is missing"
    );
    std::fs::write(program.file("keys"), own).unwrap();
    program.serve(&["--set", "data.master_key={ file = \"keys\" }"]);
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let program = Program::install();
    drop(program.serve(&[]));
    let keys = program.file("data/keys");
    assert_eq!(
        std::fs::metadata(&keys).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        std::fs::metadata(program.file("data"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = program.fail(&["serve"]);
    assert!(said.contains("chmod 600"), "{said}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_books_are_sealed_and_verified() {
    let program = Program::install();
    let served = program.serve(&[]);
    program.print(&["user", "create", "ada"]);
    program.print(&["audit", "verify"]);
    assert_eq!(served.terminate(), Some(0));
    let said = program.print(&["audit", "verify"]);
    assert!(
        said.ends_with("The books are as they were written.\n") && !said.contains("not sealed yet"),
        "a server that stops seals what it wrote: {said}"
    );
    let newest = said.split_once("newest seal: ").unwrap().1;
    let newest = newest.lines().next().unwrap();
    program.print(&["audit", "verify", "--expect", newest]);
    program.print(&["user", "create", "bob"]);
    let sealed = program.print(&["audit", "seal"]);
    assert!(sealed.starts_with("newest seal: "), "{sealed}");
    assert!(program.print(&["audit", "seal"]).contains("nothing"));

    let cut = program.run(&["audit", "verify", "--json", "--expect", "9:k.x"]);
    assert_eq!(cut.status.code(), Some(1));
    let found: serde_json::Value = serde_json::from_slice(&cut.stdout).unwrap();
    assert_eq!(found["faults"][0]["kind"], "CUT_OFF");
    assert_eq!(found["faultCount"], 1);

    forge_events(&program).await;
    let forged = program.run(&["audit", "verify"]);
    assert_eq!(forged.status.code(), Some(1));
    let said = String::from_utf8(forged.stdout).unwrap();
    assert!(
        said.starts_with("FAULT  event ") && said.contains("is not as it was written (seal 1)"),
        "{said}"
    );
    assert!(said.ends_with("The books were touched.\n"), "{said}");
}

/// Writes into the audit trail beside the program.
async fn forge_events(program: &Program) {
    use quillback_plugin_api::batch::{Batch, Expect};
    use quillback_plugin_api::sql::{Assignment, Expr, Statement, Update};
    use quillback_plugin_api::{Ident, TableRef, remote::RemoteDriver};

    let driver = RemoteDriver::link(quillback_driver_sqlite::driver_plugin()).unwrap();
    let options = serde_json::json!({ "path": program.file("data/quillback.db") });
    let repository = driver.open(options).await.unwrap();
    let mut batch = Batch::default();
    let update = Update {
        table: TableRef::new(Ident::literal("_audit_events")),
        set: vec![Assignment::set(&Ident::literal("details"), "{}")],
        filter: Expr::True,
    };
    batch.write(Statement::Update(update), Expect::Any);
    repository.apply(&batch).await.unwrap();
    repository.close().await;
}

#[test]
fn plugins_are_listed_and_checked() {
    let program = Program::install();
    let listed = program.print(&["plugins", "list"]);
    assert!(
        listed.contains("loaded: sqlite ") && listed.contains("sha256 "),
        "{listed}"
    );
    let file = program
        .file("drivers")
        .join(quillback_plugin_host::file_name("sqlite"));
    let checked = program.print(&["plugins", "check", file.to_str().unwrap()]);
    assert!(checked.contains("can hold the repository"), "{checked}");
    let broken = program.file(&quillback_plugin_host::file_name("broken"));
    std::fs::write(&broken, "not a library").unwrap();
    for (file, why) in [
        (broken.to_str().unwrap(), "not a library"),
        ("bin/quillback", "is called"),
    ] {
        let output = program.run(&["plugins", "check", file]);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            said.starts_with("refused: ") && said.contains(why),
            "{said}"
        );
    }
    let digest = listed.split_once("sha256 ").unwrap().1.get(..64).unwrap();
    let enforced = ["--set", "plugins.mode=enforce", "--set"];
    let allow = format!("plugins.allow.sqlite={digest}");
    program.print(
        &[
            &["plugins", "check", file.to_str().unwrap()],
            &enforced[..],
            &[allow.as_str()],
        ]
        .concat(),
    );
    let other = format!("plugins.allow.sqlite={}", "0".repeat(64));
    let refused = program.fail(&[&["serve"], &enforced[..], &[other.as_str()]].concat());
    assert!(refused.contains(digest), "{refused}");
}

#[test]
fn the_schema_needs_neither_configuration_nor_database() {
    let program = Program::without_drivers();
    let schema = program.print(&["schema", "--config", "nowhere.toml"]);
    assert!(
        schema.contains("type Mutation") && schema.contains("writeRows("),
        "{}",
        schema.len()
    );
    program.print(&["schema", "--output", "out.graphql"]);
    assert_eq!(
        std::fs::read_to_string(program.file("out.graphql")).unwrap(),
        schema
    );
}

#[test]
fn a_misspelt_setting_is_refused_with_the_right_one() {
    let program = Program::without_drivers();
    std::fs::write(
        program.file("quillback.toml"),
        "[server]\nlistne = \"127.0.0.1:1\"\n",
    )
    .unwrap();
    for command in [&["config", "check"][..], &["serve"], &["user", "list"]] {
        let said = program.fail(command);
        assert!(
            said.contains("listne") && said.contains("`listen`"),
            "{said}"
        );
    }
    program.print(&["version"]);
}
