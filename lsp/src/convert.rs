//! Between the features' plain data and the protocol's types.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use tower_lsp_server::gen_lsp_types as lsp;

use crate::hints::Hint;
use crate::hover::Hover;
use crate::lens::Lens;
use crate::problems::{Problem, Severity};
use crate::text::{Encoding, Place, Span, Text};

/// What a path in a URI may not hold as it is.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// What a query may not hold as it is: a whole URI goes into it.
const QUERY: &AsciiSet = &PATH.add(b'&').add(b'+').add(b'=').add(b'/').add(b':');

/// The scheme of the documents that show bytecode.
pub const SCHEME: &str = "tailscope-bytecode";

/// The file that a `file:` URI names; `None` for others.
pub fn path_of(uri: &lsp::Uri) -> Option<PathBuf> {
    let rest = uri.0.strip_prefix("file://")?;
    let path = rest.get(rest.find('/')?..)?;
    let path = percent_decode_str(path).decode_utf8().ok()?;
    if cfg!(windows) {
        return Some(PathBuf::from(path.trim_start_matches('/')));
    }
    Some(PathBuf::from(path.into_owned()))
}

/// The URI of the document that shows the bytecode of `uri`. Its path ends in what an editor
/// shows as the title; the query is the source's URI.
pub fn bytecode_uri(uri: &lsp::Uri) -> lsp::Uri {
    let path = uri
        .0
        .split_once("://")
        .map_or(uri.0.as_str(), |(_, rest)| rest);
    let path = percent_decode_str(path).decode_utf8_lossy();
    let title = format!("/{} (bytecode)", path.trim_start_matches('/'));
    let title = utf8_percent_encode(&title, PATH);
    lsp::Uri(format!(
        "{SCHEME}:{title}?{}",
        utf8_percent_encode(&uri.0, QUERY)
    ))
}

/// The URI of the source that a document of bytecode belongs to.
pub fn source_uri(uri: &lsp::Uri) -> Option<lsp::Uri> {
    let (head, query) = uri.0.split_once('?')?;
    head.strip_prefix(SCHEME)?.strip_prefix(':')?;
    Some(lsp::Uri(
        percent_decode_str(query).decode_utf8().ok()?.into_owned(),
    ))
}

/// The last part of a URI's path.
pub fn name_of(uri: &lsp::Uri) -> String {
    let path = percent_decode_str(&uri.0).decode_utf8_lossy().into_owned();
    let name = Path::new(&path)
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or(path)
}

/// Positions of one text in the client's unit.
pub struct Converter<'a> {
    pub text: &'a Text,
    pub encoding: Encoding,
}

impl Converter<'_> {
    pub fn place(&self, position: lsp::Position) -> Place {
        self.text
            .place(position.line, position.character, self.encoding)
    }

    pub fn span(&self, range: lsp::Range) -> Span {
        Span {
            start: self.place(range.start),
            end: self.place(range.end),
        }
    }

    pub fn position(&self, place: Place) -> lsp::Position {
        lsp::Position {
            line: place.line,
            character: self.text.column(place, self.encoding),
        }
    }

    pub fn range(&self, span: Span) -> lsp::Range {
        lsp::Range {
            start: self.position(span.start),
            end: self.position(span.end),
        }
    }

    pub fn hover(&self, hover: Hover) -> lsp::Hover {
        lsp::Hover {
            contents: lsp::Contents::MarkupContent(markdown(hover.markdown)),
            range: hover.span.map(|span| self.range(span)),
        }
    }

    pub fn hint(&self, hint: Hint) -> lsp::InlayHint {
        lsp::InlayHint {
            position: self.position(hint.place),
            label: lsp::Label::String(hint.label),
            kind: None,
            text_edits: None,
            tooltip: Some(lsp::Tooltip::MarkupContent(markdown(hint.tooltip))),
            padding_left: Some(true),
            padding_right: Some(false),
            data: None,
        }
    }

    /// `command` is what the client calls to show bytecode, if it can.
    pub fn lens(&self, lens: Lens, command: Option<&str>, uri: &lsp::Uri) -> lsp::CodeLens {
        let position = self.position(lens.place);
        lsp::CodeLens {
            range: lsp::Range {
                start: position,
                end: position,
            },
            command: Some(lsp::Command {
                title: lens.title,
                tooltip: command.map(|_| "Show the bytecode".into()),
                command: command.unwrap_or_default().into(),
                arguments: command
                    .map(|_| vec![uri.0.clone().into(), serde_json::json!(position.line)]),
            }),
            data: None,
        }
    }

    pub fn diagnostic(&self, problem: &Problem) -> lsp::Diagnostic {
        let severity = match problem.severity {
            Severity::Error => lsp::DiagnosticSeverity::Error,
            Severity::Warning => lsp::DiagnosticSeverity::Warning,
        };
        lsp::Diagnostic {
            range: self.range(problem.span),
            severity: Some(severity),
            code: None,
            code_description: None,
            source: Some("tailscope".into()),
            message: lsp::Message::String(problem.message.clone()),
            tags: None,
            related_information: None,
            data: None,
        }
    }
}

fn markdown(value: String) -> lsp::MarkupContent {
    lsp::MarkupContent {
        kind: lsp::MarkupKind::Markdown,
        value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_uris_and_paths() {
        let path = |uri: &str| path_of(&lsp::Uri(uri.into()));
        assert_eq!(
            path("file:///a/b%20c%C3%A9.py"),
            Some(PathBuf::from("/a/b cé.py"))
        );
        assert_eq!(path("file://host/a.py"), Some(PathBuf::from("/a.py")));
        assert_eq!(path("untitled:Untitled-1"), None);
        assert_eq!(path("file:///%ff.py"), None);
        assert_eq!(path("file://"), None);
    }

    #[test]
    fn bytecode_uris_lead_back_to_the_source() {
        for uri in ["file:///a/b%20c.py", "untitled:Untitled-1", "file:///x?y#z"] {
            let source = lsp::Uri(uri.into());
            let bytecode = bytecode_uri(&source);
            assert_eq!(source_uri(&bytecode), Some(source), "{}", bytecode.0);
        }
        let bytecode = bytecode_uri(&lsp::Uri("file:///a/b%20c.py".into()));
        assert_eq!(
            bytecode.0,
            "tailscope-bytecode:/a/b%20c.py%20(bytecode)?file%3A%2F%2F%2Fa%2Fb%2520c.py"
        );
        assert_eq!(source_uri(&lsp::Uri("file:///a.py".into())), None);
    }
}
