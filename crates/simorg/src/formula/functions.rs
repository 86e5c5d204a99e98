//! The functions that formulas may call, and what each takes.

use super::kind::Kind;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    AddMonths,
    And,
    Ascii,
    Begins,
    BlankValue,
    Br,
    Case,
    CaseSafeId,
    Ceiling,
    Chr,
    Contains,
    Date,
    DateTimeValue,
    DateValue,
    Day,
    DayOfYear,
    Exp,
    Find,
    Floor,
    FromUnixTime,
    Hour,
    Hyperlink,
    If,
    Image,
    Includes,
    InitCap,
    IsBlank,
    IsNumber,
    IsoWeek,
    IsoYear,
    IsPickVal,
    Left,
    Len,
    Ln,
    Log,
    Lower,
    Lpad,
    Max,
    MCeiling,
    MFloor,
    Mid,
    Millisecond,
    Min,
    Minute,
    Mod,
    Month,
    Not,
    Now,
    Or,
    Pi,
    PicklistCount,
    Regex,
    Reverse,
    Right,
    Round,
    Rpad,
    Second,
    Sqrt,
    Substitute,
    Text,
    TimeNow,
    TimeValue,
    Today,
    Trim,
    Trunc,
    UnixTimestamp,
    Upper,
    Value,
    Weekday,
    Year,
}

/// How many arguments a function takes, and of which types.
#[derive(Debug, Clone, Copy)]
pub(super) enum Takes {
    /// The first so many must be given.
    These(usize, &'static [Kind]),
    /// Any number of one type, at least one.
    Many(Kind),
    /// One of several types.
    OneOf(&'static [Kind]),
}

/// A function whose arguments can be told in a table.
pub(super) struct Signature {
    name: &'static str,
    pub(super) function: Function,
    pub(super) takes: Takes,
    pub(super) gives: Kind,
}

const fn these(
    name: &'static str,
    function: Function,
    least: usize,
    kinds: &'static [Kind],
    gives: Kind,
) -> Signature {
    Signature { name, function, takes: Takes::These(least, kinds), gives }
}

const fn one_of(name: &'static str, function: Function, kinds: &'static [Kind], gives: Kind) -> Signature {
    Signature { name, function, takes: Takes::OneOf(kinds), gives }
}

const fn many(name: &'static str, function: Function, kind: Kind, gives: Kind) -> Signature {
    Signature { name, function, takes: Takes::Many(kind), gives }
}

const B: Kind = Kind::Boolean;
const D: Kind = Kind::Date;
const DT: Kind = Kind::DateTime;
const N: Kind = Kind::Number;
const T: Kind = Kind::Text;
const TM: Kind = Kind::Time;

/// By name. What takes fields, literals or any type is in `check.rs`.
const SIGNATURES: [Signature; 61] = [
    these("ABS", Function::Abs, 1, &[N], N),
    many("AND", Function::And, B, B),
    these("ASCII", Function::Ascii, 1, &[T], N),
    these("BEGINS", Function::Begins, 2, &[T, T], B),
    these("BR", Function::Br, 0, &[], T),
    these("CASESAFEID", Function::CaseSafeId, 1, &[T], T),
    these("CEILING", Function::Ceiling, 1, &[N], N),
    these("CHR", Function::Chr, 1, &[N], T),
    these("CONTAINS", Function::Contains, 2, &[T, T], B),
    these("DATE", Function::Date, 3, &[N, N, N], D),
    one_of("DATETIMEVALUE", Function::DateTimeValue, &[T, D, DT], DT),
    one_of("DATEVALUE", Function::DateValue, &[T, DT, D], D),
    these("DAY", Function::Day, 1, &[D], N),
    these("DAYOFYEAR", Function::DayOfYear, 1, &[D], N),
    these("EXP", Function::Exp, 1, &[N], N),
    these("FIND", Function::Find, 2, &[T, T, N], N),
    these("FLOOR", Function::Floor, 1, &[N], N),
    these("FROMUNIXTIME", Function::FromUnixTime, 1, &[N], DT),
    these("HOUR", Function::Hour, 1, &[TM], N),
    these("HYPERLINK", Function::Hyperlink, 2, &[T, T, T], T),
    these("IMAGE", Function::Image, 2, &[T, T, N, N], T),
    these("INITCAP", Function::InitCap, 1, &[T], T),
    these("ISNUMBER", Function::IsNumber, 1, &[T], B),
    these("ISOWEEK", Function::IsoWeek, 1, &[D], N),
    these("ISOYEAR", Function::IsoYear, 1, &[D], N),
    these("LEFT", Function::Left, 2, &[T, N], T),
    these("LEN", Function::Len, 1, &[T], N),
    these("LN", Function::Ln, 1, &[N], N),
    these("LOG", Function::Log, 1, &[N], N),
    these("LOWER", Function::Lower, 1, &[T], T),
    these("LPAD", Function::Lpad, 2, &[T, N, T], T),
    many("MAX", Function::Max, N, N),
    these("MCEILING", Function::MCeiling, 1, &[N], N),
    these("MFLOOR", Function::MFloor, 1, &[N], N),
    these("MID", Function::Mid, 3, &[T, N, N], T),
    these("MILLISECOND", Function::Millisecond, 1, &[TM], N),
    many("MIN", Function::Min, N, N),
    these("MINUTE", Function::Minute, 1, &[TM], N),
    these("MOD", Function::Mod, 2, &[N, N], N),
    these("MONTH", Function::Month, 1, &[D], N),
    these("NOW", Function::Now, 0, &[], DT),
    many("OR", Function::Or, B, B),
    these("PI", Function::Pi, 0, &[], N),
    these("REVERSE", Function::Reverse, 1, &[T], T),
    these("RIGHT", Function::Right, 2, &[T, N], T),
    these("ROUND", Function::Round, 2, &[N, N], N),
    these("RPAD", Function::Rpad, 2, &[T, N, T], T),
    these("SECOND", Function::Second, 1, &[TM], N),
    these("SQRT", Function::Sqrt, 1, &[N], N),
    these("SUBSTITUTE", Function::Substitute, 3, &[T, T, T], T),
    these("TIMENOW", Function::TimeNow, 0, &[], TM),
    one_of("TIMEVALUE", Function::TimeValue, &[T, DT, TM], TM),
    these("TODAY", Function::Today, 0, &[], D),
    these("TRIM", Function::Trim, 1, &[T], T),
    these("TRUNC", Function::Trunc, 1, &[N, N], N),
    one_of("UNIXTIMESTAMP", Function::UnixTimestamp, &[DT, D], N),
    these("UPPER", Function::Upper, 1, &[T], T),
    these("VALUE", Function::Value, 1, &[T], N),
    these("WEEKDAY", Function::Weekday, 1, &[D], N),
    these("YEAR", Function::Year, 1, &[D], N),
    one_of("TEXT", Function::Text, &[N, D, DT, TM, Kind::Picklist], T),
];

/// Functions of the platform that are not played.
const ELSEWHERE: [&str; 27] = [
    "ACOS",
    "ASIN",
    "ATAN",
    "ATAN2",
    "COS",
    "CURRENCYRATE",
    "DISTANCE",
    "FORMATDURATION",
    "GEOLOCATION",
    "GETRECORDIDS",
    "GETSESSIONID",
    "HTMLENCODE",
    "IMAGEPROXYURL",
    "INCLUDE",
    "JSENCODE",
    "JSINHTMLENCODE",
    "JUNCTIONIDLIST",
    "LINKTO",
    "PARENTGROUPVAL",
    "PREDICT",
    "PREVGROUPVAL",
    "REQUIRESCRIPT",
    "SIN",
    "TAN",
    "URLENCODE",
    "URLFOR",
    "VLOOKUP",
];

pub(super) fn signature(name: &str) -> Option<&'static Signature> {
    SIGNATURES.iter().find(|signature| signature.name == name)
}

pub(super) fn is_not_simulated(name: &str) -> bool {
    ELSEWHERE.contains(&name)
}
