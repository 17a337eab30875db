//! The demo's rows: the CSV files in `examples/data`, read as they are.

use anyhow::Context as _;
use serde::Deserialize;

const ELECTRICITY: &str = include_str!("../../../examples/data/iowa-electricity.csv");
const WEATHER: &str = include_str!("../../../examples/data/seattle-weather.csv");

/// Electricity that Iowa generated from one source in one year.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Electricity {
    /// First day of the year.
    pub(super) year: String,
    pub(super) source: String,
    /// Thousand megawatt hours.
    pub(super) net_generation: i64,
}

/// The weather of one day in Seattle. Numbers stay the texts that they are in the file, so that no digit changes.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Weather {
    pub(super) date: String,
    /// Millimetres.
    pub(super) precipitation: String,
    /// Degrees Celsius.
    pub(super) temp_max: String,
    /// Degrees Celsius.
    pub(super) temp_min: String,
    /// Metres a second.
    pub(super) wind: String,
    #[serde(rename = "weather")]
    pub(super) kind: String,
}

pub(super) fn electricity() -> anyhow::Result<Vec<Electricity>> {
    read(ELECTRICITY)
}

pub(super) fn weather() -> anyhow::Result<Vec<Weather>> {
    read(WEATHER)
}

fn read<T: for<'a> Deserialize<'a>>(text: &str) -> anyhow::Result<Vec<T>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize().collect::<Result<_, _>>();
    rows.context("the sample data that this program holds cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_both_files_is_read() {
        let electricity = electricity().unwrap();
        assert_eq!(electricity.len(), 51);
        assert_eq!(electricity[0].net_generation, 35_361);
        let weather = weather().unwrap();
        assert_eq!(weather.len(), 1_461);
        assert_eq!(
            (weather[1].date.as_str(), weather[1].precipitation.as_str()),
            ("2012-01-02", "10.9")
        );
    }
}
