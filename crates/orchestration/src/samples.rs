//! The published requests, for tests (orchestration-api, source S).

use serde_json::Value;

use crate::fields::{Shape, read};

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// To make a client session.
pub(crate) fn session() -> Value {
    parsed(include_str!("samples/session.json"))
}

/// To make a payment; its split does not add up (5.1).
pub(crate) fn payment() -> Value {
    parsed(include_str!("samples/payment.json"))
}

/// To capture.
pub(crate) fn capture() -> Value {
    parsed(include_str!("samples/capture.json"))
}

/// The order with the most members, of a published answer.
pub(crate) fn full_order() -> Value {
    parsed(include_str!("samples/answers/payment_captured.json"))["order"].clone()
}

/// A body with other values at some pointers; `null` leaves the member out.
pub(crate) fn with(mut body: Value, changes: &Value) -> Value {
    for (pointer, value) in changes.as_object().expect("pointers") {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        match body.pointer_mut(parent).expect(pointer) {
            Value::Object(members) if value.is_null() => {
                members.remove(name);
            }
            Value::Object(members) => {
                members.insert(name.to_owned(), value.clone());
            }
            Value::Array(items) => items[name.parse::<usize>().expect("a number")] = value.clone(),
            other => panic!("{pointer} leads into {other}"),
        }
    }
    body
}

/// Where a body is wrong.
pub(crate) fn pointers<T>(body: &Value, shape: Shape<T>) -> Vec<String> {
    match read(body.to_string().as_bytes(), shape) {
        Ok(_) => vec![],
        Err(problems) => problems.into_list().into_iter().map(|problem| problem.pointer).collect(),
    }
}
