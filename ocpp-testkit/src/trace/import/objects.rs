//! Frames within JSON objects, as structured loggers write them: the members beside a frame say what else is known of it.

use ocpp_types::Fault;
use ocpp_types::json::{Kind, Reader};

use super::frames;

/// A frame with the members around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where the frame is in the text.
    pub at: usize,
    /// The frame.
    pub frame: String,
    /// Whether its logger left something out.
    pub is_cut: bool,
    /// What stands before it in its own text.
    pub before: String,
    /// Names and values of the members around it, those of the nearest object first.
    pub members: Vec<(String, String)>,
}

/// The frames in the JSON value at the beginning of `text`, and its length. None if it is no value, or there are none.
pub(super) fn read(text: &str) -> Option<(Vec<Piece>, usize)> {
    let mut reader = Reader::with_depth(text, 64);
    let node = Node::read(&mut reader).ok()?;
    let mut pieces = Vec::new();
    node.tell(&[], &mut pieces);
    (!pieces.is_empty()).then(|| (pieces, reader.position()))
}

enum Node {
    Frame { at: usize, before: String, frame: String, is_cut: bool },
    Scalar(String),
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
}

impl Node {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let kind = reader.peek()?;
        let at = reader.position();
        match kind {
            Kind::Object => {
                reader.begin_object()?;
                let mut members = Vec::new();
                while let Some(key) = reader.next_key()? {
                    members.push((key.into_owned(), Node::read(reader)?));
                }
                Ok(Node::Object(members))
            }
            Kind::Array => {
                let rest = reader.text().get(at..).unwrap_or_default();
                let start = at + rest.find('[').unwrap_or_default();
                if let Some(found) = frames::at(reader.text(), start).filter(|found| !found.is_cut) {
                    reader.skip_value()?;
                    if reader.position() == found.end {
                        return Ok(Node::Frame { at: start, before: String::new(), frame: found.frame, is_cut: false });
                    }
                    return Ok(Node::Scalar(String::new()));
                }
                reader.begin_array()?;
                let mut items = Vec::new();
                while reader.next_element()? {
                    items.push(Node::read(reader)?);
                }
                Ok(Node::List(items))
            }
            Kind::String => {
                let text = reader.string()?.into_owned();
                Ok(match frames::find(&text, 0) {
                    Some(found) => {
                        let before = text.get(..found.start).unwrap_or_default().to_owned();
                        Node::Frame { at, before, frame: found.frame, is_cut: found.is_cut }
                    }
                    None => Node::Scalar(text),
                })
            }
            _ => reader.raw_value().map(|raw| Node::Scalar(raw.to_owned())),
        }
    }

    fn has_frame(&self) -> bool {
        match self {
            Node::Frame { .. } => true,
            Node::Scalar(_) => false,
            Node::Object(members) => members.iter().any(|(_, node)| node.has_frame()),
            Node::List(items) => items.iter().any(Node::has_frame),
        }
    }

    /// The values without frames, each with its name.
    fn gather(&self, key: &str, members: &mut Vec<(String, String)>) {
        match self {
            Node::Scalar(text) => members.push((key.to_owned(), text.clone())),
            Node::Object(inner) => inner.iter().for_each(|(key, node)| node.gather(key, members)),
            Node::List(items) => items.iter().for_each(|node| node.gather(key, members)),
            Node::Frame { .. } => {}
        }
    }

    fn tell(&self, around: &[(String, String)], pieces: &mut Vec<Piece>) {
        match self {
            Node::Frame { at, before, frame, is_cut } => pieces.push(Piece {
                at: *at,
                frame: frame.clone(),
                is_cut: *is_cut,
                before: before.clone(),
                members: around.to_vec(),
            }),
            Node::Scalar(_) => {}
            Node::List(items) => items.iter().for_each(|node| node.tell(around, pieces)),
            Node::Object(inner) => {
                let mut members = Vec::new();
                for (key, node) in inner {
                    if !node.has_frame() {
                        node.gather(key, &mut members);
                    }
                }
                members.extend_from_slice(around);
                let first = pieces.len();
                inner.iter().for_each(|(_, node)| node.tell(&members, pieces));
                // The frame may be there twice, as text and as JSON.
                let value = |piece: &Piece| serde_json::from_str::<serde_json::Value>(&piece.frame).ok();
                let mut kept: Vec<Piece> = Vec::new();
                for piece in pieces.drain(first..) {
                    let is_known = !piece.is_cut && kept.iter().any(|kept| value(kept) == value(&piece));
                    if !is_known || inner.len() == 1 {
                        kept.push(piece);
                    }
                }
                pieces.append(&mut kept);
            }
        }
    }
}
