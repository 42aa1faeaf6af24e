//! WebSocket and HTTP byte by byte, against either program: how connections begin and end.

use std::net::TcpListener;

use ocpp_testkit::drivers::tokio::tls;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::harness::{Csms, PATIENCE, Station};
use crate::security::Pki;

trait Bytes: AsyncRead + AsyncWrite + Unpin {}
impl<S: AsyncRead + AsyncWrite + Unpin> Bytes for S {}

/// A connection of plain bytes. It blocks.
struct Raw {
    runtime: Runtime,
    stream: Box<dyn Bytes>,
}

impl Raw {
    fn connect(url: &str, ca: Option<&Pki>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (_, address) = url.split_once("://").unwrap();
        let stream = runtime.block_on(async {
            let stream = TcpStream::connect(address).await.unwrap();
            match ca {
                None => Box::new(stream) as Box<dyn Bytes>,
                Some(pki) => {
                    let connector = TlsConnector::from(tls::client(Some(&pki.ca)).unwrap());
                    let name = ServerName::try_from("127.0.0.1").unwrap();
                    Box::new(connector.connect(name, stream).await.unwrap())
                }
            }
        });
        Raw { runtime, stream }
    }

    /// The end of a program that connects here.
    fn accept(listener: TcpListener) -> Self {
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let stream = runtime.block_on(async { TcpStream::from_std(stream).unwrap() });
        Raw { runtime, stream: Box::new(stream) }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.runtime.block_on(self.stream.write_all(bytes)).unwrap();
        self.runtime.block_on(self.stream.flush()).unwrap();
    }

    fn read<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.runtime.block_on(async { timeout(PATIENCE, self.stream.read_exact(&mut bytes)).await }).unwrap().unwrap();
        bytes
    }

    /// Everything up to the blank line.
    fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.read::<1>()[0]);
        }
        String::from_utf8(head).unwrap()
    }

    /// Everything up to the end of the connection, which must come in order.
    fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let read = self.runtime.block_on(async { timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await });
        read.expect("the connection stays open").expect("the connection was reset");
        rest
    }

    /// The payload of the next close frame. Other frames are skipped.
    fn close_frame(&mut self) -> Vec<u8> {
        loop {
            let [first, second] = self.read::<2>();
            let length = match second & 0x7F {
                126 => usize::from(u16::from_be_bytes(self.read())),
                short => usize::from(short),
            };
            let mask = if second & 0x80 == 0 { [0; 4] } else { self.read::<4>() };
            let payload: Vec<u8> = (0..length).map(|place| self.read::<1>()[0] ^ mask[place % 4]).collect();
            if first == 0x88 {
                return payload;
            }
        }
    }
}

fn handshake(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: csms\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
    )
}

/// A frame of a client with a mask of zeroes.
fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    [&[0x80 | opcode, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0], payload].concat()
}

/// RFC 6455 §5.5.1: a close frame is answered by one with its status, and §7.1.1: then the server closes the connection.
#[test]
fn server_echoes_a_close_frame_and_closes() {
    let directory = tempfile::tempdir().unwrap();
    let pki = Pki::make(directory.path());
    let plain = Csms::start(directory.path(), &[]);
    let second = tempfile::tempdir().unwrap();
    let tls = pki.serve(second.path(), &[]);
    let payloads: [&[u8]; 4] = [b"\x03\xE8", b"\x03\xE9away", b"\x0B\xB9vendor", b""];
    for (csms, pki) in [(&plain, None), (&tls, Some(&pki))] {
        for payload in payloads {
            let mut raw = Raw::connect(&csms.url, pki);
            raw.write(handshake("/CP001").as_bytes());
            assert!(raw.head().starts_with("HTTP/1.1 101"));
            raw.write(&masked(8, payload));
            assert_eq!(raw.close_frame(), payload);
            assert_eq!(raw.rest(), b"");
        }
        // §7.1.7, §7.4.1: whoever breaks the protocol is told by a status.
        for (frame, status) in [(masked(3, b""), 1002), (masked(1, b"\xFF"), 1007), (masked(2, b"{}"), 1003)] {
            let mut raw = Raw::connect(&csms.url, pki);
            raw.write(handshake("/CP001").as_bytes());
            assert!(raw.head().starts_with("HTTP/1.1 101"));
            raw.write(&frame);
            assert_eq!(u16::from_be_bytes(raw.close_frame()[..2].try_into().unwrap()), status);
            assert_eq!(raw.rest(), b"");
        }
    }
}

#[test]
fn station_echoes_a_close_frame_and_connects_again() {
    let directory = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let mut station = Station::start(&url, &directory.path().join("station"), &[]);
    let mut raw = Raw::accept(listener);
    let head = raw.head();
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let accept = derive_accept_key(key.as_bytes());
    raw.write(
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
        )
        .as_bytes(),
    );
    station.program.wait_event("Connected");
    raw.write(b"\x88\x06\x03\xE9away");
    assert_eq!(raw.close_frame(), b"\x03\xE9away");
    // RFC 6455 §7.1.1: it is the server that closes first.
    drop(raw);
    let closed = station.program.wait("the end", |line| line.get("link_closed").cloned());
    assert_eq!(closed["reason"], "closed by the peer: 1001 away");
}

#[test]
fn request_that_is_no_handshake_gets_an_answer_of_http() {
    let directory = tempfile::tempdir().unwrap();
    let pki = Pki::make(directory.path());
    let limits = ["--password", "right", "--handshake-timeout", "1"];
    let plain = Csms::start(directory.path(), &limits);
    let second = tempfile::tempdir().unwrap();
    let tls = pki.serve(second.path(), &limits);
    let without = |header: &str| {
        let whole = handshake("/CP001");
        whole.split_inclusive("\r\n").filter(|line| !line.starts_with(header)).collect::<String>()
    };
    let credentials = "Authorization: Basic Q1AwMDE6d3Jvbmc=\r\n\r\n";
    let cases = [
        ("GET / HTTP/1.1\r\nHost: csms\r\n\r\n".to_owned(), "426 ", "\r\nUpgrade: websocket\r\n"),
        ("GET /health HTTP/1.0\r\n\r\n".to_owned(), "426 ", "HTTP/1.1"),
        (without("Upgrade"), "426 ", "\r\nUpgrade: websocket\r\n"),
        (without("Sec-WebSocket-Version"), "426 ", "\r\nSec-WebSocket-Version: 13\r\n"),
        (without("Sec-WebSocket-Key"), "400 ", "Sec-WebSocket-Key"),
        ("POST /CP001 HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}".to_owned(), "405 ", "\r\nAllow: GET\r\n"),
        ("HEAD / HTTP/1.1\r\n\r\n".to_owned(), "405 ", "\r\nAllow: GET\r\n"),
        ("\u{16}\u{3}\u{1} nonsense\r\n\r\n".to_owned(), "400 ", "no request of HTTP/1.1"),
        (format!("GET / HTTP/1.1\r\nX: {}\r\n", "x".repeat(20_000)), "431 ", "headers"),
        (format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(500)), "431 ", "headers"),
        ("GET / HT".to_owned(), "408 ", "within 1 s"),
        (handshake("/"), "404 ", "identity"),
        (handshake("/%zz"), "400 ", ""),
        (handshake("/CP001"), "401 ", "\r\nWWW-Authenticate: Basic"),
        (handshake("/CP001").trim_end().to_owned() + "\r\n" + credentials, "401 ", "password"),
    ];
    for (csms, pki) in [(&plain, None), (&tls, Some(&pki))] {
        for (request, status, told) in &cases {
            let mut raw = Raw::connect(&csms.url, pki);
            raw.write(request.as_bytes());
            let answer = String::from_utf8(raw.rest()).unwrap();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request:.60}: {answer}");
            assert!(answer.contains(told), "{request:.60}: {told} is not in {answer}");
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.contains("\r\nContent-Length: "), "{answer}");
            assert_eq!(body.lines().count(), usize::from(!request.starts_with("HEAD")), "{request:.60}: {answer}");
        }
    }
    // Without TLS on the port of TLS.
    let mut raw = Raw::connect(&tls.url, None);
    raw.write(handshake("/CP001").as_bytes());
    let answer = String::from_utf8(raw.rest()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("wss://"), "{answer}");
}

/// OCPP-J 1.6 §3.1.2: the handshake is completed without a subprotocol, and the connection closed.
#[test]
fn peer_of_another_version_is_let_in_and_closed() {
    let directory = tempfile::tempdir().unwrap();
    let csms = Csms::start(directory.path(), &["--ocpp", "1.6"]);
    let mut raw = Raw::connect(&csms.url, None);
    raw.write(handshake("/CP001").replace("ocpp1.6", "ocpp2.0.1").as_bytes());
    let head = raw.head();
    assert!(head.starts_with("HTTP/1.1 101") && !head.to_lowercase().contains("sec-websocket-protocol"), "{head}");
    assert_eq!(raw.close_frame().get(..2), Some(&1002_u16.to_be_bytes()[..]));
}

#[test]
fn peer_beyond_the_limit_is_answered_and_told_of() {
    let directory = tempfile::tempdir().unwrap();
    let mut csms = Csms::start(directory.path(), &["--max-connections", "1"]);
    let mut first = Raw::connect(&csms.url, None);
    first.write(handshake("/CP001").as_bytes());
    assert!(first.head().starts_with("HTTP/1.1 101"));
    let mut second = Raw::connect(&csms.url, None);
    second.write(handshake("/CP002").as_bytes());
    let answer = String::from_utf8(second.rest()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("\r\nRetry-After: "), "{answer}");
    let reason = csms
        .program
        .wait("that it is full", |line| line.pointer("/full/reason").and_then(Value::as_str).map(str::to_owned));
    assert!(reason.contains("--max-connections"), "{reason}");

    first.write(&masked(8, b"\x03\xE8"));
    assert_eq!(first.close_frame(), b"\x03\xE8");
    csms.program.wait("a place", |line| line.get("link_closed").cloned());
    let mut third = Raw::connect(&csms.url, None);
    third.write(handshake("/CP002").as_bytes());
    assert!(third.head().starts_with("HTTP/1.1 101"));
}

#[test]
fn frame_beyond_the_limit_costs_the_connection_with_its_status() {
    let directory = tempfile::tempdir().unwrap();
    let csms = Csms::start(directory.path(), &["--max-frame", "1000"]);
    let mut raw = Raw::connect(&csms.url, None);
    raw.write(handshake("/CP001").as_bytes());
    assert!(raw.head().starts_with("HTTP/1.1 101"));
    raw.write(&[&[0x81, 0xFE][..], &60_000_u16.to_be_bytes(), &[0; 4], &[b' '; 60_000]].concat());
    assert_eq!(raw.close_frame().get(..2), Some(&1009_u16.to_be_bytes()[..]));
}
