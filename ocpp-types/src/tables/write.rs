//! One writer for all messages.
//!
//! Members may be set in any order; they are written in that of the tables. Objects and lists are ended by whatever comes next, so
//! nothing needs to be closed.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, mem};

use super::{
    schema::{Edition, HAS_JSON, Member, ObjectId, Shape},
    view::{Found, Node, Parsed},
};
use crate::{
    codec::out_of_range,
    datetime::UnixMillis,
    decimal::Decimal,
    enumeration::UNRECOGNIZED,
    json::{Kind, Reader, Tail, Writer},
    text::{TooLong, check_length, is_uri},
    violation::{Rule, Violation},
};

/// Writes an object of a message by `fill`.
pub(super) fn write(writer: &mut Writer, edition: Edition, object: ObjectId, fill: &mut dyn FnMut(Object<'_>)) {
    let own = mem::replace(writer, Writer::append(String::new()));
    let mut draft = Draft { writer: own, edition, levels: Vec::new(), cuts: false };
    fill(draft.object(object.0, None));
    draft.close_to(0);
    *writer = draft.writer;
}

/// The text of an object of a message, written by `fill` behind `text`, or what its schema forbids.
pub(super) fn append(
    text: String,
    edition: Edition,
    object: ObjectId,
    fill: &mut dyn FnMut(Object<'_>),
) -> Result<String, Violation> {
    let mut writer = Writer::append(text);
    write(&mut writer, edition, object, fill);
    writer.finish()
}

impl Parsed<'_> {
    /// Writes the message again, in the order of its tables. What came in by a repair is refused.
    pub fn write(&self, writer: &mut Writer) {
        write(writer, self.edition, self.object, &mut |mut object| object.copy(self.object.0, self.root()));
    }
}

/// A message that is being written.
struct Draft {
    writer: Writer,
    edition: Edition,
    /// The objects and lists that are open, from the outermost one on.
    levels: Vec<Level>,
    /// The next text is cut to what its schema allows.
    cuts: bool,
}

/// An open object or list.
struct Level {
    open: Open,
    /// Where it begins.
    start: usize,
    /// What comes behind it.
    tail: Option<Box<Tail>>,
}

#[derive(Clone, Copy)]
enum Open {
    /// The object of this number, with a bit for each row that was written.
    Object(u16, u64),
    /// The list of this row, and the number of its items.
    List(u8, usize),
}

/// A value that is no object and no list.
#[derive(Clone, Copy)]
pub(crate) enum Scalar<'v> {
    Text(&'v str),
    Integer(i64),
    Decimal(Decimal),
    Boolean(bool),
    Time(UnixMillis),
    /// The number of an enumeration's value.
    Choice(u8),
    /// JSON as it stands.
    Json(&'v str),
}

/// An object that is being written: what a generated builder is made of.
pub struct Object<'w> {
    draft: &'w mut Draft,
    /// The number of levels that are open while its members are set.
    depth: usize,
}

/// Without what was written: it may be a secret.
impl fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object").field("depth", &self.depth).finish()
    }
}

impl Object<'_> {
    /// The edition of the message.
    pub fn edition(&self) -> Edition {
        self.draft.edition
    }

    /// Has the text that is set next cut to the characters that its schema allows, instead of refused.
    pub(crate) fn cut(&mut self) {
        self.draft.cuts = true;
    }

    /// Writes a member.
    pub(crate) fn set(&mut self, rows: u16, value: Scalar<'_>) {
        let (member, tail) = self.draft.begin(self.depth, rows);
        self.draft.scalar(member, value);
        self.draft.attach(tail);
    }

    /// Writes an item of a list.
    pub(crate) fn add(&mut self, rows: u16, value: Scalar<'_>) {
        let member = self.draft.item(self.depth, rows);
        self.draft.scalar(member, value);
    }

    /// Begins the object in a member.
    pub(crate) fn object(&mut self, rows: u16) -> Object<'_> {
        let (member, tail) = self.draft.begin(self.depth, rows);
        let object = self.draft.object_of(member);
        self.draft.object(object, tail)
    }

    /// Begins an item of a list of objects.
    pub(crate) fn add_object(&mut self, rows: u16) -> Object<'_> {
        let member = self.draft.item(self.depth, rows);
        let object = self.draft.object_of(member);
        self.draft.object(object, None)
    }

    /// Writes what was read.
    fn copy(&mut self, object: u16, node: Node<'_>) {
        let tables = self.draft.edition.tables;
        let mut members = node;
        while let Some(found) = members.next() {
            let row = found.slot().member;
            // Not there for one that was given twice.
            let Some(member) = tables.member(object, row) else { continue };
            let rows = u16::from_le_bytes([row, row]);
            let shape = tables.shape(member);
            if member.bounds() == 0 {
                match shape {
                    Shape::Object(inner) => self.object(rows).copy(inner, found.node()),
                    shape => self.set(rows, scalar(shape, found)),
                }
                continue;
            }
            let mut items = found.node();
            while let Some(item) = items.next() {
                match shape {
                    Shape::Object(inner) => self.add_object(rows).copy(inner, item.node()),
                    shape => self.add(rows, scalar(shape, item)),
                }
            }
        }
    }
}

pub(super) fn scalar(shape: Shape, found: Found<'_>) -> Scalar<'_> {
    match shape {
        Shape::Text(_) | Shape::Uri => Scalar::Text(found.text()),
        Shape::Integer(..) => Scalar::Integer(found.slot().number()),
        Shape::Decimal(..) | Shape::Tenths => Scalar::Decimal(found.decimal()),
        Shape::Boolean => Scalar::Boolean(found.slot().low != 0),
        Shape::Time => Scalar::Time(UnixMillis(found.slot().number())),
        Shape::Choice(_) => Scalar::Choice(found.choice()),
        Shape::Json | Shape::CustomData | Shape::Object(_) => Scalar::Json(found.text()),
    }
}

impl Draft {
    /// Begins an object at the current position.
    fn object(&mut self, object: u16, tail: Option<Box<Tail>>) -> Object<'_> {
        self.writer.begin_object();
        self.push(Open::Object(object, 0), tail);
        let depth = self.levels.len();
        Object { draft: self, depth }
    }

    /// Notes what was begun by the bracket written last.
    fn push(&mut self, open: Open, tail: Option<Box<Tail>>) {
        self.levels.push(Level { open, start: self.writer.text().len() - 1, tail });
    }

    fn close_to(&mut self, depth: usize) {
        while self.levels.len() > depth {
            self.close();
        }
    }

    /// Ends the innermost object or list.
    fn close(&mut self) {
        let depth = self.levels.len();
        match self.levels.last().map(|level| (level.open, level.start)) {
            None => {}
            Some((Open::List(row, count), start)) => {
                let member = self.member(depth.saturating_sub(1), row);
                let (min, max) = member.map_or((0, usize::MAX), |member| self.edition.tables.bounds(member));
                if count < min {
                    self.writer.refuse_at(Rule::TooFew { min, actual: count }, start);
                } else if count > max {
                    self.writer.refuse_at(Rule::TooMany { max }, start);
                }
                self.writer.end_array();
            }
            Some((Open::Object(object, seen), start)) => {
                for (row, member) in (0_u8..).zip(self.edition.tables.members(object)) {
                    if seen & self.bit(row) != 0 || !member.is_required() || !self.edition.has(member.flags()) {
                        continue;
                    }
                    if member.bounds() == 0 {
                        self.writer.refuse_at(Rule::Missing(self.edition.tables.name(*member)), start);
                    } else {
                        // A list without items.
                        self.list(depth, row);
                        self.close();
                    }
                }
                self.writer.end_object();
            }
        }
        if let Some(level) = self.levels.pop() {
            self.attach(level.tail);
        }
    }

    /// The row of a member in the edition that is written. A member that only the other edition has is written too, and refused.
    fn row(&self, rows: u16) -> u8 {
        let [old, new] = rows.to_le_bytes();
        let (row, other) = if self.edition.is_2_1() { (new, old) } else { (old, new) };
        if row == u8::MAX { other } else { row }
    }

    /// The bit of a row, in the order in which the edition writes them.
    fn bit(&self, row: u8) -> u64 {
        // The common row comes last, or by going round first.
        1_u64.rotate_left(u32::from(row) + u32::from(!self.edition.is_2_1()))
    }

    /// A member of the object at `depth`.
    fn member(&self, depth: usize, row: u8) -> Option<Member> {
        match self.levels.get(depth.checked_sub(1)?)?.open {
            Open::Object(object, _) => self.edition.tables.member(object, row),
            Open::List(..) => None,
        }
    }

    /// Comes to the value of a member of the object at `depth`: its name is written.
    fn begin(&mut self, depth: usize, rows: u16) -> (Option<Member>, Option<Box<Tail>>) {
        self.close_to(depth);
        let row = self.row(rows);
        let (member, bit) = (self.member(depth, row), self.bit(row));
        let Some(Level { open: Open::Object(_, seen), start, .. }) = self.levels.last_mut() else {
            return (None, None);
        };
        let (before, start) = (*seen, *start);
        *seen |= bit;
        if before & bit != 0 {
            self.writer.refuse_at(Rule::DuplicateMember, start);
        }
        if member.is_some_and(|member| !self.edition.has(member.flags())) {
            self.writer.refuse_at(Rule::UnknownMember, start);
        }
        let earlier = before & (bit - 1);
        let tail = if before > earlier { self.writer.detach(start, earlier.count_ones()) } else { None };
        self.writer.name(member.map_or("", |member| self.edition.tables.name(member)));
        (member, tail)
    }

    /// Begins the list in a member of the object at `depth`, unless it is open.
    fn list(&mut self, depth: usize, row: u8) {
        if matches!(self.levels.get(depth), Some(Level { open: Open::List(open, _), .. }) if *open == row) {
            return self.close_to(depth + 1);
        }
        let (_, tail) = self.begin(depth, u16::from_le_bytes([row, row]));
        self.writer.begin_array();
        self.push(Open::List(row, 0), tail);
    }

    /// Comes to another item of a list.
    fn item(&mut self, depth: usize, rows: u16) -> Option<Member> {
        let row = self.row(rows);
        self.list(depth, row);
        if let Some(Level { open: Open::List(_, count), .. }) = self.levels.last_mut() {
            *count += 1;
        }
        self.member(depth, row)
    }

    fn object_of(&self, member: Option<Member>) -> u16 {
        match member.map(|member| self.edition.tables.shape(member)) {
            Some(Shape::Object(object)) => object,
            _ => u16::MAX,
        }
    }

    fn attach(&mut self, tail: Option<Box<Tail>>) {
        if let Some(tail) = tail {
            self.writer.attach(*tail);
        }
    }

    /// Writes a value, and refuses what its schema forbids.
    fn scalar(&mut self, member: Option<Member>, value: Scalar<'_>) {
        let Edition { tables, column } = self.edition;
        let cuts = mem::take(&mut self.cuts);
        let shape = member.map_or(Shape::Boolean, |member| tables.shape(member));
        let outside = |value: i64, min, max| out_of_range(value < min, value > max, min, max);
        // What is written, and what is wrong with it.
        let (value, broken) = match (shape, value) {
            (Shape::Text(max), Scalar::Text(text)) => {
                let end = if cuts { text.char_indices().nth(max) } else { None };
                let text = end.and_then(|(end, _)| text.get(..end)).unwrap_or(text);
                let broken = check_length(text, max).err().map(|TooLong { max, actual }| Rule::TooLong { max, actual });
                (Scalar::Text(text), broken)
            }
            (Shape::Uri, Scalar::Text(text)) => (value, (!is_uri(text)).then_some(Rule::Uri)),
            (Shape::Choice(choice), Scalar::Text(text)) => {
                let is_known = tables.find_choice(choice, text, column).is_some();
                (value, (!is_known).then(|| Rule::NotInEnumeration(tables.choice_name(choice))))
            }
            (Shape::Choice(choice), Scalar::Choice(value)) => match tables.choice_text(choice, value.into(), column) {
                Some(text) => (Scalar::Text(text), None),
                None => (Scalar::Text(UNRECOGNIZED), Some(Rule::NotInEnumeration(tables.choice_name(choice)))),
            },
            (Shape::Integer(min, max) | Shape::Decimal(min, max), Scalar::Integer(number)) => {
                (value, outside(number, min, max))
            }
            // Numbers that are integers in one edition and decimals in the other.
            (Shape::Integer(min, max), Scalar::Decimal(number)) => match number.to_integer() {
                Some(number) => (Scalar::Integer(number), outside(number, min, max)),
                None => (value, Some(Rule::Type { expected: Kind::Integer, found: Kind::Number })),
            },
            (Shape::Decimal(min, max), Scalar::Decimal(number)) => {
                (value, out_of_range(number.is_below(min), number.is_above(max), min, max))
            }
            (Shape::Tenths, Scalar::Decimal(number)) => {
                (value, number.to_scaled(1).is_none().then_some(Rule::NotTenths))
            }
            (Shape::Boolean, Scalar::Boolean(_)) => (value, None),
            (Shape::Time, Scalar::Time(time)) => (value, (!time.is_writable()).then_some(Rule::DateTime)),
            (Shape::Json, Scalar::Json(json)) if HAS_JSON => checked(json, |reader| reader.skip_value()),
            (Shape::CustomData, Scalar::Json(json)) if HAS_JSON => {
                checked(json, |reader| reader.custom_data().map(drop))
            }
            // The generator leaves nothing else.
            _ => (Scalar::Json(NULL), Some(Rule::Null)),
        };
        let writer = &mut self.writer;
        if let Some(rule) = broken {
            writer.refuse(rule);
        }
        match value {
            Scalar::Text(text) => writer.string(text),
            Scalar::Integer(value) => writer.integer(value),
            Scalar::Decimal(value) => writer.decimal(&value),
            Scalar::Boolean(value) => writer.boolean(value),
            Scalar::Time(time) => writer.quoted(|text| time.push_to(text)),
            Scalar::Choice(_) => writer.raw(NULL),
            Scalar::Json(json) => writer.raw(json),
        }
    }
}

/// JSON as it stands, if it is one value that `read` can read.
fn checked<'v>(json: &'v str, read: fn(&mut Reader<'_>) -> Result<(), crate::Fault>) -> (Scalar<'v>, Option<Rule>) {
    let mut reader = Reader::new(json);
    match read(&mut reader).and_then(|()| reader.finish()) {
        Ok(()) => (Scalar::Json(json.trim_ascii()), None),
        Err(fault) => (Scalar::Json(NULL), Some(fault.rule())),
    }
}

const NULL: &str = "null";
