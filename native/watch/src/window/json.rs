//! A window as JSON, both ways.

use std::collections::BTreeMap;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Key, Limits, NodeWindow, Number, Sample, Series, Window};
use crate::{LogLinear, Unit, WatchError};

const FORMAT: &str = "outrigger-window/1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    format: String,
    from: u64,
    until: u64,
    nodes: Once<Node>,
    #[serde(default, skip_serializing_if = "Once::is_empty")]
    values: Once<Value>,
    #[serde(default, skip_serializing_if = "Once::is_empty")]
    absent: Once<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    joined: u64,
    #[serde(default)]
    gone: Option<u64>,
    #[serde(default)]
    clock_offset_ms: Option<i64>,
    series: Vec<One>,
    #[serde(default, skip_serializing_if = "Once::is_empty")]
    absent: Once<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    metric: String,
    #[serde(default, skip_serializing_if = "Once::is_empty")]
    labels: Once<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    samples: Option<Vec<(u64, Option<f64>)>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    histogram: Option<Counts>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counts {
    buckets: Vec<(u16, u64)>,
    #[serde(default)]
    clamped: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Value {
    value: Option<f64>,
    unit: Unit,
}

/// An object in which no name stands twice: of two series with one name, one would be lost unseen.
#[derive(Serialize)]
#[serde(transparent)]
struct Once<T>(BTreeMap<String, T>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Once<T> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Once<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Names<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Names<T> {
            type Value = Once<T>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Once<T>, A::Error> {
                let mut all = BTreeMap::new();
                while let Some((name, value)) = members.next_entry::<String, T>()? {
                    if all.contains_key(&name) {
                        return Err(A::Error::custom(format!("{name:?} stands twice in one object")));
                    }
                    all.insert(name, value);
                }
                Ok(Once(all))
            }
        }
        from.deserialize_map(Names(std::marker::PhantomData))
    }
}

impl Window {
    /// Reads a recording.
    ///
    /// # Errors
    ///
    /// [`WatchError::BadWindow`] for what is no window, with its place, and for one that is beyond the limits.
    pub fn from_json(bytes: &[u8], limits: &Limits) -> Result<Self, WatchError> {
        if bytes.len() > limits.bytes {
            return Err(too_many("bytes", limits.bytes, bytes.len()));
        }
        let whole: Whole = serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
        if whole.format != FORMAT {
            return Err(bad(format!("its format is {:?}, and this reads {FORMAT:?}", whole.format)));
        }
        if whole.from > whole.until {
            return Err(bad(format!("it ends ({}) before it begins ({})", whole.until, whole.from)));
        }
        within("nodes", limits.nodes, whole.nodes.0.len())?;
        let series =
            whole.nodes.0.values().map(|node| node.series.len() + node.absent.0.len()).sum::<usize>();
        within("series", limits.series, series + whole.values.0.len() + whole.absent.0.len())?;
        let mut window = Self::new(whole.from, whole.until);
        for (name, node) in whole.nodes.0 {
            let node = node.read(limits).map_err(|problem| bad(format!("{name}: {problem}")))?;
            window.nodes.insert(text(name, limits)?, node);
        }
        for (name, Value { value, unit }) in whole.values.0 {
            window.values.insert(text(name, limits)?, Number { value: value.unwrap_or(f64::NAN), unit });
        }
        window.absent = texts(whole.absent, limits)?;
        Ok(window)
    }

    /// Writes it as JSON, on one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        let values = self.values.iter().map(|(name, number)| {
            (
                name.clone(),
                Value { value: number.value.is_finite().then_some(number.value), unit: number.unit },
            )
        });
        let whole = Whole {
            format: FORMAT.to_owned(),
            from: self.from,
            until: self.until,
            nodes: Once(self.nodes.iter().map(|(name, node)| (name.clone(), Node::of(node))).collect()),
            values: Once(values.collect()),
            absent: Once(self.absent.clone()),
        };
        // Strings, numbers and lists always serialize.
        serde_json::to_string(&whole).unwrap_or_default()
    }
}

impl Node {
    fn of(node: &NodeWindow) -> Self {
        Self {
            joined: node.joined,
            gone: node.gone,
            clock_offset_ms: node.clock_offset_ms,
            series: node.series.iter().map(|(key, series)| One::of(key, series)).collect(),
            absent: Once(node.absent.clone()),
        }
    }

    fn read(self, limits: &Limits) -> Result<NodeWindow, WatchError> {
        let mut node = NodeWindow::new(self.joined);
        (node.gone, node.clock_offset_ms) = (self.gone, self.clock_offset_ms);
        for one in self.series {
            let (key, series) = one.read(limits)?;
            if node.series.contains_key(&key) {
                return Err(bad(format!("{key} stands there twice")));
            }
            node.series.insert(key, series);
        }
        node.absent = texts(self.absent, limits)?;
        Ok(node)
    }
}

impl One {
    fn of(key: &Key, series: &Series) -> Self {
        let mut one = Self {
            metric: key.metric.clone(),
            labels: Once(key.labels.clone()),
            samples: None,
            histogram: None,
        };
        match series {
            Series::Samples(samples) => {
                let pair = |sample: &Sample| (sample.at, sample.value.is_finite().then_some(sample.value));
                one.samples = Some(samples.iter().map(pair).collect());
            }
            Series::Histogram(histogram) => {
                let buckets = histogram.buckets().map(|bucket| (bucket.index, bucket.count)).collect();
                one.histogram = Some(Counts { buckets, clamped: histogram.clamped() });
            }
        }
        one
    }

    fn read(self, limits: &Limits) -> Result<(Key, Series), WatchError> {
        within("labels", limits.labels, self.labels.0.len())?;
        let key = Key { metric: text(self.metric, limits)?, labels: texts(self.labels, limits)? };
        let series = match (self.samples, self.histogram) {
            (Some(samples), None) => {
                within("samples", limits.samples, samples.len())?;
                let sample =
                    |(at, value): (u64, Option<f64>)| Sample { at, value: value.unwrap_or(f64::NAN) };
                Series::Samples(samples.into_iter().map(sample).collect())
            }
            (None, Some(counts)) => {
                Series::Histogram(counts.read().map_err(|problem| bad(format!("{key}: {problem}")))?)
            }
            _ => return Err(bad(format!("{key} has to have either samples or a histogram"))),
        };
        Ok((key, series))
    }
}

impl Counts {
    fn read(self) -> Result<LogLinear, WatchError> {
        if self.buckets.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return Err(bad("the buckets are not in the order of their indexes".into()));
        }
        let mut histogram = LogLinear::new();
        for (index, count) in self.buckets {
            histogram.add(index, count)?;
        }
        histogram.add_clamped(self.clamped);
        Ok(histogram)
    }
}

fn texts(from: Once<String>, limits: &Limits) -> Result<BTreeMap<String, String>, WatchError> {
    from.0.into_iter().map(|(name, value)| Ok((text(name, limits)?, text(value, limits)?))).collect()
}

fn text(text: String, limits: &Limits) -> Result<String, WatchError> {
    within("bytes of a name", limits.text, text.len())?;
    Ok(text)
}

fn within(what: &str, most: usize, is: usize) -> Result<(), WatchError> {
    if is > most { Err(too_many(what, most, is)) } else { Ok(()) }
}

fn too_many(what: &str, most: usize, is: usize) -> WatchError {
    bad(format!("{is} {what} are more than the {most} that are read"))
}

fn bad(problem: String) -> WatchError {
    WatchError::BadWindow { problem }
}
