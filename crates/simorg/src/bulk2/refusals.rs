//! What Bulk queries do not take, though REST does: some objects, and everything that is not one flat row per record.

use crate::errors::ApiError;
use crate::model::FieldType;
use crate::soql::{Column, Path, Plan, Shape};

/// Objects that are readable by REST only. The list changes per release.
const NOT_IN_BULK: [&str; 44] = [
    "AcceptedEventRelation",
    "AccountBrandShare",
    "AccountFeed",
    "AssetFeed",
    "AssetTokenEvent",
    "AttachedContentNote",
    "CaseStatus",
    "CaseTeamMember",
    "CaseTeamRole",
    "CaseTeamTemplate",
    "CaseTeamTemplateMember",
    "CaseTeamTemplateRecord",
    "ChannelProgramFeed",
    "ChannelProgramHistory",
    "ChannelProgramLevelFeed",
    "ChannelProgramLevelShare",
    "ChannelProgramMemberFeed",
    "ContractStatus",
    "DeclinedEventRelation",
    "EventWhoRelation",
    "FieldSecurityClassification",
    "KnowledgeArticle",
    "KnowledgeArticleVersion",
    "KnowledgeArticleVersionHistory",
    "KnowledgeArticleViewStat",
    "KnowledgeArticleVoteStat",
    "OrderStatus",
    "PartnerRole",
    "RecentlyViewed",
    "ServiceAppointmentStatus",
    "ShiftStatus",
    "SolutionStatus",
    "TaskPriority",
    "TaskStatus",
    "TaskWhoRelation",
    "UndecidedEventRelation",
    "UserRecordAccess",
    "WorkOrderLineItemStatus",
    "WorkOrderStatus",
    "WorkStepOwner",
    "WorkStepStatus",
    "UriEvent",
    "LoginEvent",
    "ApiEvent",
];

pub(crate) fn not_supported(object: &str) -> ApiError {
    ApiError::bad_request("INVALIDENTITY", format!("Entity '{object}' is not supported by the Bulk API."))
}

/// True if and only if Bulk reads and writes this object.
pub(crate) fn takes(object: &str) -> bool {
    !NOT_IN_BULK.contains(&object)
}

pub(crate) fn check(plan: &Plan) -> Result<(), ApiError> {
    let object = plan.object().name.as_str();
    if !takes(object) {
        return Err(not_supported(object));
    }
    let refused = |text: &str| Err(ApiError::bad_request("API_ERROR", text));
    let columns = match &plan.shape {
        Shape::Rows(columns) => columns,
        Shape::Count | Shape::Groups(_) => {
            return refused("Aggregate functions and GROUP BY are not supported in Bulk Query");
        }
    };
    if plan.has_offset() {
        return refused("OFFSET is not supported in Bulk Query");
    }
    if plan.lists_fields() {
        return refused("FIELDS(ALL) and FIELDS(CUSTOM) are not supported in Bulk Query");
    }
    for column in columns {
        match column {
            Column::Field(path) | Column::Shown { path, .. } => check_field(path)?,
            Column::Child(_) => {
                return refused(
                    "Aggregate Relationships not supported in Bulk V2 Query with CSV content type",
                );
            }
            Column::TypeOf(_) => return refused("TYPEOF is not supported in Bulk Query"),
            Column::Computed { .. } => return refused("DISTANCE is not supported in Bulk Query"),
        }
    }
    Ok(())
}

fn check_field(path: &Path) -> Result<(), ApiError> {
    match path.def().kind {
        FieldType::Address | FieldType::Location => {
            Err(ApiError::bad_request("API_ERROR", "Selecting compound data not supported in Bulk Query"))
        }
        FieldType::Base64 => {
            Err(ApiError::bad_request("API_ERROR", "Binary fields are not supported in Bulk V2 Query"))
        }
        _ => Ok(()),
    }
}
