"""A session with an editor: what a person sees, and that nothing ends the server."""
import asyncio

from lsprotocol import types as lsp


def whole_line(line):
    return lsp.Range(lsp.Position(line - 1, 0), lsp.Position(line - 1, 10_000))


async def test_hover_shows_the_bytecode_of_the_line(open_file):
    editor = open_file()
    text = await editor.hover(7, 13)
    assert "**steps** line 7 — 7 instructions" in text
    assert "BINARY_OP" in text and "(%)" in text and "POP_JUMP_IF_FALSE" in text
    assert "`BINARY_OP` `(lhs, rhs -- res)`" in text
    assert "*Static:* no profile knows this file. Record one with `tailscope profile`." in text
    assert await editor.hover(2, 0) is None


async def test_a_profile_gives_counts_and_likelihood(open_file, record):
    record()
    editor = open_file()
    assert await editor.hints() == [
        (6, 16, "96% true"),
        (7, 21, "69% true"),
        (17, 32, "59×"),
        (19, 23, "2% None"),
        (19, 43, "16% true"),
    ]
    assert await editor.hints(17, 18) == [(17, 32, "59×")]
    text = await editor.hover(7, 13)
    assert "executed 1,438×" in text and "COMPARE_OP_INT" in text
    assert "31% jumps" in text
    assert "*Specialized from COMPARE_OP.*" in text
    assert "Profile: collatz.py, 20" in text and "by CPython" in text
    lenses = dict(await editor.lenses())
    assert "ran 59×" in lenses[4] and "never ran" in lenses[24]


async def test_a_new_profile_is_noticed(client, open_file, record):
    editor = open_file()
    assert await editor.hints() == []
    await editor.lenses()
    record()
    for _ in range(100):
        if {"hints", "lenses"} <= set(client.refreshes):
            break
        await asyncio.sleep(0.1)
    assert {"hints", "lenses"} <= set(client.refreshes)
    assert len(await editor.hints()) == 5


async def test_a_changed_function_is_marked_stale_and_a_moved_one_is_not(open_file, record):
    record()
    editor = open_file()
    before = await editor.hints()
    start = lsp.Range(lsp.Position(1, 0), lsp.Position(1, 0))
    editor.change((start, "# one line more\n"))
    assert await editor.hints() == [(line + 1, at, label) for line, at, label in before]
    editor.change((whole_line(11), "            n = 5 * n + 1"))
    labels = [label for _, _, label in await editor.hints()]
    assert labels == ["96% true (stale)", "69% true (stale)", "59×", "2% None", "16% true"]
    assert "⚠ **Stale:**" in await editor.hover(8, 13)


async def test_a_damaged_profile_is_named(open_file, record):
    record("bad.json", '{"format": "tailscope-profile", "version": 1')
    editor = open_file()
    assert await editor.hints() == []
    assert "bad.json is not a tailscope profile" in await editor.hover(7, 13)


async def test_a_syntax_error_is_shown_and_the_last_good_analysis_kept(open_file):
    editor = open_file()
    assert not await editor.problems()
    editor.change((whole_line(10), "            n = 3 * n +"))
    (problem,) = await editor.problems()
    assert problem.message == "SyntaxError: invalid syntax"
    assert problem.range.start.line == 9 and problem.source == "tailscope"
    assert "The file does not compile as it is." in await editor.hover(7, 13)
    editor.change((whole_line(10), "            n = 3 * n"))
    assert not await editor.problems()
    assert "does not compile" not in await editor.hover(7, 13)


async def test_edits_are_applied_in_order_in_utf16(open_file):
    editor = open_file("emoji.py", "x = '𝄞é'; y = z\n")
    hover = await editor.client.text_document_hover_async(
        lsp.HoverParams(lsp.TextDocumentIdentifier(editor.uri), lsp.Position(0, 15))
    )
    assert (hover.range.start.character, hover.range.end.character) == (15, 16)
    # Two changes in one notification: the second counts in what the first left.
    at = lambda a, b: lsp.Range(lsp.Position(0, a), lsp.Position(0, b))
    editor.change((at(5, 7), "ab"), (at(15, 16), "other"))
    for _ in range(50):
        editor.change((at(15, 20), "other"))
    assert "LOAD_NAME" in await editor.hover(1, 16)
    assert "(other)" in await editor.hover(1, 16)
    assert not await editor.problems()


async def test_the_bytecode_document_is_linked_both_ways(client, open_file):
    editor = open_file()
    place = await client.protocol.send_request_async(
        "tailscope/bytecode", {"uri": editor.uri, "line": 6}
    )
    uri = place.uri
    assert uri.startswith("tailscope-bytecode:/")
    content = await client.protocol.send_request_async(
        "workspace/textDocumentContent", lsp.TextDocumentContentParams(uri)
    )
    lines = content.text.splitlines()
    assert lines[place.line] == "    7 │ if n % 2 == 0:"
    result = await client.text_document_definition_async(
        lsp.DefinitionParams(lsp.TextDocumentIdentifier(uri), lsp.Position(place.line + 1, 0))
    )
    assert (result.uri, result.range.start.line) == (editor.uri, 6)


async def test_code_is_never_executed(open_file, workspace):
    editor = open_file("run.py", "open('made', 'w')\nraise SystemExit(9)\n")
    assert "CALL" in await editor.hover(1, 2)
    assert not (workspace / "made").exists()


async def test_documents_that_are_not_open(client, workspace):
    uri = (workspace / "collatz.py").as_uri()
    params = lsp.HoverParams(lsp.TextDocumentIdentifier(uri), lsp.Position(0, 0))
    assert await client.text_document_hover_async(params) is None
    client.text_document_did_close(
        lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(uri))
    )
    client.text_document_did_change(
        lsp.DidChangeTextDocumentParams(
            lsp.VersionedTextDocumentIdentifier(uri=uri, version=2),
            [lsp.TextDocumentContentChangeWholeDocument("x")],
        )
    )
    assert await client.text_document_hover_async(params) is None
