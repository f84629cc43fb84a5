//! `--pubsub-queue 8MiB`: a number of bytes as people write it.

/// Units, the longest first. As with `dd`: `K` is 1 024.
const UNITS: [(&str, usize); 7] =
    [("KiB", 10), ("MiB", 20), ("GiB", 30), ("K", 10), ("M", 20), ("G", 30), ("B", 0)];

/// A size between `least` and `most`.
pub(super) fn between(least: usize, most: usize) -> impl Fn(&str) -> Result<usize, String> + Clone {
    move |text| match parse(text) {
        Some(size) if (least..=most).contains(&size) => Ok(size),
        Some(_) => Err(format!("it is not between {} and {}", show(least), show(most))),
        None => Err("it is not a size such as 512KiB, 8MiB or 1GiB".to_owned()),
    }
}

fn parse(text: &str) -> Option<usize> {
    let unit = UNITS.iter().find_map(|(unit, bits)| Some((text.strip_suffix(unit)?, *bits)));
    let (number, bits) = unit.unwrap_or((text, 0));
    // Not by `parse` alone, which takes a sign.
    let digits = number.trim_end();
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: usize = if plain { digits.parse().ok()? } else { return None };
    number.checked_mul(1 << bits)
}

fn show(size: usize) -> String {
    match size {
        _ if size >= 1 << 30 => format!("{}GiB", size >> 30),
        _ if size >= 1 << 20 => format!("{}MiB", size >> 20),
        _ => format!("{}KiB", size >> 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, size) in
            [("0", 0), ("7B", 7), ("512KiB", 512 << 10), ("8MiB", 8 << 20), ("8 M", 8 << 20), ("1G", 1 << 30)]
        {
            assert_eq!(parse(text), Some(size), "{text}");
        }
        for text in
            ["", "MiB", "-1", "+1", "1.5MiB", "8MB", "8TiB", "99999999999999999999", "99999999999999999GiB"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn bounds_are_named() {
        let of = between(64 << 10, 1 << 30);
        assert_eq!(of("1MiB"), Ok(1 << 20));
        assert_eq!(of("1KiB"), Err("it is not between 64KiB and 1GiB".to_owned()));
        assert!(of("2GiB").is_err() && of("lots").unwrap_err().contains("8MiB"));
    }
}
