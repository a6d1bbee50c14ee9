//! Bodies of type `application/x-www-form-urlencoded`, which PrintNode takes beside JSON: read as the
//! JSON object that they stand for, `options[copies]=2` being a member of a member.

use serde_json::{Map, Value};

/// Names and values in one form.
const PAIRS_MAX: usize = 100;

/// The form as an object whose values are texts and objects of texts; `None` for what is no form.
#[must_use]
pub fn read(body: &[u8]) -> Option<Map<String, Value>> {
    let text = std::str::from_utf8(body).ok()?;
    let mut whole = Map::new();
    for (count, pair) in text.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        if count == PAIRS_MAX {
            return None;
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (unescaped(name)?, unescaped(value)?);
        let mut names = name.split('[');
        let mut place = &mut whole;
        let mut last = names.next()?.to_owned();
        for inner in names {
            let inner = inner.strip_suffix(']')?;
            let member = place
                .entry(last)
                .or_insert_with(|| Value::Object(Map::new()));
            place = member.as_object_mut()?;
            last = inner.to_owned();
        }
        place.insert(last, Value::String(value));
    }
    Some(whole)
}

/// Undoes `+` and `%XX`.
fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_is_the_object_that_it_stands_for() {
        let read = read(
            b"printerId=3&title=a+b%26c&content=YQ%3D%3D&options[copies]=2&options%5Bbin%5D=x\
              &authentication[credentials][user]=u&empty=&",
        );
        assert_eq!(
            Value::Object(read.unwrap()),
            json!({
                "printerId": "3", "title": "a b&c", "content": "YQ==",
                "options": {"copies": "2", "bin": "x"},
                "authentication": {"credentials": {"user": "u"}}, "empty": "",
            })
        );
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for body in [
            &b"a=%"[..],
            b"a=%4",
            b"a=%zz",
            b"a=\xff",
            b"a=1&a[b]=2",
            b"a[b=1",
        ] {
            assert!(read(body).is_none(), "{body:?} was taken");
        }
        let many = "a=1&".repeat(PAIRS_MAX + 1);
        assert!(read(many.as_bytes()).is_none());
    }
}
