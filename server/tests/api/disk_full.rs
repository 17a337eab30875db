//! The disk of the repository fills up under a server that runs: what it cannot record it does not do, and it goes on by
//! itself when there is room again.
#![cfg(target_os = "linux")]

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value as Json, json};

use crate::support::{Client, Database, PASSWORD, Program, Table, WRITE, unique_id};

/// Bytes of the disk: room for a new repository and little more.
const DISK: &str = "size=12m,mode=0700";

/// Most changes until a full disk must have shown.
const CHANGES: usize = 500;

/// A small disk of its own; unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    /// None where disks cannot be made, which takes the rights of root.
    fn mount(at: PathBuf) -> Option<Self> {
        let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        if !is_root {
            let why = b"a disk can be made by root only: this test was left out\n";
            std::io::stderr().write_all(why).unwrap();
            return None;
        }
        std::fs::create_dir(&at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", DISK, "tmpfs"])
            .arg(&at)
            .status()
            .unwrap();
        assert!(mounted.success(), "root can mount a disk");
        Some(Self(at))
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let path = self.filler();
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a server that failed a test may still be there.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn is_full(disk: &Path) -> bool {
    let probe = disk.join("probe");
    let full = File::create(&probe).and_then(|mut file| file.write_all(&[0; 4096]));
    let _ = std::fs::remove_file(probe);
    full.is_err()
}

async fn signed_in(admin: &mut Client, password: &str) {
    let input = json!({ "input": { "username": "admin", "password": password } });
    let document = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
    let signed = admin.run(document, input).await;
    admin.token = Some(signed["signIn"]["token"].as_str().unwrap().to_owned());
}

fn change(id: &str) -> Json {
    json!([{ "add": { "values": { "name": id, "note": "x".repeat(20_000) } } }])
}

async fn rows_of(admin: &Client, table: &Table, id: &str) -> u64 {
    let page = table
        .page(
            admin,
            json!({ "filter": { "field": "name", "value": id }, "first": 1 }),
        )
        .await;
    page["totalCount"].as_u64().unwrap()
}

#[tokio::test]
async fn a_full_disk_is_told_loses_nothing_and_passes() {
    let program = Program::install();
    let Some(disk) = Disk::mount(program.file("data")) else {
        return;
    };
    let served = program.serve(&[]);
    let mut admin = Client::new(served.address);
    let first = served.password();
    signed_in(&mut admin, &first).await;
    let input = json!({ "input": { "currentPassword": first, "newPassword": PASSWORD } });
    let document = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) }";
    admin.run(document, input).await;
    let table = Database::sqlite(&program.file("")).table(&admin).await;

    disk.fill();
    let (mut applied, mut refused) = (Vec::new(), Vec::new());
    while refused.len() < 5 {
        assert!(
            applied.len() < CHANGES,
            "the disk is full and nobody noticed"
        );
        let id = unique_id();
        let reply = admin.ask(WRITE, table.input(&id, change(&id))).await;
        if reply.json.get("errors").is_none() {
            assert_eq!(reply.json["data"]["writeRows"]["state"], "APPLIED");
            applied.push(id);
            continue;
        }
        assert_eq!(reply.code(), "REPOSITORY_UNAVAILABLE", "{:#}", reply.json);
        assert!(reply.message().contains("disk"), "{}", reply.message());
        refused.push(id);
        // Whatever room the server gave back itself.
        disk.fill();
    }
    assert!(is_full(&disk.0), "the disk is as full as it was");
    for id in &refused {
        assert_eq!(
            rows_of(&admin, &table, id).await,
            0,
            "what was refused was not done, and reading goes on"
        );
    }

    // Room again, and the same server takes the very same changes.
    std::fs::remove_file(disk.filler()).unwrap();
    for id in &refused {
        let outcome = table.write_as(&admin, id, change(id)).await;
        assert_eq!(outcome["state"], "APPLIED", "{outcome:#}");
    }
    for id in applied.iter().chain(&refused) {
        assert_eq!(rows_of(&admin, &table, id).await, 1);
        let state = admin
            .run(
                "query($id: ID!) { change(id: $id) { state } }",
                json!({ "id": id }),
            )
            .await;
        assert_eq!(state["change"]["state"], "APPLIED");
    }
    assert_eq!(served.terminate(), Some(0));

    // What is on the disk is a whole repository.
    let served = program.serve(&[]);
    let mut admin = admin.at(served.address);
    signed_in(&mut admin, PASSWORD).await;
    for id in applied.iter().chain(&refused) {
        assert_eq!(rows_of(&admin, &table, id).await, 1);
    }
    assert_eq!(served.terminate(), Some(0));
}
