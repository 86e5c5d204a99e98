//! `Summary` elements: sums, counts and extremes over the details of a master.

use crate::model::{FieldDef, FieldSource, FieldType, FilterOperator, RollUp, RollUpFilter, RollUpKind};
use crate::state::view::Snapshot;
use crate::xml::Element;

/// The field by what its element says; what it sums up is found by `settle`.
pub(super) fn field(object: &str, name: &str, xml: &Element) -> Result<FieldDef, String> {
    let operation = xml.text_of("summaryOperation").map(str::trim).unwrap_or_default();
    let kind = match operation {
        "count" => RollUpKind::Count,
        "sum" => RollUpKind::Sum,
        "min" => RollUpKind::Min,
        "max" => RollUpKind::Max,
        other => return Err(format!("'{other}' is not a valid value for the enum 'SummaryOperations'")),
    };
    let Some((child, via)) = xml.text_of("summaryForeignKey").and_then(|path| path.trim().split_once('.'))
    else {
        return Err("Must specify 'summaryForeignKey' for a CustomField of type Summary".to_owned());
    };
    let of = match xml.text_of("summarizedField").and_then(|path| path.trim().split_once('.')) {
        Some((_, of)) => of.to_owned(),
        None if kind == RollUpKind::Count => String::new(),
        None => {
            return Err(format!("Must specify 'summarizedField' for a roll-up by {operation} on {object}"));
        }
    };
    let mut field = FieldDef::plain(name, FieldType::Double);
    (field.precision, field.scale) = (18, 0);
    field.calculated();
    let filters = xml.all("summaryFilterItems").map(filter).collect::<Result<_, _>>()?;
    let (child, via) = (child.to_owned(), via.to_owned());
    field.source = FieldSource::RollUp(RollUp { kind, child, via, of, filters });
    Ok(field)
}

fn filter(xml: &Element) -> Result<RollUpFilter, String> {
    let text = |name: &str| xml.text_of(name).map(str::trim).unwrap_or_default();
    let operation = text("operation");
    let operator = FilterOperator::of(operation)
        .ok_or_else(|| format!("'{operation}' is not a valid value for the enum 'FilterOperation'"))?;
    // Named with the child in front, as in `Line__c.Amount__c`.
    let field = text("field").rsplit('.').next().unwrap_or_default().to_owned();
    Ok(RollUpFilter { field, operator, value: text("value").to_owned() })
}

/// A filter as it is written.
pub(super) fn filter_xml(child: &str, filter: &RollUpFilter) -> Element {
    Element::new("summaryFilterItems")
        .with(Element::leaf("field", format!("{child}.{}", filter.field)))
        .with(Element::leaf("operation", filter.operator.word()))
        .with(Element::leaf("value", &filter.value))
}

/// Takes type and size from the summed field, once that is there.
pub(super) fn settle(field: &mut FieldDef, snapshot: &Snapshot) -> Result<(), String> {
    let FieldSource::RollUp(sum) = &field.source else { return Ok(()) };
    let details = snapshot.table(&sum.child).map(|table| table.def.clone());
    let via = details.as_ref().and_then(|def| def.field(&sum.via));
    let (Some(details), Some(_)) = (&details, via) else {
        let path = format!("{}.{}", sum.child, sum.via);
        return Err(format!("In field: summaryForeignKey - no CustomField named {path} found"));
    };
    if sum.of.is_empty() {
        return Ok(());
    }
    let Some(of) = details.field(&sum.of) else {
        let path = format!("{}.{}", sum.child, sum.of);
        return Err(format!("In field: summarizedField - no CustomField named {path} found"));
    };
    let mut settled = FieldDef::plain(&field.name, of.kind);
    settled.label.clone_from(&field.label);
    settled.inline_help_text.clone_from(&field.inline_help_text);
    settled.metadata.clone_from(&field.metadata);
    (settled.precision, settled.scale) = (18, of.scale);
    settled.calculated();
    settled.source = field.source.clone();
    *field = settled;
    Ok(())
}
