//! From words to a comparison, with names, labels and dimensions checked on the way.

use std::collections::BTreeMap;

use super::token::{Token, tokens};
use super::{
    Arithmetic, Comparison, Dimension, Expr, Fault, Figure, MOST_DEPTH, Names, Relation, Shape, Statistic,
};
use crate::gate::Pattern;

/// An expression and what it is measured in.
type Typed = (Expr, Dimension);

impl Comparison {
    pub(crate) fn read(text: &str, names: &Names) -> Result<Self, Fault> {
        let mut parser = Parser::new(text, names)?;
        let (left, of_left) = parser.sum()?;
        let at = parser.at();
        let relation = match parser.next() {
            Some(Token::Sign(sign)) => Relation::find(sign),
            _ => None,
        };
        let relation =
            relation.ok_or_else(|| Fault::new(at, "a comparison is missing: < <= > >= == or !="))?;
        let (right, of_right) = parser.sum()?;
        parser.end("a budget is one comparison")?;
        let unlike = || Fault::new(at, format!("{of_left} cannot be compared with {of_right}"));
        let dimension = of_left.plus(of_right).ok_or_else(unlike)?;
        let comparison = Self {
            left,
            relation,
            right,
            dimension,
            left_text: text[..at].trim().to_owned(),
            text: text.trim().to_owned(),
        };
        let figures = comparison.figures();
        let open =
            figures.iter().filter(|figure| figure.shape == Shape::Histogram && figure.statistic.is_none());
        match (figures.is_empty(), open.count()) {
            (true, _) => Err(Fault::new(0, "it names no metric, so nothing could change its verdict")),
            (false, 0 | 1) => Ok(comparison),
            // Their worst durations are of different moments, so nothing could be said of both together.
            _ => {
                Err(Fault::new(0, "only one histogram may stand without a statistic: write p99(…) or max(…)"))
            }
        }
    }
}

/// Reads one figure, and nothing else.
pub(crate) fn figure(text: &str, names: &Names) -> Result<Figure, Fault> {
    let mut parser = Parser::new(text, names)?;
    let figure = parser.figure()?;
    parser.end("only one figure can be compared with a baseline")?;
    Ok(figure)
}

struct Parser<'a> {
    names: &'a Names,
    tokens: std::iter::Peekable<std::vec::IntoIter<(usize, Token)>>,
    /// The length of the text: where it ends unexpectedly.
    end: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &str, names: &'a Names) -> Result<Self, Fault> {
        Ok(Self { names, tokens: tokens(text)?.into_iter().peekable(), end: text.len(), depth: 0 })
    }

    fn at(&mut self) -> usize {
        self.tokens.peek().map_or(self.end, |(at, _)| *at)
    }

    fn next(&mut self) -> Option<Token> {
        self.tokens.next().map(|(_, token)| token)
    }

    /// Takes the next word if it is one of these signs.
    fn sign(&mut self, signs: &[&'static str]) -> Option<&'static str> {
        match self.tokens.peek() {
            Some((_, Token::Sign(sign))) if signs.contains(sign) => {
                let sign = *sign;
                self.tokens.next();
                Some(sign)
            }
            _ => None,
        }
    }

    fn expect(&mut self, sign: &'static str, why: &str) -> Result<(), Fault> {
        let at = self.at();
        self.sign(&[sign]).map(|_| ()).ok_or_else(|| Fault::new(at, format!("{sign:?} is missing {why}")))
    }

    fn end(&mut self, why: &str) -> Result<(), Fault> {
        match self.tokens.peek() {
            None => Ok(()),
            Some((at, token)) => {
                Err(Fault::new(*at, format!("{} stands behind the end: {why}", token.shown())))
            }
        }
    }

    fn sum(&mut self) -> Result<Typed, Fault> {
        let mut left = self.product()?;
        loop {
            let at = self.at();
            let Some(sign) = self.sign(&["+", "-"]) else { return Ok(left) };
            let right = self.product()?;
            let dimension = left.1.plus(right.1);
            let word = if sign == "+" { "added to" } else { "subtracted from" };
            let fault = || Fault::new(at, format!("{} cannot be {word} {}", right.1, left.1));
            let dimension = dimension.ok_or_else(fault)?;
            let how = if sign == "+" { Arithmetic::Plus } else { Arithmetic::Minus };
            left = (Expr::Both(Box::new(left.0), how, Box::new(right.0)), dimension);
        }
    }

    fn product(&mut self) -> Result<Typed, Fault> {
        let mut left = self.unary()?;
        while let Some(sign) = self.sign(&["*", "/"]) {
            let right = self.unary()?;
            let (how, exponents) = if sign == "*" { (Arithmetic::Times, 1) } else { (Arithmetic::By, -1) };
            let dimension = left.1.times(right.1, exponents);
            left = (Expr::Both(Box::new(left.0), how, Box::new(right.0)), dimension);
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Typed, Fault> {
        let at = self.at();
        if let Some((_, Token::Number(literal))) = self.tokens.peek() {
            let literal = *literal;
            self.tokens.next();
            return Ok((Expr::Number(literal), literal.dimension));
        }
        let Some(sign) = self.sign(&["-", "("]) else {
            let figure = self.figure()?;
            let dimension = figure.dimension;
            return Ok((Expr::Figure(Box::new(figure)), dimension));
        };
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(Fault::new(
                at,
                format!("more than {MOST_DEPTH} parentheses or signs inside one another"),
            ));
        }
        let inside = if sign == "-" {
            let (inside, dimension) = self.unary()?;
            (Expr::Negative(Box::new(inside)), dimension)
        } else {
            let inside = self.sum()?;
            self.expect(")", "behind what is in parentheses")?;
            inside
        };
        self.depth -= 1;
        Ok(inside)
    }

    fn figure(&mut self) -> Result<Figure, Fault> {
        let at = self.at();
        let (name, quoted) = match self.next() {
            Some(Token::Name(name)) => (name, false),
            Some(Token::Text(name)) => (name, true),
            Some(token) => {
                return Err(Fault::new(
                    at,
                    format!("{} stands where a number or a metric should", token.shown()),
                ));
            }
            None => return Err(Fault::new(at, "a number or a metric is missing at the end")),
        };
        if !quoted && self.sign(&["("]).is_some() {
            let statistic = self.statistic(&name, at)?;
            let at = self.at();
            let figure = self.figure_in_call()?;
            self.expect(")", "behind the metric")?;
            return finish(figure, Some(statistic), at);
        }
        let (name, mut statistic) = match (self.names.find(&name), Statistic::split(&name)) {
            (None, Some((name, statistic))) if !quoted => (name.to_owned(), Some(statistic)),
            _ => (name, None),
        };
        let figure = self.series(name, at)?;
        let behind = self.at();
        if let Some((_, Token::Suffix(suffix))) =
            self.tokens.next_if(|(_, token)| matches!(token, Token::Suffix(_)))
        {
            if statistic.is_some() {
                return Err(Fault::new(behind, format!("a second statistic, {suffix:?}")));
            }
            statistic = Some(self.statistic(&suffix, behind)?);
        }
        finish(figure, statistic, at)
    }

    fn statistic(&self, name: &str, at: usize) -> Result<Statistic, Fault> {
        Statistic::find(name).ok_or_else(|| {
            let all = Statistic::ALL.map(Statistic::text).join(" ");
            Fault::new(at, format!("{name:?} is no statistic: they are {all}"))
        })
    }

    fn figure_in_call(&mut self) -> Result<Figure, Fault> {
        let at = self.at();
        match self.next() {
            Some(Token::Name(name) | Token::Text(name)) => self.series(name, at),
            _ => Err(Fault::new(at, "the name of a metric is missing here")),
        }
    }

    /// A name and its labels.
    fn series(&mut self, metric: String, at: usize) -> Result<Figure, Fault> {
        let Some((unit, shape)) = self.names.find(&metric) else {
            let remedy = match self.names.nearest(&metric) {
                Some(name) => format!("is it {name}?"),
                None => "see docs/gates.md for all, and for how to declare your own".into(),
            };
            return Err(Fault::new(at, format!("there is no metric {metric:?}: {remedy}")));
        };
        let mut labels = BTreeMap::new();
        let place = self.at();
        if self.sign(&["{"]).is_some() {
            if shape == Shape::Value {
                return Err(Fault::new(place, format!("{metric} is the figure of a file, it has no labels")));
            }
            while self.sign(&["}"]).is_none() {
                if !labels.is_empty() {
                    self.expect(",", "between labels")?;
                }
                let (label, pattern) = self.label(&metric)?;
                labels.insert(label, pattern);
            }
        }
        Ok(Figure { metric, labels, statistic: None, shape, dimension: Dimension::of(unit) })
    }

    fn label(&mut self, metric: &str) -> Result<(String, Pattern), Fault> {
        let at = self.at();
        let label = match self.next() {
            Some(Token::Name(label)) => label,
            _ => return Err(Fault::new(at, "the name of a label is missing here")),
        };
        // What is declared by a configuration may have any labels.
        if let Some(known) = crate::catalogue::find(metric)
            && !known.labels.contains(&label.as_str())
        {
            let all = if known.labels.is_empty() { "none".into() } else { known.labels.join(", ") };
            return Err(Fault::new(at, format!("{metric} has no label {label:?}: its labels are {all}")));
        }
        self.expect("=", "behind the name of a label")?;
        let at = self.at();
        match self.next() {
            Some(Token::Text(text)) => Ok((label, Pattern::new(text))),
            _ => Err(Fault::new(at, "a label's value stands in quotes")),
        }
    }
}

/// With its statistic, and the dimension that this gives it.
fn finish(mut figure: Figure, statistic: Option<Statistic>, at: usize) -> Result<Figure, Fault> {
    let of = figure.dimension;
    figure.dimension = match (figure.shape, statistic) {
        (_, None) => of,
        (Shape::Value, Some(statistic)) => {
            let problem = format!("{} is one figure of a file, there is no {statistic} of it", figure.metric);
            return Err(Fault::new(at, problem));
        }
        (Shape::Histogram, Some(Statistic::Last)) => {
            let problem =
                format!("{} is counted in a histogram, which does not know the last one", figure.metric);
            return Err(Fault::new(at, problem));
        }
        (_, Some(Statistic::Count)) => Dimension::COUNT,
        (Shape::Histogram, Some(Statistic::Rate)) => Dimension::COUNT.per_second(),
        (Shape::Samples, Some(Statistic::Rate)) => of.per_second(),
        (_, Some(_)) => of,
    };
    figure.statistic = statistic;
    Ok(figure)
}
