//! Shares of one core on the command line.

/// Of one core.
pub(crate) fn percent(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= 50.0 => Ok(value),
        _ => Err("it is no number above 0, 50 at most".to_owned()),
    }
}
