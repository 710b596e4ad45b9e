"""``carom rules``: what decides can be listed, tested and asked."""

import json
from pathlib import Path

import pytest

from carom.cli.rules import check, explain, groups, list_


def test_the_list_names_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    list_(as_json=True)
    listed = [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]
    assert listed == [rule.id for rules in groups().values() for rule in rules]
    list_()
    assert "recipient.unknown" in capsys.readouterr().out


def test_the_built_in_rules_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert check() == 0
    assert capsys.readouterr().out.endswith("0 faults\n")


def test_a_rule_whose_example_another_rule_takes_is_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = "[[rule]]\nid='{}'\ntype='Blocked'\nmatch.phrases=['no thanks']\nsource='us'\nexample='550 no thanks'\n"
    own = tmp_path / "own.toml"
    own.write_text(row.format("one") + row.format("two"))
    assert check(own) == 1
    assert "two: its example is decided by one" in capsys.readouterr().err


def test_explain_says_what_decides_and_what_would_have(capsys: pytest.CaptureFixture[str]) -> None:
    explain("550 5.7.1 user unknown, see a block list")
    lines = [line.split()[:3] for line in capsys.readouterr().out.splitlines()[3:]]
    assert lines[0] == ["decides", "Blocked", "block.list"]
    assert ["then", "HardBounce", "recipient.unknown"] in lines
    explain("gibberish")
    assert "no rule matches" in capsys.readouterr().out
