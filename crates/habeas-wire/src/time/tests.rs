//! Which texts are times, strictly and leniently?

use proptest::prelude::*;

use super::*;

/// 2018-10-02T15:00:00Z.
const AT: i64 = 1_538_492_400_000;

#[test]
fn rfc_3339_is_read() {
    for (text, expected) in [
        ("2018-10-02T15:00:00Z", AT),
        ("2018-10-02t15:00:00z", AT),
        ("2018-10-02T17:00:00+02:00", AT),
        ("2018-10-02T09:15:00-05:45", AT),
        ("2018-10-02T15:00:00-00:00", AT),
        ("2018-10-02T15:00:00.5Z", AT + 500),
        ("2018-10-02T15:00:00.1234567Z", AT + 123),
        ("2018-10-02T15:00:00.999999999999999Z", AT + 999),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ("1990-12-31T15:59:60-08:00", 662_688_000_000),
        ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2000-02-29T00:00:00Z", 951_782_400_000),
        ("0000-01-01T00:00:00Z", -62_167_219_200_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ] {
        assert_eq!(parse_strict(text), Ok(expected), "{text}");
        assert_eq!(parse_lenient(text), Ok(expected), "{text}");
    }
}

#[test]
fn neither_reader_takes_what_only_looks_like_a_time() {
    for text in [
        "",
        "2018",
        "2018-10",
        "2018-10-02T15:00Z",
        "2018-10-02T15Z",
        "20181002T150000Z",
        "2018-10-02T15:00:00,5Z",
        "2018-10-02T15:00:00.Z",
        "2018-10-02T15:00:00+01",
        "2018-10-02T15:00:00+0100",
        "2018-10-02T15:00:00+01:00:30",
        "2018-10-02T15:00:00+24:00",
        "2018-10-02T15:00:00+01:60",
        "2018-10-02T15:00:00\u{2212}01:00",
        "2018-10-02T15:00:00Z[Europe/Paris]",
        "2018-10-02T15:00:00+02:00[Europe/Paris]",
        "+002018-10-02T15:00:00Z",
        "-2018-10-02T15:00:00Z",
        "12018-10-02T15:00:00Z",
        "2018-W40-2T15:00:00Z",
        "2018-275T15:00:00Z",
        "2018-02-29T00:00:00Z",
        "2018-13-01T00:00:00Z",
        "2018-00-01T00:00:00Z",
        "2018-10-32T00:00:00Z",
        "2018-10-02T24:00:00Z",
        "2018-10-02T15:60:00Z",
        "2018-10-02T15:00:61Z",
        "2018-10-02T15:00:00ZZ",
        "2018-10-02_15:00:00Z",
        "2018-10-02T15:00:00 Z",
        "Tue, 02 Oct 2018 15:00:00 GMT",
        "\u{662}018-10-02T15:00:00Z",
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:60Z",
    ] {
        assert_eq!(parse_strict(text), Err(NotATime), "{text}");
        assert_eq!(parse_lenient(text), Err(NotATime), "{text}");
    }
}

#[test]
fn only_the_lenient_reader_forgives() {
    for (text, expected) in [
        ("2018-10-02 15:00:00Z", AT),
        ("2018-10-02 17:00:00+02:00", AT),
        ("2018-10-02T15:00:00", AT),
        ("2018-10-02 15:00:00.1234567", AT + 123),
        ("2018-10-02", AT - 15 * 3_600_000),
        (" 2018-10-02T15:00:00Z\n", AT),
    ] {
        assert_eq!(parse_strict(text), Err(NotATime), "{text}");
        assert_eq!(parse_lenient(text), Ok(expected), "{text}");
    }
}

#[test]
fn an_instant_is_written_in_utc_rounded_down() {
    for (at_ms, expected) in [
        (AT + 999, "2018-10-02T15:00:00Z"),
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (i64::MIN, "0000-01-01T00:00:00Z"),
        (i64::MAX, "9999-12-31T23:59:59Z"),
        (-70_000_000_000_000, "0000-01-01T00:00:00Z"),
    ] {
        assert_eq!(format(at_ms), expected);
    }
}

#[test]
fn any_shape_is_read_by_who_must_take_what_comes() {
    for text in [
        "2018-10-02T15:00:00Z",
        "2018-10-02T15:00:00+00:00",
        "2018-10-02T15:00:00+0000",
        "2018-10-02T15:00:00+00",
        "2018-10-02 08:00:00-0700",
        "20181002T150000Z",
        "20181002t150000",
        "20181002T080000-0700",
        "20181002 080000.0004-07:00",
        " 20181002T203000+0530\n",
    ] {
        assert_eq!(parse_any(text), Ok(AT), "{text}");
    }
    assert_eq!(parse_any("20210902T152725.403-0700"), parse_strict("2021-09-02T15:27:25.403-07:00"));
    for day in ["2018-10-02", "20181002"] {
        assert_eq!(parse_any(day), Ok(AT - 15 * 3_600_000), "{day}");
    }
    for text in [
        "",
        "soon",
        "2018-1002T150000Z",
        "201810-02T15:00:00Z",
        "2018-10-02T15:0000Z",
        "2018-10-02T1500:00Z",
        "2018-10-02T15:00Z",
        "2018-10-02T15:00:00+1",
        "2018-10-02T15:00:00+24",
        "2018-10-02T15:00:00+0060",
        "2018-10-02T15:00:00.Z",
        "20180229",
        "1633000000",
        "2018-10-02T15:00:00ZZ",
    ] {
        assert_eq!(parse_any(text), Err(NotATime), "{text}");
    }
}

#[test]
fn an_offset_may_be_written_out() {
    assert_eq!(format_offset(AT + 999), "2018-10-02T15:00:00+00:00");
    assert_eq!(format_offset(i64::MIN), "0000-01-01T00:00:00+00:00");
}

proptest! {
    #[test]
    fn what_is_written_is_read(at_ms in -62_167_219_200_000i64..=253_402_300_799_999) {
        let text = format(at_ms);
        prop_assert_eq!(parse_strict(&text), Ok(at_ms.div_euclid(1000) * 1000));
        let jiff: jiff::civil::DateTime = text.trim_end_matches('Z').parse().expect("jiff reads it");
        prop_assert_eq!(parse_strict(&format!("{jiff}Z")), parse_strict(&text));
    }

    #[test]
    fn arbitrary_text_never_panics(text: String, at_ms: i64) {
        let _ = (parse_strict(&text), parse_lenient(&text), parse_any(&text), format(at_ms));
    }

    #[test]
    fn what_the_lenient_reader_takes_any_does(text in "[0-9]{4}-[01][0-9]-[0-3][0-9]([Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,5})?([Zz]|[+-][0-2][0-9]:[0-6][0-9])?)?") {
        if let Ok(at_ms) = parse_lenient(&text) {
            prop_assert_eq!(parse_any(&text), Ok(at_ms));
            prop_assert_eq!(parse_any(&format_offset(at_ms)), Ok(at_ms.div_euclid(1000) * 1000));
        }
    }

    #[test]
    fn what_the_strict_reader_takes_the_lenient_one_takes(text in "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,5})?([Zz]|[+-][0-2][0-9]:[0-6][0-9])?") {
        if let Ok(at_ms) = parse_strict(&text) {
            prop_assert_eq!(parse_lenient(&text), Ok(at_ms));
            prop_assert_eq!(parse_strict(&format(at_ms)), Ok(at_ms.div_euclid(1000) * 1000));
        }
    }
}
