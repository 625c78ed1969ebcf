//! Times as people write them.

/// Seconds since 1970 as `YYYY-MM-DD HH:MM`, UTC.
pub fn date(time: u64) -> String {
    // Days since the 1st of March of the year 0: years that begin in March end with the leap day,
    // and the calendar repeats itself after 400 of them, which are 146,097 days.
    let days = time / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day + 2) / 153;
    let day = day - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12 + 1;
    let year = 400 * era + year + u64::from(month <= 2);
    let (hour, minute) = (time % 86_400 / 3_600, time % 3_600 / 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dates() {
        assert_eq!(date(0), "1970-01-01 00:00");
        assert_eq!(date(951_782_400), "2000-02-29 00:00");
        assert_eq!(date(1_709_251_199), "2024-02-29 23:59");
        assert_eq!(date(1_735_689_599), "2024-12-31 23:59");
        assert_eq!(date(4_107_542_400), "2100-03-01 00:00");
    }
}
