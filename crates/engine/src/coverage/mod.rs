//! The coverage report: what of an org no backup can hold, because the integration user does not see it or Salesforce
//! does not give it.

mod hidden;
pub(crate) mod permissions;

use std::collections::{BTreeMap, BTreeSet};

use holdfast_domain::ObjectName;
use holdfast_domain::capture::method::{CaptureMethod, capture_method};
use holdfast_domain::restorability::Restorability;
use holdfast_domain::schema::ObjectSchema;
use holdfast_salesforce::{Client, DescribeAnswer};
use serde::Serialize;

pub use self::permissions::PermissionState;
use crate::engine::Engine;
use crate::error::{Doing, Result};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    pub integration_user: Option<String>,
    pub permissions: Vec<PermissionState>,
    /// None: the org does not tell.
    pub hidden: Option<Hidden>,
    /// Every object that the user sees.
    pub objects: BTreeMap<ObjectName, ObjectCoverage>,
}

/// What exists in the org and is hidden from the user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Hidden {
    pub objects: Vec<ObjectName>,
    /// There are so many objects that the org did not tell them all.
    pub has_more_objects: bool,
    pub fields: BTreeMap<ObjectName, Vec<String>>,
    /// Objects whose fields the org did not tell.
    pub in_doubt: Vec<ObjectName>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectCoverage {
    pub restorability: Restorability,
    /// Why nothing of it is captured.
    pub not_captured: Option<String>,
}

impl Engine {
    /// Compares what the org has with what its integration user sees, by asking the org now.
    pub async fn coverage(&self, org: &str) -> Result<Coverage> {
        let integration_user = self.org(org).await?.integration_user;
        let org = self.find_org(org).await?;
        let client = self.connect(&org).await?;
        let asking = Box::pin(covered(&client, integration_user));
        self.counting_calls(&org.id, &client, asking).await
    }

    /// The permissions alone, for one call where the org knows all of them.
    pub async fn permissions(&self, org: &str) -> Result<Vec<PermissionState>> {
        let org = self.find_org(org).await?;
        let client = self.connect(&org).await?;
        let held = self.counting_calls(&org.id, &client, permissions::Held::ask(&client)).await?;
        Ok(held.states())
    }
}

async fn covered(client: &Client, integration_user: Option<String>) -> Result<Coverage> {
    let held = permissions::Held::ask(client).await?;
    let seen = client.describe_global().await.doing(|| "list the objects of the org".to_owned())?;
    let visible: BTreeSet<_> = seen.iter().map(|object| object.name.clone()).collect();
    let mut objects: BTreeMap<_, _> =
        seen.iter().filter(|object| !object.queryable).map(|object| not_queryable(&object.name)).collect();
    let names: Vec<_> =
        seen.into_iter().filter(|object| object.queryable).map(|object| object.name).collect();
    let described = describes(client, &names, &mut objects).await?;
    objects.extend(described.iter().map(|(name, schema)| (name.clone(), ObjectCoverage::of(schema))));
    // Who may not view the setup might be told only what is seen anyway.
    let hidden = if held.lacks_setup() { None } else { hidden::hidden(client, &visible, &described).await? };
    Ok(Coverage { integration_user, permissions: held.states(), hidden, objects })
}

fn not_queryable(name: &ObjectName) -> (ObjectName, ObjectCoverage) {
    let not_captured = Some("Salesforce says that it cannot be queried".to_owned());
    (name.clone(), ObjectCoverage { restorability: Restorability::Never, not_captured })
}

/// The describes of `names`; those that are refused go into `objects` with the reason.
async fn describes(
    client: &Client,
    names: &[ObjectName],
    objects: &mut BTreeMap<ObjectName, ObjectCoverage>,
) -> Result<BTreeMap<ObjectName, ObjectSchema>> {
    let answers = client.describe_many(names, &BTreeMap::new()).await;
    let answers = answers.doing(|| format!("describe {} objects", names.len()))?;
    let mut described = BTreeMap::new();
    for (name, answer) in answers {
        let reason = match answer {
            DescribeAnswer::Describe { json, .. } => match ObjectSchema::from_describe(&json) {
                Ok(schema) => {
                    described.insert(name, schema);
                    continue;
                }
                Err(error) => format!("its describe cannot be read: {error}"),
            },
            DescribeAnswer::NotModified => "its describe was not sent".to_owned(),
            DescribeAnswer::Refused(refusal) => {
                let words = refusal.to_string();
                permissions::told::<()>(Some(Err(refusal)), || format!("describe `{name}`"))?;
                words
            }
        };
        let never = ObjectCoverage { restorability: Restorability::Never, not_captured: Some(reason) };
        objects.insert(name, never);
    }
    Ok(described)
}

impl ObjectCoverage {
    fn of(schema: &ObjectSchema) -> Self {
        let not_captured = match capture_method(schema) {
            CaptureMethod::None { reason } => Some(reason),
            _ => None,
        };
        Self { restorability: Restorability::of(schema), not_captured }
    }
}
