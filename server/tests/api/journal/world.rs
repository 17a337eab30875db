//! One pair of databases with a server on it, which is killed and started again.

use std::sync::Arc;

use quillback_core::journal;
use quillback_server::wire::{self, Use};
use serde_json::{Value as Json, json};
use tokio::{
    sync::{mpsc, watch},
    task::{JoinSet, block_in_place},
};

use super::{
    books::Books,
    dice::Dice,
    faults::{Fault, Faults, Point, Side},
    load::{self, Answer, Sent, What},
    proxy::{Proxy, Strike},
};
use crate::support::{
    Client, Database, PASSWORD, Program, Scratch, Served, Table, common_fields, ground_on,
    server_url, soon,
};

/// Writers at the same time, besides the one whose change is struck.
const WRITERS: usize = 3;

pub(super) struct World {
    program: Program,
    served: Option<Served>,
    admin: Client,
    table: Table,
    /// Key of the row that all writers count up.
    shared: Json,
    sent: Vec<Sent>,
    removed: Vec<Json>,
    target: Option<Proxy>,
    is_stepwise: bool,
    repository: Option<(Proxy, Scratch)>,
}

impl World {
    /// None when one of the databases is not at hand.
    pub(super) async fn start(target: &'static str, repository: &'static str) -> Option<Self> {
        let target_url = match target {
            "sqlite" => None,
            other => Some(server_url(other)?),
        };
        let repository = match repository {
            "sqlite" => None,
            other => {
                let scratch = Scratch::make(&server_url(other)?).await;
                Some((Proxy::start(server_of(scratch.url())).await, scratch))
            }
        };
        let program = Program::with_drivers(&["sqlite", "postgres", "mysql"]);
        let proxy = match &target_url {
            Some(url) => Some(Proxy::start(server_of(url)).await),
            None => None,
        };
        let options = match (&target_url, &proxy) {
            (Some(url), Some(proxy)) => json!({ "url": through(url, proxy) }),
            _ => json!({ "path": program.file("target.db") }),
        };
        let mut world = Self {
            program,
            served: None,
            admin: Client::new(([127, 0, 0, 1], 1).into()),
            table: Table::default(),
            shared: Json::Null,
            sent: Vec::new(),
            removed: Vec::new(),
            target: proxy,
            is_stepwise: target == "mysql",
            repository,
        };
        world.restart();
        world.sign_in().await;
        let database = Database::at(target, options);
        let connection = database.connect(&world.admin).await;
        world.table = Table::make(&world.admin, &connection, "ADD_DATA", &common_fields()).await;
        let mut first = Sent::shared();
        first.send(&world.admin, &world.table).await;
        assert!(first.was(&Answer::Applied), "{first:?}");
        world.shared = first.keys[0].clone();
        world.sent.push(first);
        Some(world)
    }

    async fn sign_in(&mut self) {
        let first = self.served.as_ref().unwrap().password();
        let input = json!({ "input": { "username": "admin", "password": first } });
        let document = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
        let signed = self.admin.run(document, input).await;
        self.admin.token = Some(signed["signIn"]["token"].as_str().unwrap().to_owned());
        let change = json!({ "input": { "currentPassword": first, "newPassword": PASSWORD } });
        let document = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) }";
        self.admin.run(document, change).await;
    }

    pub(super) fn faults(&self) -> Faults {
        Faults::of(
            self.target.is_some(),
            self.repository.is_some(),
            self.is_stepwise,
        )
    }

    /// Address of the repository, through the proxy.
    fn repository_url(&self) -> Option<String> {
        let (proxy, scratch) = self.repository.as_ref()?;
        Some(through(scratch.url(), proxy))
    }

    pub(super) fn kill(&mut self) {
        if let Some(served) = self.served.take() {
            block_in_place(|| served.kill());
        }
    }

    pub(super) fn restart(&mut self) {
        self.disarm();
        let url = self.repository_url();
        let setting = url.map(|url| format!("repository.url={url}"));
        let arguments: Vec<&str> = setting.iter().flat_map(|text| ["--set", text]).collect();
        let served = block_in_place(|| self.program.serve(&arguments));
        self.admin = self.admin.at(served.address);
        self.served = Some(served);
    }

    fn proxy(&self, side: Side) -> &Proxy {
        let repository = || self.repository.as_ref().map(|(proxy, _)| proxy);
        match side {
            Side::Target => self.target.as_ref(),
            Side::Repository => repository(),
        }
        .expect("faults are chosen where there is a proxy")
    }

    fn disarm(&self) {
        for proxy in self
            .target
            .iter()
            .chain(self.repository.iter().map(|(proxy, _)| proxy))
        {
            proxy.disarm();
        }
    }

    /// One round under load; answers whether the fault struck.
    pub(super) async fn round(&mut self, fault: &Fault, dice: &mut Dice) -> bool {
        let (progress, mut acknowledged) = mpsc::unbounded_channel();
        let mut writers = JoinSet::new();
        let mut removable = self.removable();
        for _ in 0..WRITERS {
            let mine = removable.split_off(removable.len().saturating_sub(4));
            self.removed.extend(mine.iter().cloned());
            writers.spawn(load::write(
                self.admin.clone(),
                self.table.clone(),
                self.shared.clone(),
                mine,
                dice.split(),
                progress.clone(),
            ));
        }
        drop(progress);
        let hit = match fault {
            Fault::Killed {
                acknowledged: enough,
            } => {
                let mut seen = 0;
                while seen < *enough && soon(acknowledged.recv()).await.is_some() {
                    seen += 1;
                }
                self.kill();
                seen == *enough
            }
            Fault::KilledAt(point) => self.strike(*point, true).await,
            Fault::CutAt(point) => self.strike(*point, false).await,
        };
        while let Some(sent) = soon(writers.join_next()).await {
            self.sent.extend(sent.unwrap());
        }
        hit
    }

    async fn strike(&mut self, point: Point, kills: bool) -> bool {
        let mut victim = Sent::add();
        let happened = Arc::new(watch::Sender::new(false));
        let (release, released) = watch::channel(!kills);
        let strike = Strike {
            happened: Arc::clone(&happened),
            released,
        };
        self.proxy(point.side).arm(&victim.id, point, strike);
        let (admin, table) = (self.admin.clone(), self.table.clone());
        let mut struck = happened.subscribe();
        if kills {
            let mut sending = Box::pin(victim.send(&admin, &table));
            let is_answered = tokio::select! {
                _ = struck.wait_for(|struck| *struck) => false,
                () = &mut sending => true,
            };
            self.kill();
            release.send_replace(true);
            if !is_answered {
                sending.await;
            }
        } else {
            victim.send(&admin, &table).await;
            if victim.answers == [Answer::Uncertain] {
                victim.send(&admin, &table).await;
            }
        }
        self.disarm();
        self.sent.push(victim);
        *happened.borrow()
    }

    /// Rows that were surely added and that no change was told to remove yet.
    fn removable(&self) -> Vec<Json> {
        let added = self.sent.iter().filter(|sent| sent.what == What::Add);
        let keys = added.flat_map(|sent| &sent.keys);
        let free = keys.filter(|key| !self.removed.contains(key));
        let free: Vec<Json> = free.cloned().collect();
        free.into_iter().rev().take(4 * WRITERS).collect()
    }

    /// Settles what is open, as a server does that starts, and compares everything.
    pub(super) async fn compare(&self, context: &str) {
        let url = self.repository_url();
        let ground = ground_on(self.program.file("data"), url.as_deref());
        let parts = ground.open(Use::Alone).await.unwrap();
        let cx = wire::own_request(&parts.app.surroundings, "reconciler");
        for attempt in 1.. {
            let recovered = journal::recover(&cx, &parts.app, 0).await.unwrap();
            assert_eq!(recovered.unknown, 0, "{context}");
            if recovered.left == 0 {
                break;
            }
            assert!(
                attempt < 10,
                "{context}: {} changes cannot be settled",
                recovered.left
            );
        }
        let token = self.admin.token.as_deref().unwrap();
        let books = Books::read(&parts, token, &self.table.schema).await;
        let differences = books.differences(&self.sent, &self.shared);
        assert!(
            differences.is_empty(),
            "{context}: {} differences\n{}",
            differences.len(),
            differences.join("\n")
        );
        parts.app.repo.close().await;
    }

    /// Sends what has no sure answer once more: it must come to what the books say.
    pub(super) async fn resend(&mut self, context: &str) {
        let (admin, table) = (self.admin.clone(), self.table.clone());
        for sent in self.sent.iter_mut().filter(|sent| !sent.is_sure()) {
            sent.send(&admin, &table).await;
            assert!(sent.is_sure(), "{context}: {sent:?}");
        }
    }

    pub(super) fn acknowledged(&self) -> u32 {
        let applied = self.sent.iter().filter(|sent| sent.was(&Answer::Applied));
        u32::try_from(applied.count()).unwrap()
    }

    /// Takes the table out of a database that is shared.
    pub(super) async fn remove(mut self) {
        self.restart();
        self.table.drop(&self.admin).await;
        self.kill();
        if let Some((_, scratch)) = self.repository {
            scratch.remove().await;
        }
    }
}

/// Host and port in an address.
fn server_of(url: &str) -> String {
    let place = url.rsplit_once('@').unwrap().1;
    place.split(['/', '?']).next().unwrap().to_owned()
}

/// The address through a proxy, without encryption: it must see which change passes.
fn through(url: &str, proxy: &Proxy) -> String {
    let (plain, name) = if url.starts_with("postgres") {
        ("sslmode=disable", "sslmode")
    } else {
        ("tls=disable", "tls")
    };
    assert!(!url.contains(name), "an address without {name} is expected");
    let url = url.replacen(&server_of(url), &proxy.address().to_string(), 1);
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{plain}")
}
