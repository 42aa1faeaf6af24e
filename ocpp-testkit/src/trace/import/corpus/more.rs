//! More of them: other words, marks and wrappings.

use super::Log;

pub(super) const LOGS: &[Log] = &[
    (
        "evcc with the word for it",
        "1.6",
        "S C C S",
        r#"[ocpp ] TRACE 2026/05/02 12:12:20 received JSON message from charger: [2, "m1", "Authorize", {"idTag": "CARD0002"}]
[ocpp ] TRACE 2026/05/02 12:12:20 sent JSON message to charger: [3,"m1",{"idTagInfo":{"status":"Accepted"}}]
[ocpp ] TRACE 2026/05/02 12:12:23 sent JSON message to charger: [2,"9","TriggerMessage",{"requestedMessage":"MeterValues","connectorId":1}]
[ocpp ] TRACE 2026/05/02 12:12:23 received JSON message from charger: [3,"9",{"status":"Accepted"}]"#,
    ),
    (
        "in and out in brackets",
        "1.6",
        "S C",
        r#"2026-05-02 10:00:01 [IN] CP001 [2,"b1","Heartbeat",{}]
2026-05-02 10:00:02 [OUT] CP001 [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "names without digits",
        "1.6",
        "left:S right:S left:C right:C",
        r#"INFO:ocpp:left: receive message [2,"1","Heartbeat",{}]
INFO:ocpp:right: receive message [2,"1","StatusNotification",{"connectorId":1,"status":"Available","errorCode":"NoError"}]
INFO:ocpp:left: send [3,"1",{"currentTime":"2026-05-02T08:21:41Z"}]
INFO:ocpp:right: send [3,"1",{}]"#,
    ),
    (
        "columns",
        "1.6",
        "CP_1:S CP_2:S CP_1:C CP_2:C",
        r#"10:00:01 | CP_1 | IN  | [2,"1","Heartbeat",{}]
10:00:01 | CP_2 | IN  | [2,"1","StatusNotification",{"connectorId":1,"status":"Available","errorCode":"NoError"}]
10:00:02 | CP_1 | OUT | [3,"1",{"currentTime":"2026-05-02T10:00:01Z"}]
10:00:02 | CP_2 | OUT | [3,"1",{}]"#,
    ),
    (
        "a Markdown table",
        "1.6",
        "S C",
        r#"| time | way | frame |
|---|---|---|
| 10:00:01 | CP → CSMS | [2,"b1","Heartbeat",{}] |
| 10:00:02 | CSMS → CP | [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}] |"#,
    ),
    (
        "labels",
        "1.6",
        "S C",
        r#"client: [2,"b1","Heartbeat",{}]
server: [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "CP and CS",
        "1.6",
        "S C C S",
        r#"10:00:01 CP->CS: [2,"b1","Heartbeat",{}]
10:00:02 CS->CP: [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]
10:00:03 CS->CP: [2,"b2","DataTransfer",{"vendorId":"v"}]
10:00:04 CP->CS: [3,"b2",{"status":"Accepted"}]"#,
    ),
    (
        "CP and CS as labels",
        "1.6",
        "S C C S",
        r#"10:00:01 CP: [2,"b1","Heartbeat",{}]
10:00:02 CS: [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]
10:00:03 CS: [2,"b2","DataTransfer",{"vendorId":"v"}]
10:00:04 CP: [3,"b2",{"status":"Accepted"}]"#,
    ),
    (
        "CS and CSMS as labels",
        "2.0.1",
        "S C C S",
        r#"10:00:01 CS: [2,"b1","Heartbeat",{}]
10:00:02 CSMS: [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]
10:00:03 CSMS: [2,"b2","DataTransfer",{"vendorId":"v"}]
10:00:04 CS: [3,"b2",{"status":"Accepted"}]"#,
    ),
    (
        "headings",
        "1.6",
        "S C C S",
        r#"--- 2026-05-02 10:00:01 Received from CP001 ---
[2,"b1","Heartbeat",{}]
--- 2026-05-02 10:00:02 Sent to CP001 ---
[3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]
--- 2026-05-02 10:00:03 Sent to CP001 ---
[2,"b2","DataTransfer",{"vendorId":"v"}]
--- 2026-05-02 10:00:04 Received from CP001 ---
[3,"b2",{"status":"Accepted"}]"#,
    ),
    (
        "Docker's JSON",
        "1.6",
        "S C",
        r#"{"log":"INFO:ocpp:CP_1: receive message [2,\"b1\",\"Heartbeat\",{}]\n","stream":"stderr","time":"2026-05-02T10:00:01.120Z"}
{"log":"INFO:ocpp:CP_1: send [3,\"b1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]\n","stream":"stderr","time":"2026-05-02T10:00:01.220Z"}"#,
    ),
    (
        "the journal's JSON",
        "1.6",
        "S C",
        r#"{"__REALTIME_TIMESTAMP":"1777716001120000","_PID":"7","MESSAGE":"recv [2,\"b1\",\"Heartbeat\",{}]"}
{"__REALTIME_TIMESTAMP":"1777716001220000","_PID":"7","MESSAGE":"send [3,\"b1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]"}"#,
    ),
    (
        "requests and responses",
        "1.6",
        "S C C S",
        r#"10:00:01 Request from CP001: [2,"b1","Heartbeat",{}]
10:00:02 Response to CP001: [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]
10:00:03 Request to CP001: [2,"b2","DataTransfer",{"vendorId":"v"}]
10:00:04 Response from CP001: [3,"b2",{"status":"Accepted"}]"#,
    ),
    (
        "Rust's tracing",
        "2.1",
        "S C",
        r#"2026-05-02T10:00:01.120Z DEBUG ocpp::ws{station=CP001}: recv frame="[2,\"b1\",\"Heartbeat\",{}]"
2026-05-02T10:00:01.220Z DEBUG ocpp::ws{station=CP001}: send frame="[3,\"b1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]""#,
    ),
    (
        "zap",
        "1.6",
        "S C",
        r#"2026-05-02T10:00:01.120Z	INFO	ocpp/server.go:55	message received	{"client": "CP001", "message": "[2,\"b1\",\"Heartbeat\",{}]"}
2026-05-02T10:00:01.220Z	INFO	ocpp/server.go:88	message sent	{"client": "CP001", "message": "[3,\"b1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]"}"#,
    ),
    (
        "Serilog",
        "1.6",
        "S C",
        r#"{"@t":"2026-05-02T10:00:01.120Z","@mt":"Received {Message}","Message":"[2,\"b1\",\"Heartbeat\",{}]","ChargePointId":"CP1"}
{"@t":"2026-05-02T10:00:01.220Z","@mt":"Sent {Message}","Message":"[3,\"b1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]","ChargePointId":"CP1"}"#,
    ),
    (
        "logcat",
        "1.6",
        "S C",
        r#"05-02 10:00:01.120  1234  1240 D OcppWs  : >> [2,"b1","Heartbeat",{}]
05-02 10:00:01.220  1234  1240 D OcppWs  : << [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "wscat",
        "1.6",
        "S C C S",
        r#"Connected (press CTRL+C to quit)
> [2,"b1","Heartbeat",{}]
< [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]
< [2,"b2","DataTransfer",{"vendorId":"v"}]
> [3,"b2",{"status":"Accepted"}]"#,
    ),
    (
        "colours",
        "1.6",
        "S C",
        "\u{1b}[32m2026-05-02 10:00:01\u{1b}[0m \u{1b}[1;34mrecv\u{1b}[0m [2,\"b1\",\"Heartbeat\",{}]\r\n\u{1b}[32m2026-05-02 10:00:02\u{1b}[0m \u{1b}[1;34msend\u{1b}[0m [3,\"b1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]\r\n",
    ),
    (
        "XML",
        "1.6",
        "A1:S B1:S A1:C B1:C",
        r#"<log>
<message dir="in" cp="A1" at="2026-05-02T10:00:01Z">[2,"1","Heartbeat",{}]</message>
<message dir="in" cp="B1" at="2026-05-02T10:00:01Z">[2,"1","StatusNotification",{"connectorId":1,"status":"Available","errorCode":"NoError"}]</message>
<message dir="out" cp="A1" at="2026-05-02T10:00:02Z">[3,"1",{"currentTime":"2026-05-02T10:00:01Z"}]</message>
<message dir="out" cp="B1" at="2026-05-02T10:00:02Z">[3,"1",{}]</message>
</log>"#,
    ),
    (
        "badges",
        "1.6",
        "S C",
        r#"<li><span class="badge bg-in">RECV</span> <code>[2,"b1","Heartbeat",{}]</code></li>
<li><span class="badge bg-in">SEND</span> <code>[3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]</code></li>"#,
    ),
    (
        "containers, pretty printed",
        "1.6",
        "S C",
        r#"csms-1  | 2026-05-02T10:00:01.120Z Received [
csms-1  |   2,
csms-1  |   "b1",
csms-1  |   "Heartbeat",
csms-1  |   {}
csms-1  | ]
csms-1  | 2026-05-02T10:00:01.220Z Sending [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "bytes of Python",
        "1.6",
        "S C",
        r#"2026-05-02 10:00:01,120 recv b'[2,"b1","Heartbeat",{}]'
2026-05-02 10:00:01,220 sent b'[3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]'"#,
    ),
    (
        "long arrows",
        "1.6",
        "S C",
        r#"10:00:01 CP001 ----------> CSMS  [2,"b1","Heartbeat",{}]
10:00:02 CP001 <---------- CSMS  [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "a name does it",
        "1.6",
        "S C C S",
        r#"10:00:01 CP001 sent: [2,"b1","Heartbeat",{}]
10:00:02 CP001 received: [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]
10:00:03 CP001 received: [2,"b2","DataTransfer",{"vendorId":"v"}]
10:00:04 CP001 sent: [3,"b2",{"status":"Accepted"}]"#,
    ),
    (
        "connections without names",
        "1.6",
        "17:S 18:S 18:C 17:C",
        r#"[INFO] [conn=17] << [2,"1","Heartbeat",{}]
[INFO] [conn=18] << [2,"1","StatusNotification",{"connectorId":1,"status":"Available","errorCode":"NoError"}]
[INFO] [conn=18] >> [3,"1",{}]
[INFO] [conn=17] >> [3,"1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "a reconnect",
        "1.6",
        "S C S C",
        r#"[chargeBoxId=BOX_1, sessionId=a1] Received: [2,"1","Heartbeat",{}]
[chargeBoxId=BOX_1, sessionId=a1] Sending: [3,"1",{"currentTime":"2026-05-02T10:00:01Z"}]
[chargeBoxId=BOX_1, sessionId=b2] Received: [2,"2","Heartbeat",{}]
[chargeBoxId=BOX_1, sessionId=b2] Sending: [3,"2",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "messages of 2.1",
        "2.1",
        "S C S",
        r#"10:00:01 send [2,"1","Heartbeat",{}]
10:00:02 recv [3,"1",{"currentTime":"2026-05-02T10:00:01Z"}]
10:00:03 send [6,"2","NotifyPeriodicEventStream",{"id":1,"pending":0,"basetime":"2026-01-01T00:00:00Z","data":[{"t":0,"v":"1"}]}]"#,
    ),
    (
        "shouting",
        "1.6",
        "S C",
        r#"10:00:01 OCPP MESSAGE SENT TO SERVER: [2,"b1","Heartbeat",{}]
10:00:02 OCPP MESSAGE RECEIVED FROM SERVER: [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "two frames in a line",
        "1.6",
        "S C",
        r#"10:00:01 request [2,"b1","Heartbeat",{}] response [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "time of a request in the line",
        "1.6",
        "S C",
        r#"10:00:01.000 in: [2,"b1","Heartbeat",{}] (took 5 ms)
10:00:01.005 out: [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}] (after 5 ms, to be sent in order)"#,
    ),
    (
        "an error is answered",
        "1.6",
        "S C",
        r#"10:00:01 rx [2,"b1","Heartbeat",{}]
10:00:02 tx [4,"b1","NotImplemented","",{}]"#,
    ),
    (
        "semicolons",
        "1.6",
        "S C",
        "Time;Direction;Payload\n2026-05-02 10:00:01;CP->CSMS;[2,\"b1\",\"Heartbeat\",{}]\n2026-05-02 10:00:02;CSMS->CP;[3,\"b1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]",
    ),
    (
        "tabs",
        "1.6",
        "X:S Y:S X:C Y:C",
        "ts\tcharge_point_id\tsent_by\tmessage\n1777716001\tX\tchargepoint\t[2,\"1\",\"Heartbeat\",{}]\n1777716001\tY\tchargepoint\t[2,\"1\",\"Heartbeat\",{}]\n1777716002\tX\tcsms\t[3,\"1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]\n1777716002\tY\tcsms\t[3,\"1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]",
    ),
];
