//! The models of a family of editions, laid over each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Error, Version,
    generate::docs,
    model::{Field, Kind, Message, Model},
};

/// A member in one row that is good for the editions marked.
pub struct Row<'m> {
    pub field: &'m Field,
    pub old: bool,
    pub new: bool,
}

/// A member of an object, in whatever rows.
pub struct Member<'m> {
    pub old: Option<(usize, &'m Field)>,
    pub new: Option<(usize, &'m Field)>,
}

impl<'m> Member<'m> {
    /// The member as the newest edition has it.
    pub fn newest(&self) -> &'m Field {
        match (self.new, self.old) {
            (Some((_, field)), _) | (None, Some((_, field))) => field,
            (None, None) => unreachable!("a member is in some edition"),
        }
    }
}

/// An object, payload or not.
pub struct Object<'m> {
    pub name: String,
    pub doc: String,
    /// Its action, if it is a payload.
    pub action: Option<String>,
    pub rows: Vec<Row<'m>>,
    pub members: Vec<Member<'m>>,
    /// Which editions have it.
    pub old: bool,
    pub new: bool,
}

/// An enumeration; the values of both editions come first.
pub struct Choice<'m> {
    pub name: String,
    pub doc: String,
    pub values: Vec<&'m (String, String)>,
    pub old: usize,
    pub new: usize,
}

/// An action, and which editions have it.
pub struct Action<'m> {
    pub message: &'m Message,
    pub doc: String,
    pub old: bool,
    pub new: bool,
}

/// All editions of a family.
pub struct Family<'m> {
    old: (Version, &'m Model),
    new: Option<(Version, &'m Model)>,
    pub objects: Vec<Object<'m>>,
    /// The member that every object has, if there is one: the extension of 2.x.
    pub common: Option<Row<'m>>,
    pub choices: Vec<Choice<'m>>,
    pub actions: Vec<Action<'m>>,
}

impl<'m> Family<'m> {
    /// Lays the models over each other.
    pub fn new(old: (Version, &'m Model), new: Option<(Version, &'m Model)>) -> Result<Self, Error> {
        let mut family = Self { old, new, objects: Vec::new(), common: None, choices: Vec::new(), actions: Vec::new() };
        family.common = family.find_common()?;
        family.objects = family.lay_objects()?;
        family.choices = family.lay_choices()?;
        family.actions = family.lay_actions();
        Ok(family)
    }

    /// The newest edition.
    pub fn newest(&self) -> (Version, &'m Model) {
        self.new.unwrap_or(self.old)
    }

    /// The number of an object.
    pub fn object(&self, name: &str) -> Option<usize> {
        self.objects.iter().position(|object| object.name == name)
    }

    /// The number of an enumeration.
    pub fn choice(&self, name: &str) -> Option<usize> {
        self.choices.iter().position(|choice| choice.name == name)
    }

    /// The name of the first and of the second edition.
    pub fn names(&self) -> (&'static str, &'static str) {
        (self.old.0.name, self.new.map_or("", |(version, _)| version.name))
    }

    fn lay_objects(&self) -> Result<Vec<Object<'m>>, Error> {
        let old = shapes(self.old);
        let new = self.new.map(shapes).unwrap_or_default();
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let mut objects = Vec::new();
        for name in names {
            let (old, new) = (old.get(name), new.get(name));
            let (doc, action, _) = new.or(old).ok_or("no object")?.clone();
            let fields = |shape: Option<&(String, Option<String>, &'m [Field])>| shape.map_or(&[][..], |shape| shape.2);
            let rows = lay_rows(&own(fields(old)), &own(fields(new)));
            let mut members = members(name, &rows)?;
            if let Some(common) = &self.common {
                let in_common = |has: bool| has.then_some((COMMON, common.field));
                members.push(Member { old: in_common(old.is_some()), new: in_common(new.is_some()) });
            }
            let (old, new) = (old.is_some(), new.is_some());
            objects.push(Object { name: name.clone(), doc, action, rows, members, old, new });
        }
        Ok(objects)
    }

    /// The extension, if every object has it: in the first edition before all other members, in the second behind them.
    fn find_common(&self) -> Result<Option<Row<'m>>, Error> {
        let mut common = None;
        for (edition, is_first) in std::iter::once((self.old, true)).chain(self.new.map(|new| (new, false))) {
            for (name, (_, _, fields)) in shapes(edition) {
                let field = if is_first { fields.first() } else { fields.last() };
                match field.filter(|field| is_common(field)) {
                    Some(field) if !field.required && field.list.is_none() => common = Some(field),
                    _ if fields.iter().any(is_common) || common.is_some() => {
                        return Err(format!("{name} has its extension elsewhere").into());
                    }
                    _ => {}
                }
            }
        }
        Ok(common.map(|field| Row { field, old: true, new: true }))
    }

    fn lay_choices(&self) -> Result<Vec<Choice<'m>>, Error> {
        let model = |edition: Option<(Version, &'m Model)>| edition.map(|(_, model)| &model.enums);
        let (old, new) = (&self.old.1.enums, model(self.new));
        let names: BTreeSet<&String> = old.iter().chain(new.into_iter().flatten()).map(|item| &item.name).collect();
        let mut choices = Vec::new();
        for name in names {
            let old = old.iter().find(|item| item.name == *name);
            let new = new.into_iter().flatten().find(|item| item.name == *name);
            let (version, item) = match (new, old) {
                (Some(item), _) => (self.newest().0, item),
                (None, Some(item)) => (self.old.0, item),
                (None, None) => continue,
            };
            let in_old =
                |value: &&(String, String)| old.is_some_and(|old| old.values.iter().any(|(text, _)| *text == value.0));
            let (mut values, more): (Vec<_>, Vec<_>) = item.values.iter().partition(in_old);
            let old = old.map_or(0, |old| old.values.len());
            if old != values.len() {
                return Err(format!("{name}: the newer edition lacks a value of the older one").into());
            }
            values.extend(more);
            let new = if new.is_some() { values.len() } else { 0 };
            let doc = docs::summary(version, &item.doc, &item.name, &item.section);
            choices.push(Choice { name: name.clone(), doc, values, old, new });
        }
        Ok(choices)
    }

    fn lay_actions(&self) -> Vec<Action<'m>> {
        let mut actions: BTreeMap<&str, Action<'m>> = BTreeMap::new();
        for message in &self.old.1.messages {
            let doc = docs::message(self.old.0, message);
            actions.insert(&message.action, Action { message, doc, old: true, new: false });
        }
        if let Some((version, model)) = self.new {
            for message in &model.messages {
                let doc = docs::message(version, message);
                let old = actions.contains_key(message.action.as_str());
                actions.insert(&message.action, Action { message, doc, old, new: true });
            }
        }
        actions.into_values().collect()
    }
}

/// Meaning, action and members of each object of a version, by name.
fn shapes((version, model): (Version, &Model)) -> BTreeMap<String, (String, Option<String>, &[Field])> {
    let mut shapes = BTreeMap::new();
    for message in &model.messages {
        let action = Some(message.action.clone());
        let request = message.request_name();
        if let Some(fields) = &message.response {
            let shape = (format!("Answers a [`{request}`]."), action.clone(), fields.as_slice());
            shapes.insert(format!("{}Response", message.action), shape);
        }
        shapes.insert(request, (docs::message(version, message), action, message.request.as_slice()));
    }
    for item in &model.structs {
        let doc = docs::summary(version, &item.doc, &item.name, &item.section);
        shapes.insert(item.name.clone(), (doc, None, item.fields.as_slice()));
    }
    shapes
}

/// The row of the member that every object has.
const COMMON: usize = 63;

fn is_common(field: &Field) -> bool {
    field.kind == Kind::CustomData
}

/// The members that are not those of every object.
fn own(fields: &[Field]) -> Vec<&Field> {
    fields.iter().filter(|field| !is_common(field)).collect()
}

/// Whether both editions can share a row.
fn is_same(one: &Field, other: &Field) -> bool {
    (&one.name, one.required, &one.kind, one.list) == (&other.name, other.required, &other.kind, other.list)
}

/// One sequence of rows that gives each edition its members in its order: the longest common one, and what is left of either.
fn lay_rows<'m>(old: &[&'m Field], new: &[&'m Field]) -> Vec<Row<'m>> {
    // How many rows can be shared from here on.
    let mut shared = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    let at =
        |shared: &Vec<Vec<usize>>, i: usize, j: usize| shared.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0);
    for (i, one) in old.iter().enumerate().rev() {
        for (j, other) in new.iter().enumerate().rev() {
            let best = if is_same(one, other) {
                at(&shared, i + 1, j + 1) + 1
            } else {
                at(&shared, i + 1, j).max(at(&shared, i, j + 1))
            };
            if let Some(slot) = shared.get_mut(i).and_then(|row| row.get_mut(j)) {
                *slot = best;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut rows = Vec::new();
    loop {
        match (old.get(i).copied(), new.get(j).copied()) {
            (Some(one), Some(other)) if is_same(one, other) => {
                rows.push(Row { field: other, old: true, new: true });
                (i, j) = (i + 1, j + 1);
            }
            (Some(field), other) if other.is_none() || at(&shared, i + 1, j) >= at(&shared, i, j + 1) => {
                rows.push(Row { field, old: true, new: false });
                i += 1;
            }
            (_, Some(field)) => {
                rows.push(Row { field, old: false, new: true });
                j += 1;
            }
            (_, None) => return rows,
        }
    }
}

/// The members in the order of the newest edition, then those it no longer has.
fn members<'m>(object: &str, rows: &[Row<'m>]) -> Result<Vec<Member<'m>>, Error> {
    if rows.len() >= COMMON {
        return Err(format!("{object} has more members than the reader can mark as seen").into());
    }
    let mut members: Vec<Member<'m>> = Vec::new();
    let rows = || rows.iter().enumerate();
    for (index, row) in rows().filter(|(_, row)| row.new) {
        let old = rows().find(|(_, other)| other.old && other.field.name == row.field.name);
        members.push(Member { old: old.map(|(index, row)| (index, row.field)), new: Some((index, row.field)) });
    }
    for (index, row) in rows().filter(|(_, row)| row.old) {
        if !members.iter().any(|member| member.newest().name == row.field.name) {
            members.push(Member { old: Some((index, row.field)), new: None });
        }
    }
    Ok(members)
}
