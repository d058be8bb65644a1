"""A small suite with everything that pytest reports: passes, failures, errors, skips, expected failures."""
import pytest


@pytest.fixture(params=["a", "b"])
def letter(request):
    yield request.param


@pytest.fixture
def broken():
    raise RuntimeError("no fixture today")


def test_passes(letter, tmp_path):
    (tmp_path / "f").write_text(letter)
    assert (tmp_path / "f").read_text() == letter


@pytest.mark.parametrize("n, square", [(2, 4), (3, 9), (4, 15)])
def test_square(n, square):
    assert n**2 == square, f"{n} squared"


def test_rewritten_assertion():
    found = {"name": "x", "values": [1, 2, 3]}
    assert found == {"name": "y", "values": [1, 2, 4]}


def test_raises():
    with pytest.raises(ZeroDivisionError, match="division"):
        1 / 0


def test_approx_and_output(capsys, monkeypatch):
    monkeypatch.setenv("THE_VARIABLE", "1")
    print("captured")
    assert capsys.readouterr().out == "captured\n"
    assert 0.1 + 0.2 == pytest.approx(0.3)
    assert any(x > 5 for x in [1, 2, 3])


@pytest.mark.skip(reason="not today")
def test_skipped():
    pass


@pytest.mark.xfail(reason="known")
def test_expected_failure():
    assert "long " * 3 in "text"


def test_error(broken):
    pass


class TestClass:
    @classmethod
    def setup_class(cls):
        cls.shared = [1]

    def test_method(self):
        self.shared.append(2)
        assert self.shared == [1, 2]

    def test_warns(self):
        with pytest.warns(DeprecationWarning):
            import warnings

            warnings.warn("old", DeprecationWarning)
