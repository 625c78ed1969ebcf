//! What answers cost, by the prices that a person has entered. The app knows none by itself, for they
//! change.

use std::fmt;

use bevy::prelude::*;
use serde::{Deserialize, Deserializer, Serialize};
use slop_assistant::shown_address;

use crate::{Discussion, Entry, TokenUsage};

/// The smallest amounts in one.
const UNIT: u64 = 1_000_000;

/// For so many tokens prices are told.
const TOKENS: u128 = 1_000_000;

/// An amount of money, in millionths of whatever a person counts in.
#[derive(
    Reflect, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord,
)]
#[serde(transparent)]
pub struct Money(pub u64);

impl Money {
    /// The amount that somebody has typed, such as `0.25`, with at most six digits after the point.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(part) || part.len() > 6 {
            return None;
        }
        let whole: u64 = whole.parse().ok()?;
        let part: u64 = format!("{part:0<6}").parse().ok()?;
        whole.checked_mul(UNIT)?.checked_add(part).map(Self)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:06}", self.0 % UNIT);
        let shown = part.trim_end_matches('0').len().max(2);
        write!(f, "{}.{}", self.0 / UNIT, &part[..shown])
    }
}

/// Which model of which server.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default)]
pub struct ModelId {
    /// The address of the server, as far as it can be shown: it goes out with what is exported.
    #[serde(deserialize_with = "shown")]
    pub server: String,
    /// The name of the model.
    pub model: String,
}

/// An address that was kept whole once.
fn shown<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map(|address| shown_address(&address))
}

/// What a million tokens of a model cost. What is not known is `None`.
#[derive(Reflect, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(default)]
pub struct Price {
    /// Of what goes out, those in the server's cache excluded.
    pub input: Option<Money>,
    /// Of the answer.
    pub output: Option<Money>,
    /// Of what goes out and is in the server's cache.
    pub cached: Option<Money>,
}

impl Price {
    /// What an answer cost; `None` if a price or a count that it takes is not known.
    #[must_use]
    pub fn cost(&self, usage: TokenUsage) -> Option<Money> {
        if *self == Self::default() {
            return None;
        }
        let cached = usage.cached.unwrap_or(0);
        let fresh = usage.input?.saturating_sub(cached);
        let mut sum = 0_u128;
        for (tokens, price) in [
            (fresh, self.input),
            (cached, self.cached),
            (usage.output?, self.output),
        ] {
            // What nothing was taken of needs no price.
            if tokens > 0 {
                let price = u128::from(price?.0);
                sum = sum.checked_add(u128::from(tokens).checked_mul(price)?)?;
            }
        }
        let rounded = sum.checked_add(TOKENS / 2)? / TOKENS;
        u64::try_from(rounded).ok().map(Money)
    }
}

/// The price of one model.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default)]
pub struct Priced {
    /// The model.
    pub of: ModelId,
    /// Its price.
    pub price: Price,
}

/// The prices that a person has entered.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(transparent)]
pub struct Prices(pub Vec<Priced>);

/// What the answers of a discussion cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// Of those whose cost is known.
    pub sum: Money,
    /// How many answers took tokens whose cost is not known.
    pub unknown: usize,
}

impl Prices {
    /// The price of a model; an empty one if there is none.
    #[must_use]
    pub fn get(&self, of: &ModelId) -> Price {
        let priced = self.0.iter().find(|priced| priced.of == *of);
        priced.map(|priced| priced.price).unwrap_or_default()
    }

    /// Sets the price of a model. An empty one is not kept.
    pub fn set(&mut self, of: ModelId, price: Price) {
        let is_empty = price == Price::default();
        match self.0.iter().position(|priced| priced.of == of) {
            Some(at) if is_empty => {
                self.0.remove(at);
            }
            Some(at) => self.0[at].price = price,
            None if is_empty => {}
            None => self.0.push(Priced { of, price }),
        }
    }

    /// What an answer cost, by the prices of now; `None` if that is not known.
    #[must_use]
    pub fn cost(&self, entry: &Entry) -> Option<Money> {
        self.get(entry.by.as_ref()?).cost(entry.usage?)
    }

    /// What all answers in a discussion cost, those that are set aside too; `None` if it is known of
    /// none.
    #[must_use]
    pub fn total(&self, discussion: &Discussion) -> Option<Total> {
        let mut sum = None;
        let mut unknown = 0;
        let answers = discussion.all_entries();
        for answer in answers.filter(|entry| entry.usage.is_some()) {
            let before = sum.unwrap_or(Money(0));
            match self
                .cost(answer)
                .and_then(|cost| cost.0.checked_add(before.0))
            {
                Some(now) => sum = Some(Money(now)),
                None => unknown += 1,
            }
        }
        sum.map(|sum| Total { sum, unknown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Discussions, Take};

    fn money(text: &str) -> Money {
        Money::parse(text).unwrap()
    }

    #[test]
    fn amounts_are_read_and_written_exactly() {
        for (text, amount, shown) in [
            ("0", 0, "0.00"),
            ("3", 3_000_000, "3.00"),
            (" 0.075 ", 75_000, "0.075"),
            ("12.5", 12_500_000, "12.50"),
            ("0.000001", 1, "0.000001"),
            ("007.10", 7_100_000, "7.10"),
        ] {
            assert_eq!(Money::parse(text), Some(Money(amount)), "{text}");
            assert_eq!(Money(amount).to_string(), shown);
            assert_eq!(Money::parse(shown), Some(Money(amount)));
        }
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1,5",
            "1e3",
            "0.0000001",
            "1.2.3",
            "x",
            "99999999999999",
        ] {
            assert_eq!(Money::parse(text), None, "{text}");
        }
    }

    fn price(input: &str, output: &str, cached: &str) -> Price {
        Price {
            input: Money::parse(input),
            output: Money::parse(output),
            cached: Money::parse(cached),
        }
    }

    fn usage(input: u64, output: u64, cached: u64) -> TokenUsage {
        TokenUsage {
            input: Some(input),
            output: Some(output),
            cached: Some(cached),
        }
    }

    #[test]
    fn an_answer_costs_what_its_tokens_cost() {
        let whole = price("3", "15", "0.30");
        assert_eq!(whole.cost(usage(1_000_000, 0, 0)), Some(money("3")));
        // 400 of 1000 from the cache.
        assert_eq!(whole.cost(usage(1_000, 200, 400)), Some(money("0.00492")));
        // Rounded once, to the nearest millionth.
        let cheap = price("0.10", "0.40", "");
        assert_eq!(cheap.cost(usage(4, 0, 0)), Some(Money(0)));
        assert_eq!(cheap.cost(usage(4, 1, 0)), Some(Money(1)));
        assert_eq!(price("0", "0", "").cost(usage(9, 9, 0)), Some(Money(0)));
        // More cached than there was, as no server should say.
        assert_eq!(whole.cost(usage(0, 0, 10)), Some(Money(3)));
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        assert_eq!(Price::default().cost(usage(0, 0, 0)), None);
        assert_eq!(price("3", "", "").cost(usage(10, 1, 0)), None);
        assert_eq!(price("3", "15", "").cost(usage(10, 1, 4)), None);
        let untold = TokenUsage {
            output: None,
            ..usage(1, 1, 0)
        };
        assert_eq!(price("3", "15", "").cost(untold), None);
        let most = price("18446744073708", "1", "1");
        assert_eq!(most.cost(usage(u64::MAX, 1, 0)), None);
    }

    fn answer(model: &str, usage: Option<TokenUsage>) -> Entry {
        let by = ModelId {
            server: "http://a".to_owned(),
            model: model.to_owned(),
        };
        Entry {
            by: Some(by),
            usage,
            ..Entry::default()
        }
    }

    #[test]
    fn the_models_that_were_asked_are_named_once() {
        let mut discussions = Discussions::default();
        let entries = ["b", "a", "b"].map(|model| answer(model, None));
        discussions.list[0].entries = entries.to_vec();
        discussions.list[0].entries.push(Entry::default());
        discussions.list[0].aside = vec![Take {
            entries: vec![answer("c", None)],
        }];
        let models = discussions.models().into_iter();
        let names: Vec<_> = models.map(|of| of.model).collect();
        assert_eq!(names, ["b", "a", "c"]);
    }

    #[test]
    fn a_discussion_costs_what_its_answers_cost_takes_included() {
        let mut prices = Prices::default();
        let dear = answer("dear", None).by.unwrap();
        prices.set(dear.clone(), price("1", "1", ""));
        let take = Take {
            entries: vec![answer("dear", Some(usage(1_000_000, 0, 0)))],
        };
        let mut discussion = Discussion {
            entries: vec![
                answer("dear", Some(usage(0, 500_000, 0))),
                answer("other", Some(usage(7, 7, 0))),
                answer("dear", None),
                Entry::default(),
            ],
            aside: vec![take],
            ..Discussion::default()
        };
        let sum = money("1.5");
        let expected = Total { sum, unknown: 1 };
        assert_eq!(prices.total(&discussion), Some(expected));
        // It has another price from now on, and then none.
        prices.set(dear.clone(), price("2", "2", ""));
        let sum = prices.total(&discussion).map(|total| total.sum);
        assert_eq!(sum, Some(money("3")));
        prices.set(dear, Price::default());
        assert_eq!(prices, Prices::default());
        assert_eq!(prices.total(&discussion), None);
        discussion.entries.clear();
        assert_eq!(prices.total(&discussion), None);
    }
}
