//! The protocol: each handler converts, calls a feature, converts back.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tower_lsp_server::gen_lsp_types as lsp;
use tower_lsp_server::jsonrpc::{Error, Result};
use tower_lsp_server::{Client, LanguageServer, LspService};

use crate::convert::{Converter, SCHEME, bytecode_uri, name_of, path_of, source_uri};
use crate::documents::{Documents, Snapshot};
use crate::hints::hints;
use crate::hover::hover;
use crate::lens::lenses;
use crate::listing::{Listing, listing};
use crate::text::{Encoding, Text};
use crate::transport;

/// Diagnostics wait for a pause in the typing.
const PAUSE: Duration = Duration::from_millis(200);
/// How often profiles are looked for while documents are open.
const LOOK: Duration = Duration::from_millis(1500);

/// What was agreed with the client.
#[derive(Clone, Copy, Debug, Default)]
struct Agreed {
    encoding: Encoding,
    refresh_hints: bool,
    refresh_lenses: bool,
    refresh_content: bool,
    /// The client has the command `tailscope.showBytecode` (uri, line).
    shows_bytecode: bool,
}

/// What a client may say in `initializationOptions`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Options {
    show_bytecode_command: bool,
}

struct Shared {
    client: Client,
    documents: Documents,
    agreed: OnceLock<Agreed>,
    /// Documents of bytecode that the client asked for.
    listed: Mutex<BTreeSet<String>>,
}

/// The language server. Cheap to clone.
#[derive(Clone)]
struct Server {
    shared: Arc<Shared>,
}

/// Parameters of `tailscope/bytecode`: where in the bytecode is a line of the source?
#[derive(Debug, Deserialize)]
struct BytecodeParams {
    uri: String,
    line: u32,
}

/// Answer to `tailscope/bytecode`.
#[derive(Debug, Serialize)]
struct BytecodePlace {
    /// The document of bytecode, see `workspace/textDocumentContent`.
    uri: String,
    /// Line in it, from 0.
    line: u32,
}

impl Server {
    fn new(client: Client) -> Server {
        let shared = Shared {
            client,
            documents: Documents::default(),
            agreed: OnceLock::new(),
            listed: Mutex::default(),
        };
        Server {
            shared: Arc::new(shared),
        }
    }

    fn listed(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.shared
            .listed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn agreed(&self) -> Agreed {
        self.shared.agreed.get().copied().unwrap_or_default()
    }

    async fn snapshot(&self, uri: &lsp::Uri) -> Option<Snapshot> {
        self.shared.documents.snapshot(&uri.0).await
    }

    fn converter<'a>(&self, text: &'a Text) -> Converter<'a> {
        Converter {
            text,
            encoding: self.agreed().encoding,
        }
    }

    /// Publishes the problems of a document, unless it changes again before `pause` is over.
    fn diagnose(&self, uri: lsp::Uri, change: u64, pause: Duration) {
        let server = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            if server.shared.documents.last_change(&uri.0) != Some(change) {
                return;
            }
            let Some(snapshot) = server.snapshot(&uri).await else {
                return;
            };
            let converter = server.converter(&snapshot.state.text);
            let problems = &snapshot.state.problems;
            let problems = problems
                .iter()
                .map(|problem| converter.diagnostic(problem))
                .collect();
            let client = &server.shared.client;
            client
                .publish_diagnostics(uri, problems, Some(snapshot.version))
                .await;
        });
    }

    /// Tells the client to ask again when there is a new profile.
    async fn watch_profiles(self) {
        loop {
            tokio::time::sleep(LOOK).await;
            for uri in self.shared.documents.uris() {
                if self.shared.documents.has_new_profile(&uri).await {
                    self.refresh().await;
                    break;
                }
            }
        }
    }

    async fn refresh(&self) {
        // The snapshots first, or the same profiles would count as new again.
        for uri in self.shared.documents.uris() {
            self.shared.documents.snapshot(&uri).await;
        }
        let (client, agreed) = (&self.shared.client, self.agreed());
        // A client that refuses goes on with what it has.
        if agreed.refresh_hints {
            let _ = client.inlay_hint_refresh().await;
        }
        if agreed.refresh_lenses {
            let _ = client.code_lens_refresh().await;
        }
        if agreed.refresh_content {
            let listed = self.listed().clone();
            for uri in listed {
                let _ = client.text_document_content_refresh(lsp::Uri(uri)).await;
            }
        }
    }

    async fn listing_of(&self, source: &lsp::Uri) -> Option<Listing> {
        let snapshot = self.snapshot(source).await?;
        Some(listing(&snapshot.view(), &name_of(source)))
    }

    /// `tailscope/bytecode`.
    async fn bytecode(&self, params: BytecodeParams) -> Result<Option<BytecodePlace>> {
        let source = lsp::Uri(params.uri);
        let Some(listing) = self.listing_of(&source).await else {
            return Ok(None);
        };
        let line = listing.row_of(params.line).unwrap_or(0);
        Ok(Some(BytecodePlace {
            uri: bytecode_uri(&source).0,
            line,
        }))
    }
}

fn capabilities(encoding: Encoding) -> lsp::ServerCapabilities {
    let kind = match encoding {
        Encoding::Utf8 => lsp::PositionEncodingKind::UTF8,
        Encoding::Utf16 => lsp::PositionEncodingKind::UTF16,
        Encoding::Utf32 => lsp::PositionEncodingKind::UTF32,
    };
    let sync = lsp::TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(lsp::TextDocumentSyncKind::Incremental),
        ..lsp::TextDocumentSyncOptions::default()
    };
    let folders = lsp::WorkspaceFoldersServerCapabilities {
        supported: Some(true),
        change_notifications: Some(lsp::ChangeNotifications::Bool(true)),
    };
    let content = lsp::TextDocumentContentOptions {
        schemes: vec![SCHEME.into()],
    };
    lsp::ServerCapabilities {
        position_encoding: Some(kind),
        text_document_sync: Some(lsp::TextDocumentSync::Options(sync)),
        hover_provider: Some(lsp::HoverProvider::Bool(true)),
        inlay_hint_provider: Some(lsp::InlayHintProvider::Bool(true)),
        code_lens_provider: Some(lsp::CodeLensOptions::default()),
        definition_provider: Some(lsp::DefinitionProvider::Bool(true)),
        workspace: Some(lsp::WorkspaceOptions {
            workspace_folders: Some(folders),
            text_document_content: Some(lsp::TextDocumentContent::Options(content)),
            ..lsp::WorkspaceOptions::default()
        }),
        ..lsp::ServerCapabilities::default()
    }
}

fn agree(params: &lsp::InitializeParams) -> Agreed {
    let client = &params.capabilities;
    let offered = client
        .general
        .as_ref()
        .and_then(|general| general.position_encodings.as_ref());
    // Python's own unit saves converting; a client that names none counts UTF-16.
    let encoding = match offered {
        Some(offered) if offered.contains(&lsp::PositionEncodingKind::UTF8) => Encoding::Utf8,
        Some(offered) if offered.contains(&lsp::PositionEncodingKind::UTF16) => Encoding::Utf16,
        Some(offered) if offered.contains(&lsp::PositionEncodingKind::UTF32) => Encoding::Utf32,
        _ => Encoding::Utf16,
    };
    let options = params.initialization_options.clone();
    let options: Options = options
        .and_then(|value| serde_json::from_value(value).ok())
        .unwrap_or_default();
    let workspace = client.workspace.as_ref();
    let hints = workspace.and_then(|workspace| workspace.inlay_hint.as_ref());
    let lenses = workspace.and_then(|workspace| workspace.code_lens.as_ref());
    let content = workspace.and_then(|workspace| workspace.text_document_content.as_ref());
    Agreed {
        encoding,
        refresh_hints: hints
            .and_then(|hints| hints.refresh_support)
            .unwrap_or(false),
        refresh_lenses: lenses
            .and_then(|lenses| lenses.refresh_support)
            .unwrap_or(false),
        refresh_content: content.is_some(),
        shows_bytecode: options.show_bytecode_command,
    }
}

fn folders_of(params: &lsp::InitializeParams) -> Vec<std::path::PathBuf> {
    match &params.workspace_folders_initialize_params.workspace_folders {
        Some(lsp::WorkspaceFolders::WorkspaceFolderList(folders)) => folders
            .iter()
            .filter_map(|folder| path_of(&folder.uri))
            .collect(),
        _ => {
            #[expect(deprecated, reason = "older clients send nothing else")]
            let root = params.root_uri.as_ref();
            root.and_then(path_of).into_iter().collect()
        }
    }
}

impl LanguageServer for Server {
    // Life cycle

    async fn initialize(&self, params: lsp::InitializeParams) -> Result<lsp::InitializeResult> {
        let agreed = agree(&params);
        // A second `initialize` is refused before it comes here.
        let _ = self.shared.agreed.set(agreed);
        self.shared.documents.set_folders(folders_of(&params));
        Ok(lsp::InitializeResult {
            capabilities: capabilities(agreed.encoding),
            server_info: Some(lsp::ServerInfo {
                name: "tailscope".into(),
                version: Some(env!("CARGO_PKG_VERSION").into()),
            }),
        })
    }

    async fn initialized(&self, _: lsp::InitializedParams) {
        tokio::spawn(self.clone().watch_profiles());
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    // Documents: applied before the first await, so in order

    async fn did_open(&self, params: lsp::DidOpenTextDocumentParams) {
        let item = params.text_document;
        if source_uri(&item.uri).is_some() {
            return;
        }
        let path = path_of(&item.uri);
        self.shared
            .documents
            .open(&item.uri.0, path, item.version, item.text);
        self.diagnose(item.uri, 1, Duration::ZERO);
    }

    async fn did_change(&self, params: lsp::DidChangeTextDocumentParams) {
        use lsp::TextDocumentContentChangeEvent::*;
        let version = params.text_document.version;
        let uri = params.text_document.text_document_identifier.uri;
        let encoding = self.agreed().encoding;
        let change = self.shared.documents.change(&uri.0, version, |text| {
            params
                .content_changes
                .into_iter()
                .fold(text.clone(), |text, change| match change {
                    TextDocumentContentChangePartial(change) => {
                        let span = Converter {
                            text: &text,
                            encoding,
                        }
                        .span(change.range);
                        text.replaced(span, &change.text)
                    }
                    TextDocumentContentChangeWholeDocument(change) => Text::new(change.text),
                })
        });
        if let Some(change) = change {
            self.diagnose(uri, change, PAUSE);
        }
    }

    async fn did_close(&self, params: lsp::DidCloseTextDocumentParams) {
        let uri = params.text_document.uri;
        self.listed().remove(&uri.0);
        if source_uri(&uri).is_some() {
            return;
        }
        self.shared.documents.close(&uri.0);
        self.shared
            .client
            .publish_diagnostics(uri, Vec::new(), None)
            .await;
    }

    async fn did_change_workspace_folders(&self, params: lsp::DidChangeWorkspaceFoldersParams) {
        let mut folders = self.shared.documents.folders();
        let removed: Vec<_> = params
            .event
            .removed
            .iter()
            .filter_map(|folder| path_of(&folder.uri))
            .collect();
        folders.retain(|folder| !removed.contains(folder));
        folders.extend(
            params
                .event
                .added
                .iter()
                .filter_map(|folder| path_of(&folder.uri)),
        );
        self.shared.documents.set_folders(folders);
    }

    // Features

    async fn hover(&self, params: lsp::HoverParams) -> Result<Option<lsp::Hover>> {
        let at = params.text_document_position_params;
        let Some(snapshot) = self.snapshot(&at.text_document.uri).await else {
            return Ok(None);
        };
        let converter = self.converter(&snapshot.state.text);
        let place = converter.place(at.position);
        Ok(hover(&snapshot.view(), place).map(|hover| converter.hover(hover)))
    }

    async fn inlay_hint(
        &self,
        params: lsp::InlayHintParams,
    ) -> Result<Option<Vec<lsp::InlayHint>>> {
        let Some(snapshot) = self.snapshot(&params.text_document.uri).await else {
            return Ok(None);
        };
        let converter = self.converter(&snapshot.state.text);
        let hints = hints(
            &snapshot.view(),
            params.range.start.line,
            params.range.end.line,
        );
        Ok(Some(
            hints.into_iter().map(|hint| converter.hint(hint)).collect(),
        ))
    }

    async fn code_lens(&self, params: lsp::CodeLensParams) -> Result<Option<Vec<lsp::CodeLens>>> {
        let uri = params.text_document.uri;
        let Some(snapshot) = self.snapshot(&uri).await else {
            return Ok(None);
        };
        let converter = self.converter(&snapshot.state.text);
        let command = self
            .agreed()
            .shows_bytecode
            .then_some("tailscope.showBytecode");
        let lenses = lenses(&snapshot.view());
        Ok(Some(
            lenses
                .into_iter()
                .map(|lens| converter.lens(lens, command, &uri))
                .collect(),
        ))
    }

    async fn text_document_content(
        &self,
        params: lsp::TextDocumentContentParams,
    ) -> Result<lsp::TextDocumentContentResult> {
        let source = source_uri(&params.uri).ok_or_else(|| {
            Error::invalid_params(format!("{} is no document of bytecode.", params.uri.0))
        })?;
        let text = match self.listing_of(&source).await {
            Some(listing) => listing.text,
            None => format!(
                "# {} is not open: open it to see its bytecode\n",
                name_of(&source)
            ),
        };
        self.listed().insert(params.uri.0);
        Ok(lsp::TextDocumentContentResult { text })
    }

    /// From a line of bytecode to its source.
    async fn goto_definition(
        &self,
        params: lsp::DefinitionParams,
    ) -> Result<Option<lsp::DefinitionResponse>> {
        let at = params.text_document_position_params;
        let Some(source) = source_uri(&at.text_document.uri) else {
            return Ok(None);
        };
        let Some(listing) = self.listing_of(&source).await else {
            return Ok(None);
        };
        let line = listing
            .lines
            .get(at.position.line as usize)
            .copied()
            .flatten();
        Ok(line.map(|line| {
            let start = lsp::Position { line, character: 0 };
            let range = lsp::Range { start, end: start };
            let location = lsp::Location { uri: source, range };
            lsp::DefinitionResponse::Definition(lsp::Definition::Location(location))
        }))
    }
}

/// Serves a client on standard input and output until it leaves. Returns whether it announced
/// that with `shutdown`: a process that serves ends with status 0 then, else with 1.
///
/// # Errors
///
/// The threads that it needs could not be started.
pub fn run_stdio() -> std::io::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("language server")
        .enable_all()
        .build()?;
    let announced = runtime.block_on(async {
        let (service, socket) = LspService::build(Server::new)
            .custom_method("tailscope/bytecode", Server::bytecode)
            .finish();
        let input = tokio::io::BufReader::new(tokio::io::stdin());
        transport::serve(input, tokio::io::stdout(), service, socket).await
    });
    // The thread that reads standard input cannot be interrupted: it is left behind.
    runtime.shutdown_background();
    Ok(announced)
}
