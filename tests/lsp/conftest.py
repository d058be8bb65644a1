"""A client in each position encoding, a workspace with a program, profiles for it."""
import os
import pathlib
import shutil

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

HERE = pathlib.Path(__file__).resolve().parent
BIN = os.environ.get("TAILSCOPE_BIN", str(HERE.parents[1] / "target/debug/tailscope"))


@pytest.fixture
def workspace(tmp_path):
    """A folder with a program."""
    shutil.copy(HERE / "collatz.py", tmp_path)
    return tmp_path


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[BIN, "lsp"]))
async def client(lsp_client: LanguageClient, workspace):
    """An editor's client, with Visual Studio Code's capabilities, in `workspace`."""
    capabilities = client_capabilities("visual-studio-code")
    capabilities.general.position_encodings = [lsp.PositionEncodingKind.Utf16]
    # Newer than the recorded capabilities.
    capabilities.workspace.inlay_hint = lsp.InlayHintWorkspaceClientCapabilities(True)
    lsp_client.refreshes = []

    @lsp_client.feature(lsp.WORKSPACE_INLAY_HINT_REFRESH)
    def hints(*_):
        lsp_client.refreshes.append("hints")

    @lsp_client.feature(lsp.WORKSPACE_CODE_LENS_REFRESH)
    def lenses(*_):
        lsp_client.refreshes.append("lenses")

    await lsp_client.initialize_session(
        lsp.InitializeParams(
            capabilities=capabilities,
            workspace_folders=[lsp.WorkspaceFolder(uri=workspace.as_uri(), name="w")],
        )
    )
    yield
    await lsp_client.shutdown_session()


class Editor:
    """An open document."""

    def __init__(self, client, path, text=None):
        self.client, self.uri, self.version = client, path.as_uri(), 1
        text = path.read_text() if text is None else text
        client.text_document_did_open(
            lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(self.uri, "python", 1, text))
        )

    def change(self, *changes):
        """Applies changes: a text is all of it, (range, text) a part."""
        self.version += 1
        events = [
            lsp.TextDocumentContentChangeWholeDocument(change)
            if isinstance(change, str)
            else lsp.TextDocumentContentChangePartial(range=change[0], text=change[1])
            for change in changes
        ]
        document = lsp.VersionedTextDocumentIdentifier(uri=self.uri, version=self.version)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, events))

    async def hover(self, line, character):
        """The Markdown of a hover; None where there is none. Lines from 1, as editors show them."""
        result = await self.client.text_document_hover_async(
            lsp.HoverParams(
                lsp.TextDocumentIdentifier(self.uri), lsp.Position(line - 1, character)
            )
        )
        return result and result.contents.value

    async def hints(self, first=1, last=1000):
        """Inlay hints as (line, character, label)."""
        result = await self.client.text_document_inlay_hint_async(
            lsp.InlayHintParams(
                lsp.TextDocumentIdentifier(self.uri),
                lsp.Range(lsp.Position(first - 1, 0), lsp.Position(last - 1, 0)),
            )
        )
        return [(hint.position.line + 1, hint.position.character, hint.label) for hint in result]

    async def lenses(self):
        """Code lenses as (line, title)."""
        result = await self.client.text_document_code_lens_async(
            lsp.CodeLensParams(lsp.TextDocumentIdentifier(self.uri))
        )
        return [(lens.range.start.line + 1, lens.command.title) for lens in result]

    async def problems(self):
        """The next diagnostics of the present version."""
        while True:
            await self.client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
            if self.uri in self.client.diagnostics:
                return self.client.diagnostics[self.uri]


@pytest.fixture
def open_file(client, workspace):
    """Opens a file of the workspace, or a text under its name."""
    return lambda name="collatz.py", text=None: Editor(client, workspace / name, text)


@pytest.fixture
def record(workspace):
    """Puts the recorded profile into the workspace."""

    def put(name="collatz-1.json", text=None):
        folder = workspace / ".tailscope/profiles"
        folder.mkdir(parents=True, exist_ok=True)
        text = text or (HERE / "data/collatz.profile.json").read_text()
        part = folder / (name + ".part")
        part.write_text(text.replace("@FILE@", str(workspace / "collatz.py")))
        part.replace(folder / name)

    return put
