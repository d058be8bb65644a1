//! Values and expressions of the toy language.

use std::collections::BTreeMap;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    None,
    Int(i64),
    Text(String),
    List(Vec<Value>),
}

impl Value {
    pub fn repr(&self) -> String {
        match self {
            Value::None => "None".to_owned(),
            Value::Int(n) => n.to_string(),
            Value::Text(text) => format!("'{text}'"),
            Value::List(items) => format!(
                "[{}]",
                items.iter().map(Value::repr).collect::<Vec<_>>().join(", ")
            ),
        }
    }

    pub fn type_name(&self) -> &'static str {
        match self {
            Value::None => "NoneType",
            Value::Int(_) => "int",
            Value::Text(_) => "str",
            Value::List(_) => "list",
        }
    }

    pub fn truth(&self) -> bool {
        !matches!(self, Value::None | Value::Int(0))
    }
}

/// Names and their values.
pub type Names = BTreeMap<String, Value>;

/// `a == b`, `a + b`, `a[0]`, a name, a number, `'text'` or `[a b]`.
pub fn evaluate(source: &str, names: &Names) -> Result<Value, String> {
    let source = source.trim();
    if let Some((left, right)) = source.split_once("==") {
        return Ok(Value::Int(
            (evaluate(left, names)? == evaluate(right, names)?).into(),
        ));
    }
    if let Some((left, right)) = source.split_once('+') {
        return match (evaluate(left, names)?, evaluate(right, names)?) {
            (Value::Int(a), Value::Int(b)) => Ok(Value::Int(a + b)),
            _ => Err("TypeError: unsupported operand type(s) for +".to_owned()),
        };
    }
    if let Some(text) = source
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
    {
        return Ok(Value::Text(text.to_owned()));
    }
    if let Some(items) = source
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return items
            .split_whitespace()
            .map(|item| evaluate(item, names))
            .collect::<Result<_, _>>()
            .map(Value::List);
    }
    if let Some((list, index)) = source
        .strip_suffix(']')
        .and_then(|rest| rest.split_once('['))
    {
        return match (evaluate(list, names)?, evaluate(index, names)?) {
            (Value::List(items), Value::Int(i)) => {
                let item = usize::try_from(i).ok().and_then(|i| items.get(i).cloned());
                item.ok_or_else(|| "IndexError: list index out of range".to_owned())
            }
            _ => Err("TypeError: not subscriptable".to_owned()),
        };
    }
    if let Ok(number) = source.parse() {
        return Ok(Value::Int(number));
    }
    if source.is_empty() || !source.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return Err("SyntaxError: invalid syntax".to_owned());
    }
    names
        .get(source)
        .cloned()
        .ok_or_else(|| format!("NameError: name '{source}' is not defined"))
}
