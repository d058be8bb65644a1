//! Private name mangling.

use std::sync::Arc;

use super::{Scope, ScopeId};
use crate::names::{NameId, Names};

/// `name` as it is known inside the class `private`: `__x` in class `C` becomes `_C__x`.
pub fn mangle(private: Option<&str>, name: &str) -> Arc<str> {
    match private.and_then(|class| mangled(class, name)) {
        Some(mangled) => Arc::from(mangled),
        None => Arc::from(name),
    }
}

fn mangled(class: &str, name: &str) -> Option<String> {
    // A dot occurs in the module names of import statements.
    if !name.starts_with("__") || name.ends_with("__") || name.contains('.') {
        return None;
    }
    let class = class.trim_start_matches('_');
    (!class.is_empty()).then(|| format!("_{class}{name}"))
}

/// Mangling as a block inside of the class `private` sees it: around a generic class only its
/// type parameters are private, because the class body uses them under their mangled names.
pub(crate) fn maybe_mangle(
    private: &str,
    scopes: &[Scope],
    scope: ScopeId,
    names: &mut Names,
    name: NameId,
) -> NameId {
    if !name.is_private() {
        return name;
    }
    if let Some(owner) = scopes[scope.0 as usize].mangled_in
        && !scopes[owner.0 as usize].mangled_names.contains(&name)
    {
        return name;
    }
    match mangled(private, names.text(name)) {
        Some(mangled) => names.intern(&mangled),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::mangle;

    #[test]
    fn private_names_only() {
        let m = |class, name| mangle(class, name).to_string();
        assert_eq!(m(Some("C"), "__x"), "_C__x");
        assert_eq!(m(Some("__C"), "__x"), "_C__x");
        assert_eq!(m(Some("C"), "__x__"), "__x__");
        assert_eq!(m(Some("C"), "_x"), "_x");
        assert_eq!(m(Some("C"), "__a.b"), "__a.b");
        assert_eq!(m(Some("___"), "__x"), "__x");
        assert_eq!(m(None, "__x"), "__x");
        assert_eq!(m(Some("C"), "__"), "__");
        assert_eq!(m(Some("C"), "___"), "___");
    }
}
