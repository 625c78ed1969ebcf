//! How well a few letters stand for a text.

/// Of a letter that is found.
const FOUND: u32 = 1;
/// More, if a word begins with it.
const BEGINS: u32 = 3;
/// More, if the one before was found right before it.
const FOLLOWS: u32 = 2;

/// How well the letters of `wanted` are found in `text`, in this order and with others between them;
/// `None` if they are not. Upper and lower case are alike, and spaces do not matter.
pub(super) fn score(text: &str, wanted: &str) -> Option<u32> {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let wanted = wanted.to_lowercase();
    let wanted = wanted.chars().filter(|c| !c.is_whitespace());
    let value = |at: usize| {
        let begins = at == 0 || !text[at - 1].is_alphanumeric();
        FOUND + if begins { BEGINS } else { 0 }
    };
    // By places: the most that the letters up to now are worth if the last of them is found there.
    let mut ends: Option<Vec<Option<u32>>> = None;
    for letter in wanted {
        let mut new = vec![None; text.len()];
        // The most at any place before.
        let mut before = None;
        for (at, found) in text.iter().enumerate() {
            let adjacent = match (&ends, at.checked_sub(1)) {
                (Some(ends), Some(left)) => ends[left],
                _ => None,
            };
            before = before.max(adjacent);
            if *found != letter {
                continue;
            }
            new[at] = match &ends {
                None => Some(value(at)),
                Some(_) => before
                    .max(adjacent.map(|worth| worth + FOLLOWS))
                    .map(|worth| worth + value(at)),
            };
        }
        ends = Some(new);
    }
    match ends {
        None => Some(0),
        Some(ends) => ends.into_iter().flatten().max(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn better(wanted: &str, than: [&str; 2]) {
        let [good, bad] = than.map(|text| score(text, wanted));
        assert!(good > bad, "{wanted}: {good:?} and {bad:?}");
    }

    #[test]
    fn letters_are_found_in_their_order() {
        assert_eq!(score("Reload the code", "code reload"), None);
        assert_eq!(score("Log", "logs"), None);
        assert_eq!(score("", "a"), None);
        assert!(score("Reload the code", "RTC").is_some());
        assert!(score("Reload the code", "relo co").is_some());
        assert_eq!(score("Log", ""), Some(0));
        assert_eq!(score("Log", "  "), Some(0));
    }

    #[test]
    fn beginnings_of_words_and_neighbours_are_worth_more() {
        better("nd", ["New discussion", "Send"]);
        better("log", ["Show or hide Log", "List the old things"]);
        // Not the first letters that fit count, but the best.
        assert_eq!(score("at these", "the"), score("these", "the"));
    }
}
