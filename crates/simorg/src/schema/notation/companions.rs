//! `Share`, `History`, `Feed` and `ChangeEvent` objects, made from the name of the object that they accompany.

use super::NotationError;

/// Head and fields of the companion that a line such as `@share Account 00r old` asks for.
pub(super) fn text(line: &str) -> Result<(String, String), NotationError> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let unreadable = || NotationError(line.to_owned());
    let parent = *words.get(1).ok_or_else(unreadable)?;
    let (stem, joint) = parent.strip_suffix("__c").map_or((parent, ""), |stem| (stem, "__"));
    let old = words.last() == Some(&"old");
    Ok(match words[0] {
        "share" => {
            let (key, level) = if old {
                (format!("{parent}Id"), format!("{parent}AccessLevel"))
            } else {
                ("ParentId".into(), "AccessLevel".into())
            };
            let head = format!(
                "{stem}{joint}Share -/{} {stem} Share | CUDQT share {parent}",
                words.get(2).ok_or_else(unreadable)?
            );
            let body = format!(
                "Id:id r; {key} > {parent} * i [Shares C]; UserOrGroupId > Group|User * i; {level}:picklist(40) * {{Read,Edit,All}}; RowCause:picklist(40) i d {{Owner,^Manual,Rule,Team}}; LastModifiedDate:datetime r; LastModifiedById > User r; IsDeleted:boolean r"
            );
            (head, body)
        }
        "history" => {
            let name =
                words.get(2).map_or_else(|| format!("{stem}{joint}History"), |name| (*name).to_owned());
            let key = if joint.is_empty() { format!("{parent}Id") } else { "ParentId".to_owned() };
            let body = format!(
                "Id:id r; IsDeleted:boolean r; {key} > {parent} r ! [Histories C]; CreatedById > User r; CreatedDate:datetime r; Field:picklist(255) r {{created,Name,Owner,Status}}; DataType:picklist(40) r {{Text}}; OldValue:anytype r; NewValue:anytype r"
            );
            (format!("{name} -/017 {stem} History | QRT history {parent}"), body)
        }
        "feed" => {
            let body = format!(
                "Id:id r; ParentId > {parent} r ! [Feeds C]; Type:picklist(40) r {{TextPost,TrackedChange}}; CreatedById > User r; CreatedDate:datetime r; IsDeleted:boolean r; LastModifiedDate:datetime r; SystemModstamp:datetime r; CommentCount:int r; LikeCount:int r; Title:string(255) r; Body:textarea(10000) r L; LinkUrl:url(1000) r; IsRichText:boolean r; RelatedRecordId:string(18) r; InsertedById > User r; BestCommentId > FeedComment r"
            );
            (format!("{stem}{joint}Feed -/0D5 {stem} Feed | DQRT feed {parent}"), body)
        }
        "event" => {
            let body = "Id:id r; ReplayId:string(255) r; ChangeEventHeader:string(255) r".to_owned();
            (format!("{stem}{joint}ChangeEvent -/0CE {stem} Change Event | T event {parent}"), body)
        }
        _ => return Err(unreadable()),
    })
}
