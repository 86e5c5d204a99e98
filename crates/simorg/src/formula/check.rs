//! Turns the syntax of a formula into a `Formula`: finds fields and functions, and refuses types that do not fit.

use rust_decimal::Decimal;

use crate::model::ObjectDef;
use crate::state::view::Snapshot;

use super::functions::{Function, Signature, Takes, is_not_simulated, signature};
use super::kind::Kind;
use super::parser::Node;
use super::pattern::Pattern;
use super::program::{Arithmetic, Equality, Expr, Order};
use super::{Datum, Extent, FormulaError, Purpose, Reading};

type Checked = Result<(Expr, Kind), FormulaError>;

pub(super) struct Checker<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) object: &'a ObjectDef,
    pub(super) purpose: Purpose<'a>,
    pub(super) reading: &'a mut Reading,
    /// The level at which this formula begins.
    pub(super) base: usize,
    pub(super) extent: Extent,
}

/// How deep operations may lie in one another, across formula fields; reading and computing them take a part of the stack.
const MOST_LEVELS: usize = 300;
/// The most operations of a formula. Each compiles to more than one of the 15,000 characters that a compiled formula may have
/// (Salesforce: "Formula Field Limits and Restrictions").
const MOST_OPERATIONS: usize = 15_000;

fn invalid(message: String) -> FormulaError {
    FormulaError::Invalid(message)
}

/// `function 'ABS()'` or `operator '+'`, as messages call them.
fn shown(name: &str) -> String {
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        format!("function '{name}()'")
    } else {
        format!("operator '{name}'")
    }
}

fn wrong_type(name: &str, wanted: &[Kind], received: Kind) -> FormulaError {
    let wanted: Vec<&str> = wanted.iter().map(|kind| kind.label()).collect();
    let (name, wanted) = (shown(name), wanted.join(", "));
    invalid(format!("Incorrect parameter type for {name}. Expected {wanted}, received {}", received.label()))
}

fn wrong_number(name: &str, wanted: usize, received: usize) -> FormulaError {
    let name = shown(name);
    invalid(format!("Incorrect number of parameters for {name}. Expected {wanted}, received {received}"))
}

/// Picklists are taken by few functions only, and messages say so by the field.
fn plain(node: &Node, kind: Kind) -> Result<(), FormulaError> {
    let called = match kind {
        Kind::Picklist => "a picklist field. Picklist",
        Kind::MultiPicklist => "a multi-select picklist field. Multi-select picklist",
        _ => return Ok(()),
    };
    let name = match node {
        Node::Field(path) => path.as_str(),
        _ => "PRIORVALUE",
    };
    Err(invalid(format!("Field {name} is {called} fields are only supported in certain functions.")))
}

impl Checker<'_> {
    /// The whole formula, whose type must be the one that its place asks for.
    pub(super) fn formula(&mut self, node: &Node) -> Checked {
        let (root, kind) = self.expr(node)?;
        let (wanted, label) = match self.purpose {
            Purpose::Rule => (Kind::Boolean, "true or false"),
            Purpose::Field(field) | Purpose::Default(field) => Kind::wanted(field),
        };
        plain(node, kind)?;
        if kind.fits(wanted) {
            return Ok((root, wanted));
        }
        let received = kind.label();
        Err(invalid(format!(
            "Formula result is data type ({received}), incompatible with expected data type ({label})."
        )))
    }

    fn expr(&mut self, node: &Node) -> Checked {
        self.reading.level += 1;
        let checked = self.reaches(Extent { operations: 1, levels: 0 }).and_then(|()| self.expr_of(node));
        self.reading.level -= 1;
        checked
    }

    /// Takes note of a part that lies at the present level; refuses what is too much to compute.
    pub(super) fn reaches(&mut self, part: Extent) -> Result<(), FormulaError> {
        let level = self.reading.level + part.levels;
        if level > MOST_LEVELS {
            return Err(FormulaError::NotSimulated(format!("more than {MOST_LEVELS} nested operations")));
        }
        self.extent.levels = self.extent.levels.max(level - self.base);
        self.extent.operations += part.operations;
        if self.extent.operations > MOST_OPERATIONS {
            return Err(invalid(
                "Compiled formula is too big to execute. Maximum size is 15,000 characters".to_owned(),
            ));
        }
        Ok(())
    }

    fn expr_of(&mut self, node: &Node) -> Checked {
        match node {
            Node::Number(digits) => {
                let number = Decimal::from_str_exact(digits)
                    .map_err(|_| invalid(format!("The value '{digits}' is not a valid number.")))?;
                Ok((Expr::Constant(Datum::Number(number)), Kind::Number))
            }
            Node::Text(text) => Ok((Expr::Constant(Datum::text(text.clone())), Kind::Text)),
            Node::Boolean(value) => Ok((Expr::Constant(Datum::Bool(*value)), Kind::Boolean)),
            Node::Null => Ok((Expr::Constant(Datum::Blank), Kind::Null)),
            Node::Field(path) => self.field(path),
            Node::Unary("NOT", operand) => {
                let operand = self.typed("NOT", operand, &[Kind::Boolean])?.0;
                Ok((Expr::Call(Function::Not, vec![operand]), Kind::Boolean))
            }
            Node::Unary(sign, operand) => {
                let (operand, kind) = self.typed(sign, operand, &[Kind::Number])?;
                Ok((if *sign == "-" { Expr::Negate(Box::new(operand)) } else { operand }, kind))
            }
            Node::Binary(operator, left, right) => self.binary(operator, left, right),
            Node::Call(name, arguments) => self.call(&name.to_ascii_uppercase(), arguments),
        }
    }

    /// An argument of one of these types.
    fn typed(&mut self, name: &str, node: &Node, wanted: &[Kind]) -> Checked {
        let (expr, kind) = self.expr(node)?;
        if wanted.iter().any(|wanted| kind.fits(*wanted)) {
            return Ok((expr, kind));
        }
        plain(node, kind)?;
        Err(wrong_type(name, wanted, kind))
    }

    /// An argument of any type that can be computed with.
    fn computable(&mut self, node: &Node) -> Checked {
        let (expr, kind) = self.expr(node)?;
        plain(node, kind)?;
        Ok((expr, kind))
    }

    fn binary(&mut self, operator: &'static str, left: &Node, right: &Node) -> Checked {
        let (operation, order) = match operator {
            "&" => {
                let left = Box::new(self.typed(operator, left, &[Kind::Text])?.0);
                let right = Box::new(self.typed(operator, right, &[Kind::Text])?.0);
                return Ok((Expr::Concat(left, right), Kind::Text));
            }
            "=" | "<>" => return self.equality(operator, left, right),
            "<" => (None, Some(Order::Less)),
            "<=" => (None, Some(Order::LessOrEqual)),
            ">" => (None, Some(Order::Greater)),
            ">=" => (None, Some(Order::GreaterOrEqual)),
            "+" => (Some(Arithmetic::Add), None),
            "-" => (Some(Arithmetic::Subtract), None),
            "*" => (Some(Arithmetic::Multiply), None),
            "/" => (Some(Arithmetic::Divide), None),
            _ => (Some(Arithmetic::Power), None),
        };
        if let Some(order) = order {
            return self.order(operator, order, left, right);
        }
        let operation = operation.unwrap_or(Arithmetic::Power);
        if matches!(operation, Arithmetic::Add | Arithmetic::Subtract) {
            return self.sum(operator, operation, left, right);
        }
        let left = Box::new(self.typed(operator, left, &[Kind::Number])?.0);
        let right = Box::new(self.typed(operator, right, &[Kind::Number])?.0);
        Ok((Expr::Arithmetic(operation, left, right), Kind::Number))
    }

    fn equality(&mut self, operator: &str, left: &Node, right: &Node) -> Checked {
        let (left, left_kind) = self.computable(left)?;
        let (right, right_kind) = self.computable(right)?;
        if !right_kind.fits(left_kind) {
            return Err(wrong_type(operator, &[left_kind], right_kind));
        }
        let text = left_kind == Kind::Text || right_kind == Kind::Text;
        let equality = Equality { text, negated: operator == "<>" };
        Ok((Expr::Equal(equality, Box::new(left), Box::new(right)), Kind::Boolean))
    }

    fn order(&mut self, operator: &str, order: Order, left: &Node, right: &Node) -> Checked {
        let (left, left_kind) = self.computable(left)?;
        let (right, right_kind) = self.computable(right)?;
        if !right_kind.fits(left_kind) {
            return Err(wrong_type(operator, &[left_kind], right_kind));
        }
        if left_kind == Kind::Boolean || right_kind == Kind::Boolean {
            return Err(wrong_type(operator, &[Kind::Number, Kind::Date, Kind::DateTime], Kind::Boolean));
        }
        Ok((Expr::Order(order, Box::new(left), Box::new(right)), Kind::Boolean))
    }

    /// `+` and `-`, which also move dates and times and join texts.
    fn sum(&mut self, operator: &str, operation: Arithmetic, left: &Node, right: &Node) -> Checked {
        use Kind as K;
        let (left, left_kind) = self.computable(left)?;
        let (right, right_kind) = self.computable(right)?;
        let adds = operation == Arithmetic::Add;
        let gives = match (left_kind, right_kind) {
            (K::Null, other) | (other, K::Null) => other,
            (K::Text, K::Text) if adds => {
                return Ok((Expr::Concat(Box::new(left), Box::new(right)), K::Text));
            }
            (K::Text, received) if adds => return Err(wrong_type(operator, &[K::Text], received)),
            (K::Number, K::Number) => K::Number,
            (K::Number, moment @ (K::Date | K::DateTime)) if adds => moment,
            (moment @ (K::Date | K::DateTime | K::Time), K::Number) => moment,
            (K::Date, K::Date) | (K::DateTime, K::DateTime) | (K::Time, K::Time) if !adds => K::Number,
            (K::Number | K::Date | K::DateTime | K::Time, received) => {
                return Err(wrong_type(operator, &[K::Number], received));
            }
            (received, _) => {
                return Err(wrong_type(operator, &[K::Number, K::Date, K::DateTime], received));
            }
        };
        Ok((Expr::Arithmetic(operation, Box::new(left), Box::new(right)), gives))
    }

    fn call(&mut self, name: &str, arguments: &[Node]) -> Checked {
        if let Some(signature) = signature(name) {
            if matches!(name, "UPPER" | "LOWER") && arguments.len() == 2 {
                return Err(FormulaError::NotSimulated(format!("{name} with a locale")));
            }
            return self.by_signature(name, signature, arguments);
        }
        match name {
            "ADDMONTHS" => {
                let [moment, months] = arguments else { return Err(wrong_number(name, 2, arguments.len())) };
                let (moment, kind) = self.typed(name, moment, &[Kind::Date, Kind::DateTime])?;
                let months = self.typed(name, months, &[Kind::Number])?.0;
                Ok((Expr::Call(Function::AddMonths, vec![moment, months]), kind))
            }
            "IF" => self.choice(name, arguments),
            "CASE" => self.case(arguments),
            "ISBLANK" | "ISNULL" => self.is_blank(name, arguments),
            "BLANKVALUE" | "NULLVALUE" => self.blank_value(name, arguments),
            "ISPICKVAL" => self.literal(name, Function::IsPickVal, Kind::Picklist, arguments),
            "INCLUDES" => self.literal(name, Function::Includes, Kind::MultiPicklist, arguments),
            "PICKLISTCOUNT" => {
                let [field] = arguments else { return Err(wrong_number(name, 1, arguments.len())) };
                let field = self.typed(name, field, &[Kind::MultiPicklist])?.0;
                Ok((Expr::Call(Function::PicklistCount, vec![field]), Kind::Number))
            }
            "REGEX" => self.regex(arguments),
            "ISNEW" | "ISCLONE" | "ISCHANGED" | "PRIORVALUE" => self.about_save(name, arguments),
            _ if is_not_simulated(name) => Err(FormulaError::NotSimulated(format!("{name}()"))),
            _ => Err(invalid(format!("Unknown function {name}. Check spelling."))),
        }
    }

    fn by_signature(&mut self, name: &str, signature: &Signature, arguments: &[Node]) -> Checked {
        let given = arguments.len();
        let mut checked = Vec::with_capacity(given);
        match signature.takes {
            Takes::These(least, kinds) => {
                if given < least || given > kinds.len() {
                    return Err(wrong_number(name, if given < least { least } else { kinds.len() }, given));
                }
                for (argument, kind) in arguments.iter().zip(kinds) {
                    checked.push(self.typed(name, argument, &[*kind])?.0);
                }
            }
            Takes::Many(kind) => {
                if given == 0 {
                    return Err(wrong_number(name, 1, 0));
                }
                for argument in arguments {
                    checked.push(self.typed(name, argument, &[kind])?.0);
                }
            }
            Takes::OneOf(kinds) => {
                let [argument] = arguments else { return Err(wrong_number(name, 1, given)) };
                checked.push(self.typed(name, argument, kinds)?.0);
            }
        }
        Ok((Expr::Call(signature.function, checked), signature.gives))
    }

    fn choice(&mut self, name: &str, arguments: &[Node]) -> Checked {
        let [condition, first, second] = arguments else {
            return Err(wrong_number(name, 3, arguments.len()));
        };
        let condition = self.typed(name, condition, &[Kind::Boolean])?.0;
        let (first, kind) = self.computable(first)?;
        let (second, other) = self.computable(second)?;
        if !other.fits(kind) {
            return Err(wrong_type(name, &[kind], other));
        }
        let kind = if kind == Kind::Null { other } else { kind };
        Ok((Expr::Call(Function::If, vec![condition, first, second]), kind))
    }

    fn case(&mut self, arguments: &[Node]) -> Checked {
        let given = arguments.len();
        if given < 4 || !given.is_multiple_of(2) {
            return Err(wrong_number("CASE", if given < 4 { 4 } else { given - 1 }, given));
        }
        let (subject, mut asked) = self.expr(&arguments[0])?;
        if asked == Kind::MultiPicklist {
            plain(&arguments[0], asked)?;
        }
        let refused = || invalid(format!("Incorrect argument type for {}. ", shown("CASE")));
        let (mut checked, mut result) = (vec![subject], Kind::Null);
        for (at, argument) in arguments.iter().enumerate().skip(1) {
            let (expr, kind) = self.computable(argument)?;
            if kind == Kind::Boolean || asked == Kind::Boolean {
                return Err(refused());
            }
            let is_value = at % 2 == 1 && at + 1 < given;
            if is_value && asked == Kind::Picklist {
                if !matches!(argument, Node::Text(_)) {
                    return Err(wrong_type("CASE", &[Kind::Text], kind));
                }
            } else {
                let wanted = if is_value { &mut asked } else { &mut result };
                if !kind.fits(*wanted) {
                    return Err(wrong_type("CASE", &[*wanted], kind));
                }
                if *wanted == Kind::Null {
                    *wanted = kind;
                }
            }
            checked.push(expr);
        }
        // A number, date or time that is blank equals nothing, a text that is blank equals "".
        checked.push(Expr::Constant(Datum::Bool(matches!(asked, Kind::Text | Kind::Picklist))));
        Ok((Expr::Call(Function::Case, checked), result))
    }

    fn is_blank(&mut self, name: &str, arguments: &[Node]) -> Checked {
        let [argument] = arguments else { return Err(wrong_number(name, 1, arguments.len())) };
        let (expr, kind) = self.expr(argument)?;
        if kind == Kind::Boolean {
            return Err(invalid(format!("Incorrect argument type for {}. ", shown(name))));
        }
        if name == "ISNULL" && kind == Kind::Text {
            // Text is never null, not even when it is blank.
            return Ok((Expr::Constant(Datum::Bool(false)), Kind::Boolean));
        }
        Ok((Expr::Call(Function::IsBlank, vec![expr]), Kind::Boolean))
    }

    fn blank_value(&mut self, name: &str, arguments: &[Node]) -> Checked {
        let [value, other] = arguments else { return Err(wrong_number(name, 2, arguments.len())) };
        let (value, kind) = self.computable(value)?;
        let (other, other_kind) = self.computable(other)?;
        if !other_kind.fits(kind) {
            return Err(wrong_type(name, &[kind], other_kind));
        }
        let kind = if kind == Kind::Null { other_kind } else { kind };
        if name == "NULLVALUE" && kind == Kind::Text {
            return Ok((value, kind));
        }
        Ok((Expr::Call(Function::BlankValue, vec![value, other]), kind))
    }

    /// A picklist field and one of its values, as a literal.
    fn literal(&mut self, name: &str, function: Function, wanted: Kind, arguments: &[Node]) -> Checked {
        let [field, value] = arguments else { return Err(wrong_number(name, 2, arguments.len())) };
        let (field, kind) = self.expr(field)?;
        if kind != wanted {
            return Err(wrong_type(name, &[wanted], kind));
        }
        let Node::Text(_) = value else {
            let kind = self.expr(value)?.1.label();
            let name = shown(name);
            return Err(invalid(format!(
                "Incorrect parameter type for {name}. Expected Text Literal, received {kind}"
            )));
        };
        let value = self.expr(value)?.0;
        Ok((Expr::Call(function, vec![field, value]), Kind::Boolean))
    }

    /// Formula fields cannot use regular expressions (Salesforce: "Formula Operators and Functions").
    fn regex(&mut self, arguments: &[Node]) -> Checked {
        if matches!(self.purpose, Purpose::Field(_)) {
            return Err(not_here("REGEX"));
        }
        let [text, pattern] = arguments else { return Err(wrong_number("REGEX", 2, arguments.len())) };
        let text = self.typed("REGEX", text, &[Kind::Text])?.0;
        if let Node::Text(pattern) = pattern {
            let pattern = Pattern::new(pattern)
                .map_err(|why| FormulaError::NotSimulated(format!("the pattern `{pattern}` ({why})")))?;
            return Ok((Expr::Matches(Box::new(text), pattern), Kind::Boolean));
        }
        let pattern = self.typed("REGEX", pattern, &[Kind::Text])?.0;
        Ok((Expr::Call(Function::Regex, vec![text, pattern]), Kind::Boolean))
    }

    /// Functions that compare the record with what it was before the save.
    fn about_save(&mut self, name: &str, arguments: &[Node]) -> Checked {
        if !matches!(self.purpose, Purpose::Rule) {
            return Err(not_here(name));
        }
        if matches!(name, "ISNEW" | "ISCLONE") {
            if !arguments.is_empty() {
                return Err(wrong_number(name, 0, arguments.len()));
            }
            // No API saves a record as the clone of another.
            let never = Expr::Constant(Datum::Bool(false));
            return Ok((if name == "ISNEW" { Expr::IsNew } else { never }, Kind::Boolean));
        }
        let [argument] = arguments else { return Err(wrong_number(name, 1, arguments.len())) };
        let (expr, kind) = self.expr(argument)?;
        let Expr::Field(path) = expr else { return Err(no_field(name)) };
        if !path.is_own() {
            return Err(no_field(name));
        }
        if name == "ISCHANGED" {
            return Ok((Expr::IsChanged(path), Kind::Boolean));
        }
        Ok((Expr::Field(path.before()), kind))
    }
}

fn not_here(name: &str) -> FormulaError {
    invalid(format!("Function {name} may not be used in this type of formula"))
}

fn no_field(name: &str) -> FormulaError {
    invalid(format!("Incorrect parameter for {}. Expected field reference.", shown(name)))
}
