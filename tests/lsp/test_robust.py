"""Bytes that are no protocol, encodings, and how the server ends."""
import json
import subprocess
import threading

import pytest
from conftest import BIN


class Raw:
    """The server's process, and messages as bytes."""

    def __init__(self):
        self.process = subprocess.Popen(
            [BIN, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.timer = threading.Timer(30, self.process.kill)
        self.timer.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.timer.cancel()
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, **message):
        body = json.dumps({"jsonrpc": "2.0"} | message).encode()
        self.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def read(self):
        out = self.process.stdout
        length = None
        while (line := out.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return json.loads(out.read(length))

    def answer(self, id):
        """The answer to a request; what comes before it is passed over."""
        while (message := self.read()).get("id") != id or "method" in message:
            pass
        return message

    def initialize(self, encodings=None):
        general = {"positionEncodings": encodings} if encodings else {}
        self.send(
            id=1,
            method="initialize",
            params={"processId": None, "rootUri": None, "capabilities": {"general": general}},
        )
        result = self.answer(1)["result"]
        self.send(method="initialized", params={})
        return result["capabilities"]

    def open(self, text):
        document = {"uri": "file:///x.py", "languageId": "python", "version": 1, "text": text}
        self.send(method="textDocument/didOpen", params={"textDocument": document})

    def hover(self, id, line, character):
        self.send(
            id=id,
            method="textDocument/hover",
            params={
                "textDocument": {"uri": "file:///x.py"},
                "position": {"line": line, "character": character},
            },
        )
        return self.answer(id)

    def end(self):
        self.send(id=99, method="shutdown")
        self.answer(99)
        self.send(method="exit")
        return self.process.wait()


@pytest.mark.parametrize(
    ("offered", "agreed", "character"),
    [
        (None, "utf-16", 12),
        (["utf-16"], "utf-16", 12),
        (["utf-32", "utf-16"], "utf-16", 12),
        (["utf-16", "utf-8"], "utf-8", 15),
        (["utf-32"], "utf-32", 11),
    ],
)
def test_position_encodings(offered, agreed, character):
    with Raw() as server:
        assert server.initialize(offered)["positionEncoding"] == agreed
        server.open("x = '𝄞é'; y\n")
        hover = server.hover(2, 0, character - 1)["result"]
        assert hover["range"]["end"]["character"] == character
        assert server.end() == 0


def test_malformed_messages_are_answered_and_passed_over():
    with Raw() as server:
        server.initialize()
        server.open("x = y\n")
        server.write(b"Content-Length: 5\r\n\r\n{nope")
        assert server.answer(None)["error"]["code"] == -32700
        server.write(b"\0\xff\xfe garbage \r\n\r\n")
        assert server.answer(None)["error"]["code"] == -32700
        server.write(b"Content-Length: 3\r\n\r\n[1]")
        assert server.answer(None)["error"]["code"] == -32600
        server.write(b"Content-Length: -7\r\n\r\n")
        assert server.answer(None)["error"]["code"] == -32700
        server.send(id=5, method="textDocument/hover", params={"position": "everywhere"})
        assert server.answer(5)["error"]["code"] == -32602
        server.send(id=6, method="no/such/method")
        assert server.answer(6)["error"]["code"] == -32601
        server.send(method="textDocument/didChange", params={"wrong": True})
        server.send(id=77, result=None)
        assert "LOAD_NAME" in server.hover(7, 0, 4)["result"]["contents"]["value"]
        assert server.end() == 0


def test_strange_sources_do_no_harm():
    with Raw() as server:
        server.initialize()
        deep = "(" * 100_000
        chain = "x = " + "-" * 5_000 + "1"
        for i, text in enumerate(["", "\0", deep, chain, "\ufeffx = 1", "if" * 50_000, "é" * 1000, "x = 1\r\r\n"]):
            server.open(text)
            answer = server.hover(10 + i, 0, 5)
            assert "result" in answer, (text[:20], answer)
        assert server.end() == 0


def test_requests_come_before_initialize():
    with Raw() as server:
        assert server.hover(3, 0, 0)["error"]["code"] == -32002
        server.initialize()
        assert server.end() == 0


def test_it_ends_with_its_client():
    with Raw() as server:
        server.initialize()
        server.process.stdin.close()
        assert server.process.wait() == 1, "nobody said shutdown"
    with Raw() as server:
        server.initialize()
        server.send(method="exit")
        assert server.process.wait() == 1
    with Raw() as server:
        # Nobody reads any more.
        server.initialize()
        server.process.stdout.close()
        server.open("x = (")
        server.process.stdin.close()
        assert server.process.wait() == 1
