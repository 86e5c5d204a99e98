//! Making an org: which rows it begins with, and starting it as a server.

mod foundation;
mod person_accounts;
mod sample_files;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::net::TcpListener;

use crate::data_dir;
use crate::faults::Fault;
use crate::generate::{Generator, Neighbour, Neighbours};
use crate::metadata::{self, schema::Author};
use crate::model::{ObjectDef, ObjectKind};
use crate::project;
use crate::saved::{self, Around, StateFileError};
use crate::schema;
use crate::server::{AppState, Identity, RunningOrg, Settings, TlsError};
use crate::state::clock::Clock;
use crate::state::table::Table;
use crate::state::view::Snapshot;
use crate::state::{Org, permission_rows};

/// Why an org could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the org has no object `{0}`")]
    UnknownObject(String),
    #[error("the rows of `{0}` are fixed; they cannot be generated")]
    FixedObject(String),
    #[error(transparent)]
    StateFile(#[from] StateFileError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("could not load the data directory")]
    DataDir(#[from] data_dir::DataDirError),
    #[error("could not load the project")]
    Project(#[from] project::ProjectError),
    #[error("could not listen on `{address}`")]
    Listen {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
}

/// What an org is made of. Start it with `start`.
#[derive(Debug, Clone)]
pub struct SimOrg {
    seed: u64,
    epoch: Option<DateTime<Utc>>,
    records: BTreeMap<String, u64>,
    /// Without the sample rows of every object.
    bare: bool,
    person_accounts: bool,
    data_dir: Option<PathBuf>,
    project: Option<PathBuf>,
    faults: Vec<Fault>,
    settings: Settings,
    company: Company,
    identity: Option<Identity>,
    address: SocketAddr,
}

/// What the org says of itself.
#[derive(Debug, Clone)]
struct Company {
    /// Orgs of different numbers have different ids.
    number: u32,
    is_sandbox: bool,
    edition: String,
}

impl Default for SimOrg {
    fn default() -> SimOrg {
        SimOrg::new()
    }
}

impl SimOrg {
    /// The default org: some rows of every object, about 300 in all, and a dozen files.
    pub fn new() -> SimOrg {
        SimOrg {
            seed: 1,
            epoch: None,
            records: BTreeMap::new(),
            bare: false,
            person_accounts: false,
            data_dir: None,
            project: None,
            faults: Vec::new(),
            settings: Settings {
                client_id: "simorg".to_owned(),
                client_secret: "simorg".to_owned(),
                username: "admin@simorg.example".to_owned(),
                password: "simorg".to_owned(),
                instance_url: None,
                my_domain: "simorg".to_owned(),
                tls: false,
                state_file: None,
            },
            company: Company { number: 1, is_sandbox: true, edition: "Developer Edition".to_owned() },
            identity: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }

    /// The default org with this many rows of one object.
    pub fn with_records(object: &str, count: u64) -> SimOrg {
        SimOrg::new().records(object, count)
    }

    /// About `total` rows, spread over the objects as in an org in use.
    pub fn demo(total: u64) -> SimOrg {
        const SHARES: [(&str, u64); 22] = [
            ("Account", 90),
            ("Contact", 170),
            ("Lead", 80),
            ("Opportunity", 90),
            ("OpportunityContactRole", 30),
            ("OpportunityLineItem", 40),
            ("Case", 100),
            ("CaseComment", 40),
            ("Task", 120),
            ("Event", 40),
            ("Campaign", 3),
            ("CampaignMember", 40),
            ("Product2", 8),
            ("PricebookEntry", 8),
            ("Asset", 20),
            ("EmailMessage", 20),
            ("Project__c", 20),
            ("Invoice__c", 40),
            ("acme__Thing__c", 21),
            ("ContentDocument", 5),
            ("ContentVersion", 5),
            ("ContentDocumentLink", 10),
        ];
        let mut org = SimOrg::new();
        for (object, share) in SHARES {
            org = org.records(object, (total * share / 1000).max(1));
        }
        let documents = org.records.get("ContentDocument").copied().unwrap_or(1);
        org.records("ContentVersion", documents).records("ContentDocumentLink", documents * 2)
    }

    /// Another seed gives other values.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> SimOrg {
        self.seed = seed;
        self
    }

    /// This many rows of an object in place of the sample.
    #[must_use]
    pub fn records(mut self, object: &str, count: u64) -> SimOrg {
        self.records.insert(object.to_owned(), count);
        self
    }

    /// Only users, profiles and the like, and the records asked for.
    #[must_use]
    pub fn bare(mut self) -> SimOrg {
        self.bare = true;
        self
    }

    /// With person accounts.
    #[must_use]
    pub fn person_accounts(mut self) -> SimOrg {
        self.person_accounts = true;
        self
    }

    /// The time that generated rows are as of; without it the hour of the start.
    #[must_use]
    pub fn epoch(mut self, epoch: DateTime<Utc>) -> SimOrg {
        self.epoch = Some(epoch);
        self
    }

    /// Loads a data plan (`sf data import tree`) from this directory.
    #[must_use]
    pub fn data_dir(mut self, directory: impl Into<PathBuf>) -> SimOrg {
        self.data_dir = Some(directory.into());
        self
    }

    /// An org made of a Salesforce DX project: its metadata, its objects, and the records of its plans; none of the demo's.
    #[must_use]
    pub fn project(mut self, directory: impl Into<PathBuf>) -> SimOrg {
        self.project = Some(directory.into());
        // Rows that were asked for so far may be those of the demo's own objects.
        self.records.retain(|object, _| !object.contains("__"));
        self.bare()
    }

    #[must_use]
    pub fn fault(mut self, fault: Fault) -> SimOrg {
        self.faults.push(fault);
        self
    }

    #[must_use]
    pub fn client(mut self, id: &str, secret: &str) -> SimOrg {
        id.clone_into(&mut self.settings.client_id);
        secret.clone_into(&mut self.settings.client_secret);
        self
    }

    #[must_use]
    pub fn sign_in_as(mut self, username: &str, password: &str) -> SimOrg {
        username.clone_into(&mut self.settings.username);
        password.clone_into(&mut self.settings.password);
        self
    }

    #[must_use]
    pub fn instance_url(mut self, url: &str) -> SimOrg {
        self.settings.instance_url = Some(url.trim_end_matches('/').to_owned());
        self
    }

    /// Serves the org by TLS, with a certificate made at the start.
    #[must_use]
    pub fn tls(mut self) -> SimOrg {
        self.settings.tls = true;
        self
    }

    /// Serves the org by TLS with this certificate, which several orgs may share.
    #[must_use]
    pub fn tls_with(mut self, identity: Identity) -> SimOrg {
        self.identity = Some(identity);
        self.tls()
    }

    /// Another number, counted from 1, gives another org id and another My Domain.
    #[must_use]
    pub fn org_number(mut self, number: u32) -> SimOrg {
        self.company.number = number.max(1);
        self.settings.my_domain = if number > 1 { format!("simorg{number}") } else { "simorg".to_owned() };
        self
    }

    /// Whether `Organization.IsSandbox` is set; without a call it is.
    #[must_use]
    pub fn sandbox(mut self, is_sandbox: bool) -> SimOrg {
        self.company.is_sandbox = is_sandbox;
        self
    }

    /// `Organization.OrganizationType`, such as `Enterprise Edition`.
    #[must_use]
    pub fn edition(mut self, edition: &str) -> SimOrg {
        edition.clone_into(&mut self.company.edition);
        self
    }

    /// Loads the org from this file if it exists, in place of all that was asked for about its content; saves it there on
    /// `RunningOrg::save` and `POST /simorg/save`.
    #[must_use]
    pub fn state(mut self, file: impl Into<PathBuf>) -> SimOrg {
        self.settings.state_file = Some(file.into());
        self
    }

    /// Where to listen; without it a free port of the loopback interface.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> SimOrg {
        self.address = address;
        self
    }

    /// The org without a server.
    pub fn build(&self) -> Result<Arc<Org>, StartError> {
        Ok(self.load_or_make()?.0)
    }

    fn load_or_make(&self) -> Result<(Arc<Org>, Option<Around>), StartError> {
        let saved = self.settings.state_file.as_deref().map(saved::load).transpose()?.flatten();
        let (org, around) = match saved {
            Some((org, around)) => (org, Some(around)),
            None => (self.make()?, None),
        };
        for fault in &self.faults {
            org.faults().add(fault.clone());
        }
        Ok((org, around))
    }

    fn make(&self) -> Result<Arc<Org>, StartError> {
        let epoch = self.epoch.unwrap_or_else(|| Clock::default().now()).timestamp();
        let epoch_ms = (epoch - epoch.rem_euclid(3600)) * 1000;
        let mut snapshot = Snapshot::default();
        let project = self.project.as_deref().map(project::read).transpose()?;
        let objects = if project.is_some() { schema::standard() } else { schema::built_in().to_vec() };
        for def in objects {
            snapshot.insert_table(Table::new(def, epoch_ms));
        }
        snapshot.schema_changed_ms = epoch_ms;
        let base = foundation::rows(&mut snapshot, epoch_ms, &self.settings.username, &self.company);
        metadata::defaults::add(&mut snapshot, epoch_ms, project.is_none());
        let author = Author { user_id: base.users[0].id.clone(), at_ms: epoch_ms };
        let mut notes = project.as_ref().map_or_else(Vec::new, |project| project.notes.clone());
        if let Some(project) = &project {
            let before = snapshot.clone();
            notes.extend(project.apply(&mut snapshot, &author));
            permission_rows::grant_new(&mut snapshot, &before, epoch_ms);
        }
        let counts = self.counts(&snapshot)?;
        self.generate(&mut snapshot, &counts, epoch_ms, base.ids);
        let org = Arc::new(Org::new(base.org_id, snapshot, base.users, epoch_ms - 15 * 86_400_000));
        if self.person_accounts {
            person_accounts::add(&org).expect("an org that was just made lacks these fields");
        }
        if !self.bare {
            sample_files::add(&org, &counts);
        }
        if let Some(directory) = &self.data_dir {
            data_dir::load(&org, directory)?;
        }
        notes.extend(project.iter().flat_map(|project| project.load_records(&org)));
        org.set_start_notes(notes);
        Ok(org)
    }

    /// Starts the org as a server.
    pub async fn start(self) -> Result<RunningOrg, StartError> {
        let (org, around) = self.load_or_make()?;
        let failed = |source| StartError::Listen { address: self.address, source };
        let listener = TcpListener::bind(self.address).await.map_err(failed)?;
        let identity = match self.identity {
            None if self.settings.tls => Some(Identity::generate()?),
            identity => identity,
        };
        let state = AppState::new(org, self.settings.clone());
        if let Some(around) = around {
            around.restore(&state);
        }
        RunningOrg::serve(state, listener, identity).map_err(failed)
    }

    /// How many rows of each object are generated.
    fn counts(&self, snapshot: &Snapshot) -> Result<BTreeMap<String, u64>, StartError> {
        let mut counts = BTreeMap::new();
        for table in snapshot.tables() {
            let sample = if self.bare { 0 } else { sample_count(&table.def) };
            counts.insert(table.def.name.clone(), sample);
        }
        for (object, count) in &self.records {
            let table = snapshot.table(object).ok_or_else(|| StartError::UnknownObject(object.clone()))?;
            if table.with_bin() > 0 {
                return Err(StartError::FixedObject(object.clone()));
            }
            counts.insert(table.def.name.clone(), *count);
        }
        Ok(counts)
    }

    fn generate(
        &self,
        snapshot: &mut Snapshot,
        counts: &BTreeMap<String, u64>,
        epoch_ms: i64,
        written: HashMap<String, Vec<String>>,
    ) {
        let mut neighbours = Neighbours { seed: self.seed, epoch_ms, generated: HashMap::new(), written };
        let mut defs: Vec<(Arc<ObjectDef>, u64)> = Vec::new();
        for (name, count) in counts.iter().filter(|(_, count)| **count > 0) {
            let table = snapshot.table(name).expect("counted from this snapshot");
            if table.with_bin() > 0 {
                continue;
            }
            let neighbour = Neighbour {
                def: table.def.clone(),
                prefix: table.def.id_prefix.clone(),
                first: table.def.first_counter,
                count: *count,
            };
            neighbours.generated.insert(name.clone(), neighbour);
            defs.push((table.def.clone(), *count));
        }
        for (def, count) in defs {
            let generator = Generator::new(self.seed, &def, count, epoch_ms, &neighbours);
            snapshot
                .table_mut(&def.name)
                .expect("listed from this snapshot")
                .set_generator(Arc::new(generator));
        }
    }
}

/// How many rows of an object the default org has.
fn sample_count(def: &ObjectDef) -> u64 {
    match def.name.as_str() {
        "Account" | "AccountShare" | "AccountContactRelation" => 12,
        "Contact" => 20,
        "Opportunity" | "Case" | "Lead" | "Task" => 10,
        "ContentDocument"
        | "ContentVersion"
        | "ContentDocumentLink"
        | "Attachment"
        | "Document"
        | "ContentFolder" => 0,
        _ if def.kind == ObjectKind::ChangeEvent
            || !def.flags.queryable
            || def.name == "UserRecordAccess" =>
        {
            0
        }
        _ => 2,
    }
}
