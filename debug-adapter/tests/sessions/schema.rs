//! The protocol's schema, as strict as it can be made: objects may have no properties but
//! the ones that it names.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use jsonschema::Validator;
use serde_json::{Value, json};

/// Where the schema is, if the environment says so.
pub fn path() -> Option<PathBuf> {
    std::env::var_os("TAILSCOPE_DAP_SCHEMA").map(PathBuf::from)
}

fn definitions() -> Option<&'static Value> {
    static DEFINITIONS: OnceLock<Option<Value>> = OnceLock::new();
    let load = || {
        let text = std::fs::read_to_string(path()?).expect("TAILSCOPE_DAP_SCHEMA can be read");
        let schema: Value = serde_json::from_str(&text).expect("TAILSCOPE_DAP_SCHEMA is JSON");
        let mut definitions = schema["definitions"].clone();
        for definition in definitions
            .as_object_mut()
            .expect("the schema has definitions")
            .values_mut()
        {
            close(definition);
        }
        Some(definitions)
    };
    DEFINITIONS.get_or_init(load).as_ref()
}

/// Forbids unknown properties in plain types, and in the bodies of messages.
fn close(definition: &mut Value) {
    if definition.get("properties").is_some() && definition.get("allOf").is_none() {
        let message = definition["properties"].get("seq").is_some();
        if !message {
            definition["additionalProperties"] = json!(false);
        }
    }
    for part in definition
        .get_mut("allOf")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if let Some(body) = part
            .pointer_mut("/properties/body")
            .filter(|body| body.get("properties").is_some())
        {
            body["additionalProperties"] = json!(false);
        }
    }
}

/// What is wrong with a message.
pub fn check(message: &Value) -> Result<(), String> {
    static VALIDATORS: OnceLock<Mutex<HashMap<String, Validator>>> = OnceLock::new();
    let Some(definitions) = definitions() else {
        return Ok(());
    };
    let name = match message["type"].as_str() {
        Some("event") => format!(
            "{}Event",
            capitalized(message["event"].as_str().unwrap_or_default())
        ),
        Some("response") if message["success"] == false => "ErrorResponse".to_owned(),
        Some("response") => format!(
            "{}Response",
            capitalized(message["command"].as_str().unwrap_or_default())
        ),
        other => return Err(format!("a message of type {other:?}")),
    };
    if definitions.get(&name).is_none() {
        return Err(format!("the protocol has no {name}"));
    }
    let validators = VALIDATORS.get_or_init(Mutex::default);
    let mut validators = validators
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let validator = validators.entry(name.clone()).or_insert_with(|| {
        let schema = json!({ "$ref": format!("#/definitions/{name}"), "definitions": definitions });
        jsonschema::validator_for(&schema).expect("the schema is one")
    });
    let errors: Vec<String> = validator
        .iter_errors(message)
        .map(|e| format!("{} at {}", e, e.instance_path()))
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(format!("no {name}: {}", errors.join("; ")))
    }
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
