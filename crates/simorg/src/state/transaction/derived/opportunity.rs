//! What the stage, the close date and the amount of an opportunity decide.

use chrono::Datelike;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::model::Value;
use crate::model::stages::Category;
use crate::state::view::Snapshot;

use super::{Saving, status};

pub(super) fn derive(saving: &mut Saving<'_>, snapshot: &Snapshot, now_ms: i64) {
    let moves = saving.is_changed("StageName");
    if let Some(stage) = status::stage(snapshot, &saving.text("StageName")) {
        saving.set("IsClosed", &Value::Bool(stage.is_closed));
        saving.set("IsWon", &Value::Bool(stage.is_won));
        let follows = |saving: &Saving<'_>, name: &str| {
            saving.value(name).is_null() || (moves && !saving.is_given(name))
        };
        if follows(saving, "Probability") {
            saving.set("Probability", &Value::Number(stage.probability));
        }
        if follows(saving, "ForecastCategoryName") {
            saving.set("ForecastCategoryName", &Value::text(stage.category.name()));
        }
    }
    let category = Category::of_name(&saving.text("ForecastCategoryName"));
    saving.set("ForecastCategory", &category.map_or(Value::Null, |category| Value::text(category.value())));
    if moves && saving.before.is_some() {
        saving.set("LastStageChangeDate", &Value::DateTime(now_ms));
    }
    let revenue = expected(&saving.value("Amount"), &saving.value("Probability"));
    saving.set("ExpectedRevenue", &revenue.map_or(Value::Null, |revenue| Value::Number(revenue.to_string())));
    fiscal_period(saving);
}

/// Amount times probability, in the cents of the amount.
fn expected(amount: &Value, probability: &Value) -> Option<Decimal> {
    let number = |value: &Value| value.as_str()?.parse::<Decimal>().ok();
    let share = number(amount)?.checked_mul(number(probability)?)? / Decimal::ONE_HUNDRED;
    let mut revenue = share.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    revenue.rescale(2);
    Some(revenue)
}

/// Fiscal years are calendar years here.
fn fiscal_period(saving: &mut Saving<'_>) {
    let Value::Date(day) = saving.value("CloseDate") else { return };
    let (year, quarter) = (day.year(), i64::from(day.month0() / 3 + 1));
    saving.set("FiscalYear", &Value::Int(year.into()));
    saving.set("FiscalQuarter", &Value::Int(quarter));
    saving.set("Fiscal", &Value::Text(format!("{year} {quarter}")));
}
