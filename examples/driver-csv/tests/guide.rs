//! Follows `docs/write-a-driver.md` as a reader would: takes the files that each step names, compares the code with the
//! driver, runs every command, and in the end edits a CSV file through the real server.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value as Json, json};

const HERE: &str = env!("CARGO_MANIFEST_DIR");
const EXE: &str = std::env::consts::EXE_SUFFIX;

fn root() -> PathBuf {
    Path::new(HERE).ancestors().nth(2).unwrap().to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One block of code: its language, its text, and the paragraph before it.
struct Block<'a> {
    language: &'a str,
    text: &'a str,
    before: &'a str,
}

/// The parts of a step in their order.
enum Part<'a> {
    Files(Vec<&'a str>),
    Code(Block<'a>),
}

fn parts(step: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for (position, piece) in step.split("```").enumerate() {
        if position % 2 == 1 {
            let (language, text) = piece.split_once('\n').unwrap();
            let before = step.split("```").nth(position - 1).unwrap();
            let before = before.trim_end().rsplit("\n\n").next().unwrap();
            parts.push(Part::Code(Block {
                language,
                text,
                before,
            }));
        } else {
            let lists = piece
                .lines()
                .filter_map(|line| line.strip_prefix("Files: "));
            parts.extend(
                lists.map(|list| Part::Files(list.split('`').skip(1).step_by(2).collect())),
            );
        }
    }
    parts
}

/// What a reader has made so far.
struct Reader {
    folder: tempfile::TempDir,
    server: PathBuf,
    said: String,
}

impl Reader {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Dependencies that were built for this test need not be built again.
        let target = target();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&target, folder.path().join("target")).unwrap();
        fs::copy(
            Path::new(HERE).join("Cargo.lock"),
            folder.path().join("Cargo.lock"),
        )
        .unwrap();
        Self {
            folder,
            server: server(),
            said: String::new(),
        }
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn follow(&mut self, part: Part<'_>, graphql: &mut Vec<String>) {
        match part {
            Part::Files(files) => {
                for file in files {
                    self.put(file, &read(Path::new(HERE).join(file)));
                }
            }
            Part::Code(Block {
                language: "sh",
                text,
                ..
            }) => self.run(text),
            Part::Code(Block {
                language: "text",
                text,
                ..
            }) => {
                assert!(
                    self.said.contains(text.trim()),
                    "expected {text} in:\n{}",
                    self.said
                );
            }
            Part::Code(Block {
                language: "graphql",
                text,
                ..
            }) => graphql.push(text.to_owned()),
            Part::Code(block) => self.write(&block),
        }
    }

    /// A whole file, or a piece of one that is there already.
    fn write(&self, block: &Block<'_>) {
        if let Some((path, piece)) = block
            .text
            .strip_prefix("// ")
            .and_then(|rest| rest.split_once('\n'))
        {
            let code = read(self.folder.path().join(path));
            assert!(
                code.contains(piece),
                "{path} does not have this piece of the guide:\n{piece}"
            );
            return;
        }
        let path = block
            .before
            .split('`')
            .nth(1)
            .expect("the name of the file before its text");
        let path = path
            .strip_prefix("prices")
            .map_or(path.to_owned(), |rest| format!("files/prices{rest}"));
        self.put(
            &path,
            &block
                .text
                .replace("/path/to/quillback", root().to_str().unwrap()),
        );
    }

    fn run(&mut self, commands: &str) {
        let bin = self.server.parent().unwrap();
        let path = format!(
            "{}:{}",
            bin.display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let output = clean(Command::new("sh").args(["-ec", commands]))
            .env("PATH", path)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        self.said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{commands}\n{}\n{errors}",
            self.said
        );
    }
}

/// Without what the test inherited: the settings of another server, and what cargo tells its children.
fn clean(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars() {
        if name.starts_with("QUILLBACK") || (name.starts_with("CARGO_") && name != "CARGO_HOME") {
            command.env_remove(name);
        }
    }
    command.env("CARGO_INCREMENTAL", "0")
}

/// The target folder that this test was built in.
fn target() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().to_owned()
}

/// The program of the server: the one that `QUILLBACK_TEST_SERVER` names, or one that is built now.
fn server() -> PathBuf {
    if let Some(program) = std::env::var_os("QUILLBACK_TEST_SERVER") {
        return program.into();
    }
    let mut build = Command::new("cargo");
    build.args([
        "build",
        "--package",
        "quillback-server",
        "--package",
        "quillback-driver-sqlite",
    ]);
    assert!(build.current_dir(root()).status().unwrap().success());
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join(format!("debug/quillback{EXE}"))
}

#[test]
fn a_reader_who_follows_the_guide_has_a_driver_that_works() {
    let guide = read(root().join("docs/write-a-driver.md"));
    let mut reader = Reader::new();
    let mut graphql = Vec::new();
    let steps: Vec<&str> = guide.split("\n## ").skip(1).collect();
    assert!(
        steps
            .iter()
            .zip(1..=7)
            .all(|(step, number)| step.starts_with(&format!("{number}. ")))
    );
    for step in steps.iter().take(7) {
        for part in parts(step) {
            reader.follow(part, &mut graphql);
        }
    }

    // Nothing of the driver is missing in the guide, and the package is the same but for its paths.
    for entry in fs::read_dir(Path::new(HERE).join("src")).unwrap() {
        let name = PathBuf::from("src").join(entry.unwrap().file_name());
        let (made, ours) = (
            reader.folder.path().join(&name),
            Path::new(HERE).join(&name),
        );
        assert_eq!(read(made), read(ours), "{}", name.display());
    }
    let ours = read(Path::new(HERE).join("Cargo.toml")).replace("../..", root().to_str().unwrap());
    assert_eq!(read(reader.folder.path().join("Cargo.toml")), ours);

    edit(&reader, &graphql);
}

/// The last paragraphs of the guide: a server, and three calls.
fn edit(reader: &Reader, graphql: &[String]) {
    let files = reader.folder.path().join("files");
    let before = read(files.join("prices.csv"));
    // The repository needs a driver too.
    let name = format!(
        "{}quillback_driver_sqlite{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    let sqlite = reader.server.parent().unwrap().join(&name);
    fs::copy(&sqlite, reader.folder.path().join("drivers").join(&name)).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; run `cargo build -p quillback-driver-sqlite`",
            sqlite.display()
        )
    });
    let server = Server::start(reader);
    let [connect, describe, correct] = graphql else {
        panic!("three calls in the guide")
    };
    let made = server.call(connect, json!({ "folder": files }));
    let connection = &made["createConnection"]["connection"]["id"];
    let made = server.call(describe, json!({ "connection": connection }));
    let schema = &made["createSchema"]["schema"]["id"];
    let change = "0190a4c8-0000-7000-8000-00000000abcd";
    let written = server.call(correct, json!({ "schema": schema, "change": change }));
    assert_eq!(written["writeRows"]["state"], "APPLIED", "{written:#}");
    assert_eq!(
        read(files.join("prices.csv")),
        before.replace("Coffee,5\n", "Coffee,5.50\n")
    );
    assert!(read(files.join("_quillback_changes.csv")).contains(change));

    // Who saw another value than the one in the file changes nothing.
    let again = correct.replace("5.50", "9.99");
    let refused = server.call(
        &again,
        json!({ "schema": schema, "change": "0190a4c8-0000-7000-8000-00000000abce" }),
    );
    assert_eq!(refused["writeRows"]["state"], "REJECTED", "{refused:#}");
    assert!(read(files.join("prices.csv")).contains("5.50"));
}

/// The server, killed when dropped.
struct Server {
    child: Child,
    address: SocketAddr,
    token: String,
}

impl Server {
    fn start(reader: &Reader) -> Self {
        let mut command = Command::new(&reader.server);
        command.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data-folder",
            "data",
            "--plugins",
            "drivers",
        ]);
        let mut child = clean(&mut command)
            .current_dir(reader.folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            output
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        let mut banner = String::new();
        while !banner.contains("Ready.") {
            let line = lines.recv_timeout(Duration::from_secs(60));
            banner
                .push_str(&line.unwrap_or_else(|_| panic!("the server did not start:\n{banner}")));
            banner.push('\n');
        }
        let after = |before: &str| {
            banner
                .split_once(before)
                .unwrap()
                .1
                .split_whitespace()
                .next()
                .unwrap()
        };
        let (address, first) = (
            after("listens on ").parse().unwrap(),
            after("password    ").to_owned(),
        );
        let mut server = Self {
            child,
            address,
            token: String::new(),
        };
        let sign_in = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
        let signed = server.call(
            sign_in,
            json!({ "input": { "username": "admin", "password": first } }),
        );
        signed["signIn"]["token"]
            .as_str()
            .unwrap()
            .clone_into(&mut server.token);
        let change = json!({ "input": { "currentPassword": first, "newPassword": "seven ravens over Reykjavik" } });
        server.call(
            "mutation($input: ChangePasswordInput!) { changePassword(input: $input) }",
            change,
        );
        server
    }

    /// Sends a document that must succeed.
    fn call(&self, document: &str, variables: Json) -> Json {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let token = if self.token.is_empty() {
            String::new()
        } else {
            format!("authorization: Bearer {}\r\n", self.token)
        };
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{token}connection: close\r\n\r\n",
            self.address,
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, json) = answer.split_once("\r\n\r\n").unwrap();
        let json: Json = serde_json::from_str(json).unwrap_or_else(|_| panic!("{answer}"));
        assert_eq!(json.get("errors"), None, "{json:#}");
        json["data"].clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
