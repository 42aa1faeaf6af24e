use alloc::string::String;

use super::{Identity, push_hex};

/// Why a text is no OCPP-J endpoint URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// The scheme is neither `ws` nor `wss`.
    #[error("URL does not begin with ws:// or wss://")]
    Scheme,
    /// There is no host.
    #[error("URL has no host")]
    NoHost,
    /// It has a fragment, which WebSocket URLs must not have (RFC 6455 §3).
    #[error("URL has a fragment")]
    Fragment,
    /// It has a space, a control character or a non-ASCII character.
    #[error("URL has the character {0:?}")]
    Character(char),
}

/// The connection URL of a station: the endpoint URL with the identity, percent-encoded as necessary, appended to its
/// path (OCPP-J 1.6 §3.1.1, Part 4 §3.1.1). Slashes at the end of the path are not doubled; a query stays behind it.
pub fn connection_url(endpoint: &str, identity: &Identity) -> Result<String, UrlError> {
    check(endpoint)?;
    let (path, query) = match endpoint.find('?') {
        Some(query) => endpoint.split_at(query),
        None => (endpoint, ""),
    };
    let mut url = String::from(path.trim_end_matches('/'));
    url.push('/');
    for byte in identity.as_str().bytes() {
        // The characters of a path segment (RFC 3986 §3.3).
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push('%');
            push_hex(&mut url, byte, b"0123456789ABCDEF");
        }
    }
    url.push_str(query);
    Ok(url)
}

/// The URL under which a local controller connects to the CSMS for a station: the CSMS's scheme and host with the path
/// the station itself used (Part 4 §6.2). `csms` is any URL of the CSMS, `target` the station's request target.
pub fn relay_url(csms: &str, target: &str) -> Result<String, UrlError> {
    let host = check(csms)?;
    check_characters(target)?;
    let mut url = String::from(csms.split_at(csms.len() - host.len()).0);
    url.push_str(host.split(['/', '?']).next().unwrap_or_default());
    if !target.starts_with('/') {
        url.push('/');
    }
    url.push_str(target);
    Ok(url)
}

/// Checks that `url` is the URL of a WebSocket and returns what follows the scheme.
fn check(url: &str) -> Result<&str, UrlError> {
    check_characters(url)?;
    let (scheme, rest) = url.split_once(':').ok_or(UrlError::Scheme)?;
    let rest = rest.strip_prefix("//").ok_or(UrlError::Scheme)?;
    if !scheme.eq_ignore_ascii_case("ws") && !scheme.eq_ignore_ascii_case("wss") {
        return Err(UrlError::Scheme);
    }
    if rest.is_empty() || rest.starts_with(['/', '?', ':']) {
        return Err(UrlError::NoHost);
    }
    Ok(rest)
}

fn check_characters(text: &str) -> Result<(), UrlError> {
    match text.chars().find(|ch| !ch.is_ascii_graphic() || *ch == '#') {
        None => Ok(()),
        Some('#') => Err(UrlError::Fragment),
        Some(ch) => Err(UrlError::Character(ch)),
    }
}
