//! Logs in the shapes of many programs, each with the senders of its frames (`S`tation, `C`sms), and the stations where there are
//! several. None of them has a fault.

mod more;

use super::read;
use crate::trace::conversation::Conversation;
use crate::trace::record::{What, dialect};
use crate::validate::{Scope, Severity, conversation};

/// Shape, version, senders, log.
type Log = (&'static str, &'static str, &'static str, &'static str);

const LOGS: &[Log] = &[
    (
        "bare frames",
        "1.6",
        "S C C S",
        r#"[2,"a1","Heartbeat",{}]
[3,"a1",{"currentTime":"2026-05-02T08:21:41Z"}]
[2,"77","RemoteStartTransaction",{"connectorId":1,"idTag":"evcc"}]
[3,"77",{"status":"Accepted"}]"#,
    ),
    (
        "both ends with one id",
        "1.6",
        "S C S C",
        r#"[2,"1","Heartbeat",{}]
[2,"1","ClearCache",{}]
[3,"1",{"status":"Accepted"}]
[3,"1",{"currentTime":"2026-05-02T08:21:41Z"}]"#,
    ),
    (
        "mobilityhouse, server",
        "1.6",
        "S C C S",
        r#"INFO:ocpp:CP_1: receive message [2,"a1","Heartbeat",{}]
INFO:ocpp:CP_1: send [3,"a1",{"currentTime":"2026-05-02T08:21:41Z"}]
INFO:ocpp:CP_1: send [2,"77","RemoteStartTransaction",{"connectorId":1,"idTag":"evcc"}]
INFO:ocpp:CP_1: receive message [3,"77",{"status":"Accepted"}]"#,
    ),
    (
        "mobilityhouse, station",
        "2.0.1",
        "S C C S",
        r#"2026-05-02 10:21:41,123 - ocpp - INFO - CP001: send [2,"a1","Heartbeat",{}]
2026-05-02 10:21:41,130 - ocpp - INFO - CP001: receive message [3,"a1",{"currentTime":"2026-05-02T08:21:41Z"}]
2026-05-02 10:21:42,130 - ocpp - INFO - CP001: receive message [2,"77","Reset",{"type":"Immediate"}]
2026-05-02 10:21:42,131 - ocpp - INFO - CP001: send [3,"77",{"status":"Accepted"}]"#,
    ),
    (
        "websockets, client",
        "1.6",
        "S C C S",
        r#"DEBUG:websockets.client:> TEXT '[2,"a1","Heartbeat",{}]' [23 bytes]
DEBUG:websockets.client:< TEXT '[3,"a1",{"currentTime":"2026-05-02T08:21:41Z"}]' [47 bytes]
DEBUG:websockets.client:< TEXT '[2,"77","ClearCache",{}]' [24 bytes]
DEBUG:websockets.client:> TEXT '[3,"77",{"status":"Accepted"}]' [30 bytes]"#,
    ),
    (
        "websockets, shortened",
        "1.6",
        "S C",
        r#"2026-05-02 10:21:41,123 DEBUG server < TEXT '[2,"a1","BootNotification",{"chargePo...odel":"X"}]' [120 bytes]
2026-05-02 10:21:41,130 DEBUG server > TEXT '[3,"a1",{"currentTime":"2026-05-02T0...","status":"Accepted"}]' [99 bytes]"#,
    ),
    (
        "two loggers",
        "1.6",
        "C S",
        r#"2026-05-02 15:34:07.476 INFO (MainThread) [ocpp] BOX1: send [2,"71","GetConfiguration",{"key":["SupportedFeatureProfiles"]}]
2026-05-02 15:34:07.477 DEBUG (MainThread) [websockets.server] > TEXT '[2,"71","GetC...rtedFeatureProfiles"]}]' [98 bytes]
2026-05-02 15:34:07.662 DEBUG (MainThread) [websockets.server] < TEXT '[3, "71", {"unknownKey":["x"]}]' [69 bytes]
2026-05-02 15:34:07.663 INFO (MainThread) [ocpp] BOX1: receive message [3, "71", {"unknownKey":["x"]}]"#,
    ),
    (
        "pretty printed by mobilityhouse",
        "1.6",
        "S C",
        r#"2026-05-11 18:45:14 INFO (MainThread) [ocpp] : receive message [2,"71","MeterValues",
{
"meterValue": [{"timestamp": "2026-05-10T09:44:59Z","sampledValue": [{"value": "1.0"}]}],
"connectorId": 1
}]
2026-05-11 18:45:14 INFO (MainThread) [ocpp] : send [3,"71",{}]"#,
    ),
    (
        "EVerest",
        "1.6",
        "S C",
        r#"2026-05-02T10:00:00.000Z: SYS> Session logging started.

2026-05-02T10:00:01.120Z: ChargePoint>CentralSystem Heartbeat
[
  2,
  "b1",
  "Heartbeat",
  {}
]

2026-05-02T10:00:01.220Z: CentralSystem>ChargePoint  HeartbeatResponse
[
  3,
  "b1",
  {
    "currentTime": "2026-05-02T10:00:01Z"
  }
]
"#,
    ),
    (
        "EVerest of 2.0.1",
        "2.0.1",
        "S C",
        r#"2026-05-02T10:00:01.120Z: ChargingStation>CSMS Heartbeat
[2,"b1","Heartbeat",{}]
2026-05-02T10:00:01.220Z: CSMS>ChargingStation HeartbeatResponse
[3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "EVerest's page",
        "1.6",
        "S C",
        r#"<html><body><table>
<tr class="ChargePoint"> <td>2026-05-02T10:00:01.120Z</td> <td>ChargePoint&gt;CentralSystem</td> <td><b>Heartbeat</b></td><td><pre lang="json">[
  2,
  "b1",
  "Heartbeat",
  {}
]</pre></td> </tr>
<tr class="CentralSystem"> <td>2026-05-02T10:00:01.220Z</td> <td>CentralSystem&gt;ChargePoint</td> <td><b>HeartbeatResponse</b></td> <td><pre lang="json">[3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]</pre></td> </tr>
</table></body></html>"#,
    ),
    (
        "a page that escapes quotes",
        "1.6",
        "S C",
        r#"<div class="in">10:00:01 [2,&quot;b1&quot;,&quot;Heartbeat&quot;,{}]</div>
<div class="out">10:00:02 [3,&quot;b1&quot;,{&quot;currentTime&quot;:&quot;2026-05-02T10:00:01Z&quot;}]</div>"#,
    ),
    (
        "libocpp on a console",
        "1.6",
        "S C",
        r#"2026-05-02 10:00:01.120 [DEBG] ocpp:ocpp  websocket_base :: Sending message over websocket: [2,"b1","Heartbeat",{}]
2026-05-02 10:00:01.220 [DEBG] ocpp:ocpp  charge_point :: Received message: [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "SteVe",
        "1.6",
        "BOX_1:S BOX_2:S BOX_2:C BOX_1:C",
        r#"[INFO ] 2026-05-02 15:29:41,459 de.rwth.idsg.steve.ocpp.ws.WebSocketLogger (qtp-1) - [chargeBoxId=BOX_1, sessionId=a7] Received: [2,"1","Heartbeat",{}]
[INFO ] 2026-05-02 15:29:41,462 de.rwth.idsg.steve.ocpp.ws.WebSocketLogger (qtp-2) - [chargeBoxId=BOX_2, sessionId=b8] Received: [2,"1","StatusNotification",{"connectorId":1,"status":"Available","errorCode":"NoError"}]
[INFO ] 2026-05-02 15:29:41,480 de.rwth.idsg.steve.ocpp.ws.WebSocketLogger (qtp-2) - [chargeBoxId=BOX_2, sessionId=b8] Sending: [3,"1",{}]
[INFO ] 2026-05-02 15:29:41,490 de.rwth.idsg.steve.ocpp.ws.WebSocketLogger (qtp-1) - [chargeBoxId=BOX_1, sessionId=a7] Sending: [3,"1",{"currentTime":"2026-05-02T13:29:41Z"}]"#,
    ),
    (
        "CitrineOS",
        "2.0.1",
        "CP1:S CP2:S CP1:C CP2:C",
        r#"2026-05-02 10:00:01.120	DEBUG	/usr/app/WebsocketNetworkConnection.js:230	Received message cp1 {"stationId":"CP1","message":"[2,\"1\",\"Heartbeat\",{}]"}
2026-05-02 10:00:01.130	DEBUG	/usr/app/WebsocketNetworkConnection.js:230	Received message cp2 {"stationId":"CP2","message":"[2,\"1\",\"Heartbeat\",{}]"}
2026-05-02 10:00:01.140	DEBUG	/usr/app/WebsocketNetworkConnection.js:112	Sending message {"stationId":"CP1","message":"[3,\"1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]"}
2026-05-02 10:00:01.150	DEBUG	/usr/app/WebsocketNetworkConnection.js:112	Sending message {"stationId":"CP2","message":"[3,\"1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]"}"#,
    ),
    (
        "MicroOcpp",
        "1.6",
        "S C C S",
        r#"[MO] debug (Connection.cpp:60): Send: [2,"b1","Heartbeat",{}]
[MO] debug (Connection.cpp:41): Recv: [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]
[MO] debug (Connection.cpp:41): Recv: [2,"77","ClearCache",{}]
[MO] debug (Connection.cpp:60): Send: [3,"77",{"status":"Accepted"}]"#,
    ),
    (
        "ESP-IDF",
        "1.6",
        "S C",
        r#"I (12345) ocpp_ws: TX: [2,"b1","Heartbeat",{}]
I (12445) ocpp_ws: RX: [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "OCPP.Core",
        "1.6",
        "S C",
        r#"2026-05-02 10:00:01.120 +00:00 [TRC] OCPPMiddleware.Receive16 => Received OCPP-Message: Type=2 / ID=b1 / Action=Heartbeat / Payload={}) raw='[2,"b1","Heartbeat",{}]'
2026-05-02 10:00:01.220 +00:00 [TRC] OCPPMiddleware.OCPP16 => Sending OCPP-Message: [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "evcc",
        "1.6",
        "CP-01:S CP-02:S CP-01:C CP-02:C",
        r#"[ocpp  ] TRACE 2026/05/02 10:21:41 recv CP-01: [2,"1","Heartbeat",{}]
[ocpp  ] TRACE 2026/05/02 10:21:41 recv CP-02: [2,"1","StatusNotification",{"connectorId":1,"status":"Available","errorCode":"NoError"}]
[ocpp  ] TRACE 2026/05/02 10:21:41 send CP-01: [3,"1",{"currentTime":"2026-05-02T08:21:41Z"}]
[ocpp  ] TRACE 2026/05/02 10:21:41 send CP-02: [3,"1",{}]"#,
    ),
    (
        "ocpp-go",
        "1.6",
        "S C C S",
        r#"time="2026-05-02T10:00:01Z" level=debug msg="received JSON message from CP01: [2,\"b1\",\"Heartbeat\",{}]" logger=ocppj
time="2026-05-02T10:00:01Z" level=debug msg="sent JSON message to CP01: [3,\"b1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]" logger=ocppj
time="2026-05-02T10:00:02Z" level=debug msg="sent JSON message to CP01: [2,\"77\",\"ClearCache\",{}]" logger=ocppj
time="2026-05-02T10:00:02Z" level=debug msg="received JSON message from CP01: [3,\"77\",{\"status\":\"Accepted\"}]" logger=ocppj"#,
    ),
    (
        "Wireshark",
        "1.6",
        "S C",
        r#"No.     Time                          Source          Destination     Protocol Length Info
     12 2026-05-02 10:00:01.120000    192.168.1.20    192.168.1.10    WebSocket 97     WebSocket Text [FIN] [MASKED]

Frame 12: 97 bytes on wire (776 bits), 97 bytes captured
Line-based text data: (1 lines)
    [2,"b1","Heartbeat",{}]

     14 2026-05-02 10:00:01.220000    192.168.1.10    192.168.1.20    WebSocket 107    WebSocket Text [FIN]

Frame 14: 107 bytes on wire (856 bits), 107 bytes captured
Line-based text data: (1 lines)
    [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "syslog",
        "1.6",
        "S C",
        r#"<14>May  2 10:00:01 box ocppd[714]: --> [2,"b1","Heartbeat",{}]
<14>May  2 10:00:02 box ocppd[714]: <-- [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "journal of a server",
        "1.6",
        "S C",
        r#"May 02 10:00:01 host csms[7]: <<< [2,"b1","Heartbeat",{}]
May 02 10:00:02 host csms[7]: >>> [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "JSON lines",
        "1.6",
        "A:S B:S A:C B:C",
        r#"{"time":"2026-05-02T10:00:01.120Z","level":"info","stationId":"A","direction":"in","message":[2,"1","Heartbeat",{}]}
{"time":"2026-05-02T10:00:01.121Z","level":"info","stationId":"B","direction":"in","message":[2,"1","StatusNotification",{"connectorId":1,"status":"Available","errorCode":"NoError"}]}
{"time":"2026-05-02T10:00:01.122Z","level":"info","stationId":"A","direction":"out","message":[3,"1",{"currentTime":"2026-05-02T10:00:01Z"}]}
{"time":"2026-05-02T10:00:01.123Z","level":"info","stationId":"B","direction":"out","message":[3,"1",{}]}"#,
    ),
    (
        "JSON lines with the frame first",
        "1.6",
        "S C",
        r#"{"payload":"[2,\"b1\",\"Heartbeat\",{}]","dir":"RX","ts":1777716001120}
{"payload":"[3,\"b1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]","dir":"TX","ts":1777716001220}"#,
    ),
    (
        "JSON lines with ends",
        "1.6",
        "S C",
        r#"{"ts":1777716001.12,"from":"CP001","to":"CSMS","data":[2,"b1","Heartbeat",{}]}
{"ts":1777716001.22,"from":"CSMS","to":"CP001","data":[3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]}"#,
    ),
    (
        "pino",
        "1.6",
        "S C",
        r#"{"level":30,"time":1777716001120,"pid":1,"msg":"[CP001] incoming: [2,\"b1\",\"Heartbeat\",{}]"}
{"level":30,"time":1777716001220,"pid":1,"msg":"[CP001] outgoing: [3,\"b1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]"}"#,
    ),
    (
        "an object in an object",
        "1.6",
        "S C",
        r#"{"@timestamp":"2026-05-02T10:00:01.120Z","ocpp":{"type":"sent","frame":[2,"b1","Heartbeat",{}]},"host":{"name":"box"}}
{"@timestamp":"2026-05-02T10:00:01.220Z","ocpp":{"type":"received","frame":[3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]},"host":{"name":"box"}}"#,
    ),
    (
        "an array of objects",
        "1.6",
        "S C",
        r#"[
  {
    "timestamp": "2026-05-02T10:00:01.120Z",
    "message": [2, "b1", "Heartbeat", {}],
    "origin": "ChargePoint"
  },
  {
    "timestamp": "2026-05-02T10:00:01.220Z",
    "message": [3, "b1", {"currentTime": "2026-05-02T10:00:01Z"}],
    "origin": "CentralSystem"
  }
]"#,
    ),
    (
        "an array of frames",
        "1.6",
        "S C",
        r#"[[2,"b1","Heartbeat",{}],
[3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]]"#,
    ),
    (
        "HAR of a browser",
        "1.6",
        "S C",
        r#"{"log":{"version":"1.2","entries":[{"request":{"url":"ws://host/ocpp/CP001"},"_webSocketMessages":[
{"type":"send","time":1777716001.12,"opcode":1,"data":"[2,\"b1\",\"Heartbeat\",{}]"},
{"type":"receive","time":1777716001.22,"opcode":1,"data":"[3,\"b1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]"}]}]}}"#,
    ),
    (
        "CSV with a head",
        "1.6",
        "A:S B:S A:C B:C",
        r#"timestamp,station,direction,message
2026-05-02T10:00:01.120Z,A,IN,"[2,""1"",""Heartbeat"",{}]"
2026-05-02T10:00:01.121Z,B,IN,"[2,""1"",""StatusNotification"",{""connectorId"":1,""status"":""Available"",""errorCode"":""NoError""}]"
2026-05-02T10:00:01.122Z,A,OUT,"[3,""1"",{""currentTime"":""2026-05-02T10:00:01Z""}]"
2026-05-02T10:00:01.123Z,B,OUT,"[3,""1"",{}]""#,
    ),
    (
        "CSV without a head",
        "1.6",
        "S C",
        r#"2026-05-02T10:00:01.120Z;"[2,""b1"",""Heartbeat"",{}]";received
2026-05-02T10:00:01.220Z;"[3,""b1"",{""currentTime"":""2026-05-02T10:00:01Z""}]";sent"#,
    ),
    (
        "Python lists",
        "1.6",
        "S C",
        r#"10:00:01 DEBUG recv [2, 'b1', 'StatusNotification', {'connectorId': 1, 'status': 'Available', 'errorCode': 'NoError'}]
10:00:02 DEBUG send [3, 'b1', {}]"#,
    ),
    (
        "Node lists",
        "1.6",
        "S C",
        r#"[CP001] Received [
  2,
  'b1',
  'Heartbeat',
  {}
]
[CP001] Sent [ 3, 'b1', { currentTime: '2026-05-02T10:00:01Z' } ]"#,
    ),
    (
        "arrows between names",
        "1.6",
        "S C",
        r#"2026-05-02 10:21:41 CP01 -> CSMS: [2,"a1","Heartbeat",{}]
2026-05-02 10:21:41 CSMS -> CP01: [3,"a1",{"currentTime":"2026-05-02T08:21:41Z"}]"#,
    ),
    (
        "arrows both ways",
        "1.6",
        "S C",
        r#"CP01 → CS [2,"a1","Heartbeat",{}]
CP01 ← CS [3,"a1",{"currentTime":"2026-05-02T08:21:41Z"}]"#,
    ),
    (
        "names that nobody knows",
        "1.6",
        "S C C S",
        r#"BOX7 => HUB1: [2,"a1","Heartbeat",{}]
HUB1 => BOX7: [3,"a1",{"currentTime":"2026-05-02T08:21:41Z"}]
HUB1 => BOX7: [2,"a2","DataTransfer",{"vendorId":"v"}]
BOX7 => HUB1: [3,"a2",{"status":"Accepted"}]"#,
    ),
    (
        "from and to",
        "1.6",
        "S C",
        r#"2026-05-02 10:21:41 message from charge point BOX1 to csms [2,"a1","Heartbeat",{}]
2026-05-02 10:21:41 message from csms to charger BOX1 [3,"a1",{"currentTime":"2026-05-02T08:21:41Z"}]"#,
    ),
    (
        "who did what",
        "1.6",
        "S C S C",
        r#"[server] Charge point BOX1 sent: [2,"a1","Heartbeat",{}]
[server] Central system sent: [3,"a1",{"currentTime":"2026-05-02T08:21:41Z"}]
[server] Charge point BOX1 sent: [2,"a2","DataTransfer",{"vendorId":"v"}]
[server] Charge point BOX1 received: [3,"a2",{"status":"Accepted"}]"#,
    ),
    (
        "towards the CSMS",
        "1.6",
        "S C C S",
        r#"    1.000 > [2,"a1","Heartbeat",{}]
    1.020 < [3,"a1",{"currentTime":"2026-05-02T08:21:41Z"}]
    2.000 < [2,"a2","DataTransfer",{"vendorId":"v"}]
    2.010 > [3,"a2",{"status":"Accepted"}]"#,
    ),
    (
        "a word in each line",
        "1.6",
        "S C C S",
        r#"10:00:00 ocpp server logged in user: [2,"a1","Heartbeat",{}]
10:00:01 ocpp server logged in user: [3,"a1",{"currentTime":"2026-05-02T08:21:41Z"}]
10:00:02 ocpp server logged in user: [2,"a2","ClearCache",{}]
10:00:03 ocpp server logged in user: [3,"a2",{"status":"Accepted"}]"#,
    ),
    (
        "code",
        "1.6",
        "S C",
        r#"connection->handleMessage(std::vector<std::string>): received [2,"a1","Heartbeat",{}]
connection->handleMessage(std::vector<std::string>): sent [3,"a1",{"currentTime":"2026-05-02T08:21:41Z"}]"#,
    ),
    (
        "methods",
        "2.1",
        "S C",
        r#"onMessageFromChargingStation [2,"a1","Heartbeat",{}]
sendMessageToChargingStation [3,"a1",{"currentTime":"2026-05-02T08:21:41Z"}]"#,
    ),
    (
        "paths",
        "1.6",
        "CP01:S CP02:S CP02:C CP01:C",
        r#"10:00:00 /ocpp/1.6/CP01 rx [2,"1","Heartbeat",{}]
10:00:00 /ocpp/1.6/CP02 rx [2,"1","StatusNotification",{"connectorId":1,"status":"Available","errorCode":"NoError"}]
10:00:01 /ocpp/1.6/CP02 tx [3,"1",{}]
10:00:01 /ocpp/1.6/CP01 tx [3,"1",{"currentTime":"2026-05-02T08:21:41Z"}]"#,
    ),
    (
        "docker",
        "1.6",
        "S C",
        r#"station-1  | 2026-05-02T10:00:01.120Z send [2,"b1","Heartbeat",{}]
csms-1     | 2026-05-02T10:00:01.121Z receive [2,"b1","Heartbeat",{}]
csms-1     | 2026-05-02T10:00:01.122Z send [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]
station-1  | 2026-05-02T10:00:01.123Z receive [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "Nest",
        "1.6",
        "S C",
        r#"[Nest] 17  - 05/02/2026, 10:21:41 AM     LOG [OcppGateway] CP001 <- [2,"b1","Heartbeat",{}]
[Nest] 17  - 05/02/2026, 10:21:42 AM     LOG [OcppGateway] CP001 -> [3,"b1",{"currentTime":"2026-05-02T10:00:01Z"}]"#,
    ),
    (
        "our own server",
        "1.6",
        "CP001:S CP002:S CP001:C CP002:C",
        r#"{"at":"2026-05-02T10:00:00.000Z","listening":{"url":"ws://127.0.0.1:9000","authentication":false,"tokens":false}}
{"at":"2026-05-02T10:00:01.000Z","event":{"station":"CP001","event":{"Connected":{"dialect":"V1_6"}}}}
{"at":"2026-05-02T10:00:01.100Z","frame":{"station":"CP001","direction":"in","text":"[2,\"1\",\"Heartbeat\",{}]"}}
{"at":"2026-05-02T10:00:01.101Z","frame":{"station":"CP002","direction":"in","text":"[2,\"1\",\"Heartbeat\",{}]"}}
{"at":"2026-05-02T10:00:01.102Z","frame":{"station":"CP001","direction":"out","text":"[3,\"1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]"}}
{"at":"2026-05-02T10:00:01.103Z","frame":{"station":"CP002","direction":"out","text":"[3,\"1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]"}}"#,
    ),
    (
        "our own station",
        "1.6",
        "S C",
        r#"{"at":"2026-05-02T10:00:00.000Z","started":{"id":"CP001","url":"ws://127.0.0.1:9000"}}
{"at":"2026-05-02T10:00:01.100Z","frame":{"direction":"out","text":"[2,\"1\",\"Heartbeat\",{}]"}}
{"at":"2026-05-02T10:00:01.102Z","frame":{"direction":"in","text":"[3,\"1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]"}}"#,
    ),
    (
        "a transcript of pipe",
        "1.6",
        "S C",
        r#"{"at":0,"in":{"Link":{"Opened":{"subprotocol":"ocpp1.6"}}}}
{"at":0,"out":{"Link":{"Send":"[2,\"1\",\"Heartbeat\",{}]"}}}
{"at":0,"timeout":30000}
{"at":5,"in":{"Link":{"Frame":"[3,\"1\",{\"currentTime\":\"2026-05-02T10:00:01Z\"}]"}}}
{"at":5,"timeout":null}"#,
    ),
];

#[test]
fn logs_of_all_shapes_are_understood() {
    let mut wrong = Vec::new();
    for (shape, version, expected, log) in LOGS.iter().chain(more::LOGS) {
        let imported = read(log);
        let heard = Conversation::of(&imported.recording, dialect(version));
        let stations: std::collections::BTreeSet<_> =
            heard.messages().filter_map(|(index, _)| heard.items[index].station.clone()).collect();
        let told = heard.messages().map(|(index, message)| {
            let from = &message.from.name()[..1].to_uppercase();
            match &heard.items[index].station {
                Some(station) if stations.len() > 1 => format!("{station}:{from}"),
                Some(_) | None => from.clone(),
            }
        });
        let told = told.collect::<Vec<_>>().join(" ");
        let findings = conversation(&heard, Scope::Trace);
        let findings: Vec<_> =
            findings.iter().filter(|it| it.severity > Severity::Note).map(ToString::to_string).collect();
        let unread: Vec<_> = imported.unread.iter().filter(|unread| !unread.is_foreign).collect();
        if told != *expected || !findings.is_empty() || !unread.is_empty() {
            wrong.push(format!("{shape}: {told} instead of {expected}\n{findings:#?} {unread:?}"));
        }
        let is_whole = imported.recording.entries.iter().all(|entry| !matches!(&entry.record.what, What::Cut { .. }));
        assert_eq!(is_whole, !shape.contains("shortened"), "{shape}");
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), LOGS.len() + more::LOGS.len(), wrong.join("\n"));
}
