//! What the standard stages of an opportunity mean: how likely, open or closed, won or lost, and how forecasts count them.

/// One stage of a new org (Salesforce Help, "Default Opportunity Stages").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    /// In percent.
    pub(crate) probability: &'static str,
    pub(crate) is_closed: bool,
    pub(crate) is_won: bool,
    pub(crate) category: Category,
}

/// How forecasts count an opportunity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Category {
    Omitted,
    Pipeline,
    BestCase,
    MostLikely,
    Forecast,
    Closed,
}

impl Category {
    const ALL: [Category; 6] = [
        Category::Omitted,
        Category::Pipeline,
        Category::BestCase,
        Category::MostLikely,
        Category::Forecast,
        Category::Closed,
    ];

    /// As `ForecastCategory` and metadata spell it.
    pub(crate) fn value(self) -> &'static str {
        match self {
            Category::Omitted => "Omitted",
            Category::Pipeline => "Pipeline",
            Category::BestCase => "BestCase",
            Category::MostLikely => "MostLikely",
            Category::Forecast => "Forecast",
            Category::Closed => "Closed",
        }
    }

    /// As `ForecastCategoryName` spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Category::BestCase => "Best Case",
            Category::MostLikely => "Most Likely",
            Category::Forecast => "Commit",
            other => other.value(),
        }
    }

    pub(crate) fn of_value(value: &str) -> Option<Category> {
        Category::ALL.into_iter().find(|category| category.value() == value)
    }

    pub(crate) fn of_name(name: &str) -> Option<Category> {
        Category::ALL.into_iter().find(|category| category.name() == name)
    }
}

pub(crate) const STAGES: [Stage; 10] = [
    open("Prospecting", "10"),
    open("Qualification", "10"),
    open("Needs Analysis", "20"),
    open("Value Proposition", "50"),
    open("Id. Decision Makers", "60"),
    open("Perception Analysis", "70"),
    open("Proposal/Price Quote", "75"),
    open("Negotiation/Review", "90"),
    Stage {
        name: "Closed Won",
        probability: "100",
        is_closed: true,
        is_won: true,
        category: Category::Closed,
    },
    Stage {
        name: "Closed Lost",
        probability: "0",
        is_closed: true,
        is_won: false,
        category: Category::Omitted,
    },
];

const fn open(name: &'static str, probability: &'static str) -> Stage {
    Stage { name, probability, is_closed: false, is_won: false, category: Category::Pipeline }
}
