use super::*;

fn one(line: &str) -> Result<Record, RecordError> {
    RecordReader::default().read(line).map(|record| record.expect("the line is a record"))
}

fn reason(line: &str) -> (usize, Reason) {
    let error = one(line).expect_err(line);
    (error.column, error.reason)
}

#[test]
fn each_kind_of_line_is_read_and_written_back() {
    let lines = [
        r#"{"t":"2026-11-20T16:36:10.903Z","conn":1,"id":"CP001","event":"connected","version":"1.6"}"#,
        r#"{"t":"2026-11-20T16:36:10.904Z","from":"station","frame":[2, "m1","Heartbeat",{"a":1.0}]}"#,
        r#"{"at":5,"from":"csms","raw":"[3,\"m1\""}"#,
        r#"{"at":6,"from":"csms","raw":"[3,\n\"m1\",{}]"}"#,
        r#"{"at":7,"role":"station","in":{"Stored":7}}"#,
        r#"{"at":7,"role":"csms","out":{"Link":"Close"}}"#,
        r#"{"at":8,"role":"station","restore":{}}"#,
        r#"{"t":"2026-11-20T16:36:11Z","at":9,"event":"closed"}"#,
    ];
    for line in lines {
        assert_eq!(one(line).unwrap().to_string(), line);
    }
    let frame = one(r#"{"at":1,"x":[{}],"from":"csms","frame":[ 3,"1",{"a":1.0}] }"#).unwrap().what;
    assert_eq!(frame, What::Frame { from: End::Csms, text: r#"[ 3,"1",{"a":1.0}]"#.to_owned() }, "the text is kept");
}

#[test]
fn header_names_the_role_of_the_lines_below() {
    let text = "{\"ocpp_trace\":1,\"by\":\"me\",\"role\":\"csms\",\"ocpp\":\"2.0.1\",\"seed\":18446744073709551615,\"config\":{\"a\":[1]}}\n\n{\"at\":1,\"in\":\"Tick\"}\r\n";
    let recording: Recording = text.parse().unwrap();
    let header = recording.header.unwrap();
    assert_eq!(header.ocpp, Some(Dialect::V2_0_1));
    assert_eq!(header.to_string(), text.split('\n').next().unwrap());
    let [Entry { line: 3, record }] = recording.entries.as_slice() else { panic!("{:?}", recording.entries) };
    assert_eq!(record.what, What::In { role: End::Csms, input: "\"Tick\"".to_owned() });
    assert_eq!("".parse(), Ok(Recording::default()));
}

#[test]
fn later_formats_are_refused() {
    let error = "{\"ocpp_trace\":2}".parse::<Recording>().unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 15: trace format 2 is not known, 1 is the highest that is");
    let error = "{\"at\":1,\"event\":\"closed\"}\n{\"ocpp_trace\":1}".parse::<Recording>().unwrap_err();
    assert_eq!((error.line, error.reason), (2, Reason::LateHeader));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let expected = "station or csms";
    let value = |member, value: &str, expected| Reason::Value { member, value: value.to_owned(), expected };
    let cases = [
        (r#"{"at":1,"from":"us","frame":[]}"#, 16, value("from", "us", expected)),
        (r#"{"at":-1,"event":"closed"}"#, 7, value("at", "-1", "a whole number from 0 on")),
        (r#"{"t":"yesterday","event":"closed"}"#, 6, value("t", "yesterday", "an RFC 3339 time")),
        (r#"{"at":1,"event":"opened"}"#, 17, value("event", "opened", "connected or closed")),
        (r#"{"event":"closed"}"#, 1, Reason::NoTime),
        (r#"{"at":1,"frame":[]}"#, 1, Reason::NoSender),
        (r#"{"at":1,"in":"Tick"}"#, 1, Reason::NoRole),
        (r#"{"at":1,"note":"?"}"#, 1, Reason::UnknownKind),
        (r#"{"at":1,"from":"csms","raw":"","frame":[]}"#, 40, Reason::SeveralKinds),
    ];
    for (line, column, wrong) in cases {
        assert_eq!(reason(line), (column, wrong), "{line}");
    }
    for (line, column) in [("[]", 1), (r#"{"at":1,}"#, 9), (r#"{"at":"1"}"#, 7), (r#"{"at":1} x"#, 10)] {
        let (found, reason) = reason(line);
        assert!(matches!(reason, Reason::Json(_)) && found == column, "{line}: {found} {reason}");
    }
}

#[test]
fn reading_goes_on_after_a_line_that_is_wrong() {
    let mut reader = RecordReader::default();
    assert_eq!(reader.read("x").unwrap_err().line, 1);
    assert!(reader.read(r#"{"at":1,"event":"closed"}"#).unwrap().is_some());
    assert_eq!(reader.line(), 2);
}
