//! Where files come from and go to: local files, and HTTP servers on the same machine. Nothing else is ever asked.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{IpAddr, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ocpp_core::station::JobUpdate;

/// A file that is longer is not taken.
const MOST_BYTES: u64 = 64 << 20;
/// A server that says nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the location of a job names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file or a directory here.
    Local(PathBuf),
    /// A server on a loopback address.
    Http(HttpPlace),
    /// Anything else.
    Elsewhere,
}

/// A resource of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpPlace {
    host: String,
    port: u16,
    target: String,
}

impl Place {
    /// Reads a location: a path, `file:`, or `http://` on a loopback address.
    pub fn of(location: &str) -> Self {
        if location.starts_with('/') {
            return Place::Local(PathBuf::from(location));
        }
        let Some((scheme, rest)) = location.split_once(':') else { return Place::Elsewhere };
        if scheme.eq_ignore_ascii_case("file") {
            let path = rest.strip_prefix("//localhost").or(rest.strip_prefix("//")).unwrap_or(rest);
            return decoded(path)
                .filter(|path| path.starts_with('/'))
                .map_or(Place::Elsewhere, |path| Place::Local(path.into()));
        }
        let http = rest.strip_prefix("//").filter(|_| scheme.eq_ignore_ascii_case("http"));
        http.and_then(HttpPlace::of).map_or(Place::Elsewhere, Place::Http)
    }

    /// Fetches a file.
    pub fn fetch(&self) -> Result<Vec<u8>, Trouble> {
        match self {
            Place::Local(path) => Ok(capped(File::open(path)?)?),
            Place::Http(place) => place.call("GET", &place.target, &[]),
            Place::Elsewhere => Err(Trouble::NotSupported),
        }
    }

    /// Sends a file into a directory, under this name; a file that is there stays as it is. A server is asked by `PUT`, and by
    /// `POST` at the directory if it does not know that.
    pub fn send(&self, name: &str, bytes: &[u8]) -> Result<(), Trouble> {
        match self {
            Place::Local(directory) => {
                let name = Path::new(name).file_name().ok_or(Trouble::NotSupported)?;
                let mut file = File::create_new(directory.join(name))?;
                file.write_all(bytes)?;
                Ok(file.sync_all()?)
            }
            Place::Http(place) => {
                let directory = place.target.trim_end_matches('/');
                match place.call("PUT", &format!("{directory}/{name}"), bytes) {
                    Err(Trouble::Status(404 | 405 | 501)) => place.call("POST", &place.target, bytes).map(drop),
                    other => other.map(drop),
                }
            }
            Place::Elsewhere => Err(Trouble::NotSupported),
        }
    }
}

impl HttpPlace {
    fn of(rest: &str) -> Option<Self> {
        let (authority, target) = rest.find('/').and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, "/"));
        let (host, port) = match authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (authority, 80),
        };
        let is_fit = target.bytes().all(|byte| byte.is_ascii_graphic());
        (is_loopback(host) && is_fit).then(|| HttpPlace { host: host.to_owned(), port, target: target.to_owned() })
    }

    /// One call by HTTP/1.0 (RFC 1945): the answer is never in parts, and ends with the connection.
    fn call(&self, method: &str, target: &str, body: &[u8]) -> Result<Vec<u8>, Trouble> {
        let host = self.host.trim_matches(['[', ']']);
        let address = (host, self.port).to_socket_addrs()?.find(|address| address.ip().is_loopback());
        let mut stream = TcpStream::connect_timeout(&address.ok_or(Trouble::NotSupported)?, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let length = body.len();
        let kind = "Content-Type: application/octet-stream";
        let head = format!(
            "{method} {target} HTTP/1.0\r\nHost: {}:{}\r\n{kind}\r\nContent-Length: {length}\r\n\r\n",
            self.host, self.port
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        answer(&capped(stream)?)
    }
}

/// Whether this host of a URL is this machine.
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Why a file did not come or go.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("this location is not supported here")]
    NotSupported,
    #[error("the server answered {0}")]
    Status(u16),
    #[error("the server's answer is no HTTP, or not whole")]
    NoHttp,
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<&Trouble> for JobUpdate {
    /// In the words that LogStatusNotification has (1.6 security N01.FR.10).
    fn from(trouble: &Trouble) -> Self {
        match trouble {
            Trouble::NotSupported | Trouble::Status(405 | 501) => JobUpdate::NotSupported,
            Trouble::Status(401 | 403) => JobUpdate::PermissionDenied,
            Trouble::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => JobUpdate::PermissionDenied,
            Trouble::Status(400) => JobUpdate::BadMessage,
            Trouble::Status(_) | Trouble::NoHttp | Trouble::Io(_) => JobUpdate::Failed,
        }
    }
}

fn capped(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    let is_whole = u64::try_from(bytes.len()).is_ok_and(|length| length <= MOST_BYTES);
    if is_whole { Ok(bytes) } else { Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is too long")) }
}

fn answer(bytes: &[u8]) -> Result<Vec<u8>, Trouble> {
    const GAP: &[u8] = b"\r\n\r\n";
    let end = bytes.windows(GAP.len()).position(|window| window == GAP).ok_or(Trouble::NoHttp)?;
    let (head, body) = bytes.split_at_checked(end).ok_or(Trouble::NoHttp)?;
    let body = body.get(GAP.len()..).unwrap_or_default();
    let head = std::str::from_utf8(head).map_err(|_| Trouble::NoHttp)?;
    let mut lines = head.split("\r\n");
    let status = lines.next().filter(|line| line.starts_with("HTTP/1.")).and_then(|line| line.split(' ').nth(1));
    let status: u16 = status.and_then(|status| status.parse().ok()).ok_or(Trouble::NoHttp)?;
    if !(200..300).contains(&status) {
        return Err(Trouble::Status(status));
    }
    let length =
        lines.filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let is_whole = length.is_none_or(|(_, length)| length.trim().parse() == Ok(body.len()));
    if is_whole { Ok(body.to_vec()) } else { Err(Trouble::NoHttp) }
}

/// A path of a URL with its escapes resolved.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        bytes.push(match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                rest = after;
                let digit = |digit: &u8| char::from(*digit).to_digit(16);
                u8::try_from(digit(high)? * 16 + digit(low)?).ok()?
            }
            (b'%', _) => return None,
            (byte, _) => *byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn http(host: &str, port: u16, target: &str) -> Place {
        Place::Http(HttpPlace { host: host.to_owned(), port, target: target.to_owned() })
    }

    /// Serves each connection with one of these answers, and gives what was asked.
    fn server(answers: &'static [&'static str]) -> (u16, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let serve = move |answer: &&'static str| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = String::new();
            let mut part = [0; 1024];
            while !asked.contains("\r\n\r\n") || asked.ends_with("\r\n\r\n") && !asked.contains("Content-Length: 0") {
                let read = stream.read(&mut part).unwrap();
                asked.push_str(std::str::from_utf8(&part[..read]).unwrap());
            }
            stream.write_all(answer.as_bytes()).unwrap();
            asked
        };
        (port, std::thread::spawn(move || answers.iter().map(serve).collect()))
    }

    #[test]
    fn locations_name_files_and_servers_of_this_machine_alone() {
        for (location, place) in [
            ("/tmp/a b", Place::Local("/tmp/a b".into())),
            ("file:///tmp/a%20b", Place::Local("/tmp/a b".into())),
            ("file:/tmp", Place::Local("/tmp".into())),
            ("file://localhost/tmp", Place::Local("/tmp".into())),
            ("file://server/tmp", Place::Elsewhere),
            ("file:///tmp/%4", Place::Elsewhere),
            ("http://127.0.0.1:8080/a?b", http("127.0.0.1", 8080, "/a?b")),
            ("HTTP://localhost", http("localhost", 80, "/")),
            ("http://[::1]:81/x", http("[::1]", 81, "/x")),
            ("http://127.0.0.1/a b", Place::Elsewhere),
            ("http://example.org/x", Place::Elsewhere),
            ("http://user@127.0.0.1/x", Place::Elsewhere),
            ("https://127.0.0.1/x", Place::Elsewhere),
            ("ftp://127.0.0.1/x", Place::Elsewhere),
            ("", Place::Elsewhere),
        ] {
            assert_eq!(Place::of(location), place, "{location}");
        }
    }

    #[test]
    fn files_come_and_go_by_path() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::of(directory.path().to_str().unwrap());
        place.send("log.txt", b"one").unwrap();
        let again = place.send("log.txt", b"two").unwrap_err();
        assert_eq!(JobUpdate::from(&again), JobUpdate::Failed, "a file that is there stays");
        let file = Place::of(directory.path().join("log.txt").to_str().unwrap());
        assert_eq!(file.fetch().unwrap(), b"one");
        place.send("../../up.txt", b"x").unwrap();
        assert!(directory.path().join("up.txt").exists(), "no way out of the directory");
    }

    #[test]
    fn file_is_fetched_by_http_whole_or_not_at_all() {
        let answers = &[
            "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nbytes",
            "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nbytes",
            "HTTP/1.0 403 No\r\n\r\n",
            "nonsense",
        ];
        let (port, asked) = server(answers);
        let place = Place::of(&format!("http://127.0.0.1:{port}/new.bin"));
        assert_eq!(place.fetch().unwrap(), b"bytes");
        let words: Vec<_> = (0..3).map(|_| JobUpdate::from(&place.fetch().unwrap_err())).collect();
        assert_eq!(words, [JobUpdate::Failed, JobUpdate::PermissionDenied, JobUpdate::Failed]);
        assert!(asked.join().unwrap()[0].starts_with("GET /new.bin HTTP/1.0\r\nHost: 127.0.0.1:"));
    }

    #[test]
    fn file_is_put_and_where_that_is_not_known_posted() {
        let (port, asked) =
            server(&["HTTP/1.0 201 Created\r\n\r\n", "HTTP/1.0 405 No\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n"]);
        let place = Place::of(&format!("http://127.0.0.1:{port}/logs/"));
        place.send("a.log", b"text").unwrap();
        place.send("b.log", b"text").unwrap();
        let asked = asked.join().unwrap();
        let lines: Vec<_> = asked.iter().map(|asked| asked.split(" HTTP").next().unwrap()).collect();
        assert_eq!(lines, ["PUT /logs/a.log", "PUT /logs/b.log", "POST /logs/"]);
        assert!(asked.iter().all(|asked| asked.ends_with("\r\n\r\ntext")));
    }
}
