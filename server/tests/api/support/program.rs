//! The real program with the real plugin files, in a folder of its own.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// Longest time that the program may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// The program, installed with the driver for embedded databases.
pub struct Program {
    home: TempDir,
}

/// The program as a server that runs; killed when dropped.
pub struct Served {
    pub address: SocketAddr,
    /// What it printed until it was ready.
    pub banner: String,
    child: Child,
}

impl Program {
    /// Installs the program.
    pub fn install() -> Self {
        Self::with_drivers(&["sqlite"])
    }

    /// Installs the program with these drivers.
    pub fn with_drivers(ids: &[&str]) -> Self {
        let program = Self::without_drivers();
        for id in ids {
            let file = quillback_plugin_host::file_name(id);
            link(&plugin(id, &file), &program.file("drivers").join(file));
        }
        program
    }

    /// Installs the program alone.
    pub fn without_drivers() -> Self {
        let home = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let program = Self { home };
        std::fs::create_dir(program.file("drivers")).unwrap();
        std::fs::create_dir(program.file("bin")).unwrap();
        let name = format!("quillback{}", std::env::consts::EXE_SUFFIX);
        link(
            Path::new(env!("CARGO_BIN_EXE_quillback")),
            &program.file("bin").join(name),
        );
        program
    }

    /// A path in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Calls the program with its data folder and its drivers.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.file("bin/quillback"));
        command
            .args(arguments)
            .args(["--data-folder", "data", "--plugins", "drivers"])
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("QUILLBACK")) {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed; answers what it printed.
    pub fn print(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", error(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must fail; answers what it said about it.
    pub fn fail(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{arguments:?}: {}",
            error(&output)
        );
        error(&output)
    }

    /// Starts a server and waits until it is ready.
    pub fn serve(&self, arguments: &[&str]) -> Served {
        let all = [
            &["serve", "--listen", "127.0.0.1:0", "--log-level", "warn"],
            arguments,
        ]
        .concat();
        let mut child = self
            .command(&all)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // Nobody listens any more once the server is ready.
                let _ = sender.send(line);
            }
        });
        let mut banner = String::new();
        loop {
            match lines.recv_timeout(PATIENCE) {
                Ok(line) if line.starts_with("Ready.") => break,
                Ok(line) => banner = banner + &line + "\n",
                Err(_) => {
                    let _ = child.kill();
                    let mut said = String::new();
                    child
                        .stderr
                        .take()
                        .unwrap()
                        .read_to_string(&mut said)
                        .unwrap();
                    panic!("the server did not start:\n{banner}\n{said}");
                }
            }
        }
        let mut stderr = child.stderr.take().unwrap();
        thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::stderr()));
        let address = word_after(&banner, "listens on ").unwrap().parse().unwrap();
        Served {
            address,
            banner,
            child,
        }
    }
}

impl Served {
    /// The password that the first start printed.
    pub fn password(&self) -> String {
        word_after(&self.banner, "password    ")
            .expect("a password in the banner")
            .to_owned()
    }

    /// Kills the process without any chance to finish what it does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to stop, as an operating system does; answers its exit code.
    #[cfg(unix)]
    pub fn terminate(mut self) -> Option<i32> {
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(asked.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It has ended already when the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command said on standard error.
pub fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn word_after<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_whitespace().next()
}

/// The plugin file that was built with this test, or that is built now.
fn plugin(id: &str, file: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let deps = test.parent().unwrap();
    let profile = deps.parent().unwrap();
    let places = [deps.join(file), profile.join(file)];
    if !places.iter().any(|place| place.is_file()) {
        let cargo = option_env!("CARGO").unwrap_or("cargo");
        let built = Command::new(cargo)
            .args(["build", "--package", &format!("quillback-driver-{id}")])
            .arg("--target-dir")
            .arg(profile.parent().unwrap())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(built.success());
    }
    places
        .into_iter()
        .find(|place| place.is_file())
        .expect("the plugin was built")
}

fn link(from: &Path, to: &Path) {
    if std::fs::hard_link(from, to).is_err() {
        std::fs::copy(from, to).unwrap();
    }
}
