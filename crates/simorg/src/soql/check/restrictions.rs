//! Objects that answer only with a particular filter or limit, each with its own words.
//!
//! The facts are from the object pages of the Object Reference and from what other people's connectors met.

use super::super::fault::Fault;
use super::super::filter::Filter;
use super::super::plan::{Plan, Scalar, Shape};
use super::Context;
use super::big_object;
use crate::model::ObjectKind;

/// An object that wants one of some fields in its WHERE, by `=` or IN.
struct Wanted {
    object: &'static str,
    fields: &'static [&'static str],
    text: &'static str,
}

const WANTED: [Wanted; 10] = [
    Wanted {
        object: "ContentDocumentLink",
        fields: &["Id", "ContentDocumentId", "LinkedEntityId"],
        text: "Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId or \
               LinkedEntityId using the equals operator or multiple Id's using the IN operator.",
    },
    Wanted {
        object: "ContentFolderItem",
        fields: &["Id", "ParentContentFolderId"],
        text: "Implementation restriction: ContentFolderItem requires a filter by Id or ParentContentFolderId using the equals \
               or 'IN' operator",
    },
    Wanted {
        object: "ContentFolderMember",
        fields: &["Id", "ParentContentFolderId", "ChildRecordId"],
        text: "Implementation restriction: ContentFolderMember requires a filter by a single Id, ChildRecordId or \
               ParentContentFolderId using the equals operator",
    },
    Wanted {
        object: "ContentFolderLink",
        fields: &["Id", "ContentFolderId", "ParentEntityId"],
        text: "Implementation restriction: ContentFolderLink requires a filter by a single Id, ContentFolderId or \
               ParentEntityId using the equals operator",
    },
    Wanted {
        object: "IdeaComment",
        fields: &["Id", "CommunityId", "IdeaId", "ParentId"],
        text: "Implementation restriction. When querying the Idea Comment object, you must filter using the following syntax: \
               CommunityId = [single ID], Id = [single ID], IdeaId = [single ID] or Id IN [list of ID's].",
    },
    Wanted {
        object: "Vote",
        fields: &["Id", "ParentId", "Parent.Type"],
        text: "Implementation restriction. When querying the Vote object, you must filter using the following syntax: ParentId \
               = [single ID], Parent.Type = [single Type], Id = [single ID], or Id IN [list of ID's].",
    },
    Wanted {
        object: "ContentHubItem",
        fields: &["Id", "ExternalId", "ContentHubRepositoryId"],
        text: "Implementation restriction: ContentHubItem requires a filter by Id, ExternalId or ContentHubRepositoryId",
    },
    Wanted {
        object: "CollaborationGroupRecord",
        fields: &["Id", "CollaborationGroupId", "RecordId"],
        text: "Implementation restriction: CollaborationGroupRecord requires a filter by a single CollaborationGroupId, RecordId \
               or Id",
    },
    Wanted {
        object: "RecordActionHistory",
        fields: &["ParentRecordId"],
        text: "Implementation restriction: RecordActionHistory requires a filter by ParentRecordId",
    },
    Wanted {
        object: "UserRecordAccess",
        fields: &["RecordId"],
        text: "Implementation restriction: UserRecordAccess requires a filter by UserId and RecordId",
    },
];

/// Objects whose rows are computed from metadata, and the fields one of which must be filtered.
const REIFIED: [(&str, &[&str]); 11] = [
    ("EntityParticle", &["EntityDefinitionId", "FieldDefinitionId", "DurableId"]),
    ("FieldDefinition", &["EntityDefinitionId", "DurableId"]),
    ("FlowVersionView", &["FlowDefinitionViewId", "DurableId"]),
    ("OwnerChangeOptionInfo", &["EntityDefinitionId", "DurableId"]),
    ("PicklistValueInfo", &["EntityParticleId", "DurableId"]),
    (
        "RelationshipDomain",
        &["ParentSobjectId", "FieldId", "ChildSobjectId", "RelationshipInfoId", "DurableId"],
    ),
    ("RelationshipInfo", &["ChildSobjectId", "FieldId", "DurableId"]),
    ("SearchLayout", &["EntityDefinitionId", "DurableId"]),
    ("StandardValueSet", &["MasterLabel", "DurableId"]),
    ("UserEntityAccess", &["UserId", "DurableId"]),
    ("UserFieldAccess", &["UserId", "DurableId"]),
];

/// Objects whose rows are computed from definitions: they have durable ids instead of ids of their own.
pub(crate) const WITH_DURABLE_IDS: [&str; 9] = [
    "EntityDefinition",
    "FieldDefinition",
    "EntityParticle",
    "RelationshipDomain",
    "RelationshipInfo",
    "UserEntityAccess",
    "UserFieldAccess",
    "TabDefinition",
    "StandardValueSet",
];

/// Objects that want a LIMIT from users without View All Data, and the greatest one.
const LIMITED: [(&str, u64); 4] =
    [("NewsFeed", 1000), ("UserProfileFeed", 1000), ("EntitySubscription", 1000), ("TopicAssignment", 1100)];

/// Since this version users with Query All Files need no filter on `ContentDocumentLink` (Object Reference).
const OPEN_LINKS_SINCE: u32 = 59;

pub(super) fn check(plan: &Plan, context: Context<'_>) -> Result<(), Fault> {
    let permissions = &context.view.user().permissions;
    let object = plan.object.name.as_str();
    let open_links = object == "ContentDocumentLink"
        && context.version >= OPEN_LINKS_SINCE
        && permissions.query_all_files
        && permissions.view_all_data;
    if let Some(wanted) = WANTED.iter().find(|wanted| wanted.object == object)
        && !open_links
        && !plan.filter.conjuncts().into_iter().any(|term| picks_one_of(term, wanted.fields))
    {
        return Err(Fault::plain("MALFORMED_QUERY", wanted.text));
    }
    if let Some((_, fields)) = REIFIED.iter().find(|(reified, _)| *reified == object)
        && !plan.filter.conjuncts().into_iter().any(|term| picks_by_definition(term, fields))
    {
        let text = format!("{object}: a filter on a reified column is required [{}]", fields.join(","));
        return Err(Fault::plain("MALFORMED_QUERY", text));
    }
    if WITH_DURABLE_IDS.contains(&object) {
        only_equals(plan)?;
    }
    if plan.object.kind == ObjectKind::Big {
        big_object::check(plan)?;
    }
    if let Some((_, most)) = LIMITED.iter().find(|(limited, _)| *limited == object)
        && !permissions.view_all_data
        && !matches!(plan.shape, Shape::Count)
        && plan.limit.is_none_or(|limit| limit > *most)
    {
        let text = format!("Implementation restriction: {object} requires a LIMIT of at most {most}");
        return Err(Fault::plain("MALFORMED_QUERY", text));
    }
    Ok(())
}

/// What queries of definitions may ask ("SOQL Operation Limitations", Tooling API).
fn only_equals(plan: &Plan) -> Result<(), Fault> {
    const CODE: &str = "EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION";
    if !plan.answers_rows() {
        let text = "The requested operation is not yet supported by this SObject storage type, contact salesforce.com \
                    support for more information.";
        return Err(Fault::plain(CODE, text));
    }
    for term in plan.filter.conjuncts() {
        match term {
            Filter::Or(_) => return Err(Fault::plain(CODE, "Disjunctions not supported")),
            Filter::Not(_) => return Err(Fault::plain(CODE, "Only equals comparisons permitted")),
            _ => {}
        }
    }
    Ok(())
}

/// By one of the fields, or by any field of the definition that one of them points to.
fn picks_by_definition(term: &Filter<Scalar>, fields: &[&str]) -> bool {
    let Filter::Test(scalar, test) = term else { return picks_one_of(term, fields) };
    let through = scalar.path.hops.first().map(|hop| format!("{}Id", hop.relationship()));
    test.is_equality()
        && (through.is_some_and(|name| fields.contains(&name.as_str())) || picks_one_of(term, fields))
}

fn picks_one_of(term: &Filter<Scalar>, fields: &[&str]) -> bool {
    let scalar = match term {
        Filter::Test(scalar, test) if test.is_equality() => scalar,
        Filter::InSelect { left, .. } => left,
        _ => return false,
    };
    let label = scalar.path.label();
    fields.contains(&label.as_str())
}
